// After a cycle of the collector past every lease there is on the disk what images need, and nothing else: whatever was deleted, whatever a crash
// left, and whatever somebody put in the place of files.

import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { collect } from '../../src/domain/collector.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import type { Layer } from '../../src/domain/ports/metadata.ts'
import { sweepLogos } from '../../src/domain/public/sweep-logos.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { appendToUpload, beginUpload, getUpload } from '../../src/domain/uploads.ts'
import { totalUsage } from '../../src/domain/usage.ts'
import { digestOf, hexOf } from '../../src/lib/digest.ts'
import { randomIds } from '../../src/lib/ids.ts'
import { runFsck } from '../support/fsck.ts'
import { strayFile } from '../support/damage.ts'
import { account, givenImage, givenLayer, givenRepository, openTestRegistry, region } from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const hourMs = 3_600_000
const leaseMs = 2 * hourMs

async function open(t: TestContext) {
  const registry = await openTestRegistry({ now: Date.now(), limits: { leaseMs, uploadLifeMs: leaseMs } })
  t.after(async () => {
    await registry.close()
  })
  await givenRepository(registry, 'app')
  const app =
    (await registry.services.metadata.read.repositories.find(registryKey, 'app')) ?? assert.fail('app is there')
  const layer = async (content: string): Promise<Layer> =>
    (await registry.services.metadata.read.layers.find(app.id, digestOf(content))) ?? assert.fail(`${content} is there`)
  return { registry, app, layer, ctx: registry.ctx({ plane: 'distribution' }), ...registry.services }
}

/** Paths below the data directory, with bytes, of what is there for layers, uploads and logos. */
async function onDisk(directory: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const part of ['blobs', 'uploads', 'logos'])
    for (const entry of await readdir(join(directory, part), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const isShard = /\/blobs\/[0-9a-f]{2}$/.test(path)
      if (!isShard) found.set(path.slice(directory.length + 1), (await lstat(path)).size)
    }
  return found
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

const sum = (sizes: Iterable<number>): number => [...sizes].reduce((total, size) => total + size, 0)

/** A start and, past every grace, the rounds that a server makes by itself. */
async function housekeep({ registry }: Awaited<ReturnType<typeof open>>): Promise<void> {
  const { services } = registry
  await recover(services)
  registry.advance(leaseMs + 1)
  await sweepLogos(services)
  await sweep(services)
  await collect(services)
  // Readers between their look-up and their open.
  registry.advance(10_001)
  await collect(services)
}

test('bytes on disk are those referenced and leased, after one cycle past the grace', async (t) => {
  const given = await open(t)
  const { registry, app, ctx, metadata, logos } = given
  const { directory } = registry
  const images = []
  for (let at = 0; at < 20; at++) images.push(await givenImage(registry, 'app', `v${at}`, `image ${at}`))
  await deleteImages(
    ctx,
    registryKey,
    'app',
    images.slice(4).map(({ digest }) => ({ imageDigest: digest })),
  )
  await givenLayer(registry, 'app', 'no image names it')
  // What requests that were cut by a crash leave.
  const { id } = await beginUpload(ctx, registryKey, 'app')
  await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', id), undefined, once('half a layer'))
  await writeFile(join(directory, 'uploads', randomIds.uuid()), 'bytes of an upload without a row')
  await strayFile(directory, (await given.layer('layer of image 0')).phys)
  const logoOf = async (content: string) => {
    const name = `${hexOf(digestOf(content))}-0123456789abcdef`
    await logos.put(name, Buffer.from(content))
    return name
  }
  await metadata.write(async (tx) => tx.catalog.put(app.id, { logo: await logoOf('a logo') }))
  await logoOf('a logo whose request never came to its row')
  const before = await totalUsage(registry.services)
  assert.deepEqual([before.layers, before.openUploads, (await onDisk(directory)).size], [41, 1, 41 + 1 + 2 + 2])

  await housekeep(given)
  const held = await totalUsage(registry.services)
  const left = await onDisk(directory)
  const sizesIn = (part: string) => [...left].filter(([path]) => path.startsWith(part)).map(([, size]) => size)
  assert.deepEqual(
    { files: sizesIn('blobs/').length, bytes: sum(sizesIn('blobs/')), uploads: sizesIn('uploads/').length },
    { files: held.layers, bytes: held.layerBytes, uploads: held.openUploads },
  )
  // Four images of a config and a layer each.
  assert.deepEqual([held.layers, held.leasedLayers, held.trash.files, held.openUploads], [8, 0, 0, 0])
  assert.deepEqual(sizesIn('logos/'), [Buffer.byteLength('a logo')])
  assert.deepEqual((await runFsck(registry)).findings, [])
})

test('directories in the place of files are out of the way after it, and what is in them is kept', async (t) => {
  const given = await open(t)
  const { registry, ctx } = given
  const { directory, services } = registry
  const gone = await givenImage(registry, 'app', 'gone', 'gone')
  const kept = await givenImage(registry, 'app', 'kept', 'kept')
  const { phys: fullPlace } = await given.layer('layer of gone')
  const { phys: emptyPlace } = await given.layer('{"config":"gone"}')
  const { phys: damaged } = await given.layer('layer of kept')
  const logo = `${'a'.repeat(64)}-0123456789abcdef`
  const upload = randomIds.uuid()
  const { phys: strayPlace } = { phys: `${emptyPlace.slice(0, 2)}/${emptyPlace.slice(0, 2)}${'7'.repeat(30)}` }
  const places = [
    ...[fullPlace, damaged, strayPlace].map((phys) => join('blobs', phys)),
    join('logos', `${logo}.png`),
    join('uploads', upload),
  ]
  for (const place of [...places, join('blobs', emptyPlace)]) {
    await rm(join(directory, place), { force: true })
    await mkdir(join(directory, place))
  }
  for (const place of places) await writeFile(join(directory, place, 'dear'), place)
  const longAgo = new Date(Date.now() - 2 * hourMs)
  await utimes(join(directory, 'logos', `${logo}.png`), longAgo, longAgo)
  await deleteImages(ctx, registryKey, 'app', [{ imageDigest: gone.digest }])

  await housekeep(given)
  // The damaged layer is still needed: found, marked, and healed by the next push; then its place is nobody's.
  assert.deepEqual(
    (await runFsck(registry)).findings.map(({ kind }) => kind),
    ['layer-marked'],
  )
  await givenLayer(registry, 'app', 'layer of kept')
  await housekeep(given)
  assert.deepEqual((await runFsck(registry)).findings, [])
  assert.ok(await services.metadata.read.images.find(given.app.id, kept.digest))
  const names = places.map((place) => place.split('/').at(-1) ?? '')
  assert.deepEqual((await readdir(join(directory, 'set-aside'))).toSorted(), names.toSorted())
  assert.ok([...(await onDisk(directory)).keys()].every((path) => !names.some((name) => path.includes(name))))
})
