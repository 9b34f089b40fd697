// The real disk store, stopped at each of its points in turn, each time that it comes there: as a kill (whoever waits never goes on, and
// another store is opened on the directory), and as a failure (the call throws, the same store goes on).

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { collect, emptyTrash } from '../../src/domain/collector.ts'
import type { Context } from '../../src/domain/context.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { findLayer, openLayer } from '../../src/domain/layers.ts'
import type { Blobs } from '../../src/domain/ports/blobs.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { appendToUpload, beginUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { openDiskBlobs, type DiskPoint } from '../../src/storage/disk.ts'
import { givenRepository, manifestOf, openTestRegistry, type TestRegistry } from '../support/registry.ts'
import { registry as registryKey } from './clients.ts'

const kept = ['{"config":1}', 'a layer of both images', 'a layer of the second']
const dropped = 'a layer of the first'
const first = manifestOf(['{"config":1}', 'a layer of both images', dropped])
const second = manifestOf(kept)

/** Where to stop: the `time`-th time that the store comes to `point`. */
interface Stop {
  readonly point: DiskPoint
  readonly time: number
}

type AtPoint = (point: DiskPoint) => Promise<void>

async function openAt(directory: string, at: AtPoint): Promise<Blobs> {
  return openDiskBlobs({ directory, reserveBytes: 0, hooks: { at } })
}

/** What was answered with success. */
interface Journal {
  readonly layers: Set<string>
  first: 'unknown' | 'there' | 'deleting' | 'gone'
  secondIsThere: boolean
}

/** Two images that share layers, one layer sent twice, then the first image deleted and collected. May be begun again at any time. */
async function work(registry: TestRegistry, blobs: Blobs, journal: Journal): Promise<void> {
  const ctx = { ...registry.ctx(), blobs }
  const upload = async (content: string) => {
    const { id } = await beginUpload(ctx, registryKey, 'app')
    const state = await getUpload(ctx, registryKey, 'app', id)
    await appendToUpload(ctx, state, 0, once(content))
    const complete = completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digestOf(content)])
    await allowing(['LayerAlreadyExistsException'], complete)
    journal.layers.add(content)
  }
  const put = (manifest: string, tag: string) =>
    allowing(
      ['ImageAlreadyExistsException'],
      putImage(ctx, registryKey, 'app', { manifest, tag, mediaType: undefined, expectedDigest: undefined }),
    )
  if (journal.first === 'unknown' || journal.first === 'there') {
    for (const content of [...kept.slice(0, 2), dropped]) await upload(content)
    await put(first, 'first')
    journal.first = 'there'
  }
  await upload('a layer of both images')
  await upload('a layer of the second')
  await put(second, 'second')
  journal.secondIsThere = true
  journal.first = 'deleting'
  await deleteImages(ctx, registryKey, 'app', [{ imageTag: 'first' }])
  journal.first = 'gone'
  registry.advance(2 * ctx.limits.leaseMs)
  journal.layers.delete(dropped)
  await collect(ctx)
  registry.advance(60_000)
  await emptyTrash(ctx)
}

async function* once(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}

async function allowing(names: readonly string[], answer: Promise<unknown>): Promise<void> {
  try {
    await answer
  } catch (error) {
    if (!(error instanceof Error && names.includes(error.name))) throw error
  }
}

/** Everything that was acknowledged can be read whole. */
async function check(ctx: Context, journal: Journal): Promise<void> {
  for (const content of journal.layers) {
    const { layer } = await findLayer(ctx, registryKey, 'app', digestOf(content))
    const pieces = layer && (await openLayer(ctx, layer))
    assert.ok(pieces, `${content} can be read`)
    const read: Buffer[] = []
    for await (const piece of pieces) read.push(Buffer.from(piece))
    assert.equal(Buffer.concat(read).toString(), content)
  }
  const { images } = ctx.metadata.read
  const { repository } = await findLayer(ctx, registryKey, 'app', digestOf(''))
  const found = async (tag: string) => (await images.findByTag(repository.id, tag))?.manifest
  if (journal.first === 'there') assert.equal(await found('first'), first)
  if (journal.first === 'gone') assert.equal(await found('first'), undefined)
  if (journal.secondIsThere) assert.equal(await found('second'), second)
}

/** When all is done and its time is over, the directory holds the layers of the second image and nothing else. */
async function checkSpace(registry: TestRegistry, ctx: Context): Promise<void> {
  registry.advance(2 * ctx.limits.uploadLifeMs)
  await sweep(ctx)
  registry.advance(60_000)
  await collect(ctx)
  const sizes: number[] = []
  for await (const files of ctx.blobs.list()) sizes.push(...files.map((file) => file.size))
  assert.deepEqual(
    sizes.toSorted((a, b) => a - b),
    kept.map((content) => content.length).toSorted((a, b) => a - b),
  )
  for await (const ids of ctx.blobs.listUploads()) assert.deepEqual(ids, [])
}

async function run(stop: Stop, how: 'kill' | 'failure'): Promise<void> {
  const registry = await openTestRegistry()
  const reached = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const stores: Blobs[] = []
  let times = 0
  const open = async (at: AtPoint) => {
    const blobs = await openAt(registry.directory, at)
    stores.push(blobs)
    return blobs
  }
  const failing = new Error(`stopped at ${stop.point}`)
  try {
    await givenRepository(registry, 'app')
    const journal: Journal = { layers: new Set(), first: 'unknown', secondIsThere: false }
    const hooked = await open(async (point) => {
      if (point !== stop.point || ++times !== stop.time) return
      reached.resolve()
      // A killed program waits here until everything has been looked at: only then may it close its files.
      if (how === 'kill') await end.promise
      throw failing
    })
    const cut = work(registry, hooked, journal)
    const ended = cut.then(
      () => assert.fail('the store never came to the point'),
      () => {},
    )
    await (how === 'kill' ? Promise.race([reached.promise, ended]) : ended)
    const blobs = how === 'kill' ? await open(async () => {}) : hooked
    const ctx = { ...registry.ctx(), blobs }
    assert.deepEqual(await recover(ctx), { orphans: 0, damaged: 0 })
    await sweep(ctx)
    await check(ctx, journal)
    await work(registry, blobs, journal)
    await check(ctx, journal)
    await checkSpace(registry, ctx)
    assert.deepEqual(registry.backgroundErrors, [])
    end.resolve()
    await ended
  } finally {
    end.resolve()
    for (const blobs of stores) await blobs.close()
    await registry.close()
  }
}

/** How often the work comes to each point when nothing stops it. */
const times: Readonly<Record<DiskPoint, number>> = {
  'blob:before-write': 5,
  'blob:before-fsync': 5,
  'blob:after-fsync': 5,
  'blob:before-rename': 5,
  'blob:after-rename': 5,
  'blob:before-dirsync': 5,
  'blob:after-dirsync': 5,
  'blob:before-remove': 2,
}

test('the work comes to every point as often as is said here', async () => {
  const registry = await openTestRegistry()
  const seen: Record<string, number> = {}
  const blobs = await openAt(registry.directory, async (point) => {
    seen[point] = (seen[point] ?? 0) + 1
  })
  try {
    await givenRepository(registry, 'app')
    await work(registry, blobs, { layers: new Set(), first: 'unknown', secondIsThere: false })
    assert.deepEqual(seen, times)
  } finally {
    await blobs.close()
    await registry.close()
  }
})

for (const how of ['kill', 'failure'] as const) {
  // They wait for the disk most of the time.
  describe(`nothing is lost by a ${how}`, { concurrency: 6 }, () => {
    for (const [point, count] of Object.entries(times) as [DiskPoint, number][]) {
      // A new layer, one that is there already, and the last one.
      for (const time of new Set([1, Math.min(4, count), count])) {
        test(`${point}, time ${time}`, () => run({ point, time }, how))
      }
    }
  })
}
