// The collector: what stays, what goes and when, beside requests that cross it, and when it is cut.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { collect, emptyTrash } from '../../src/domain/collector.ts'
import type { Context, Services } from '../../src/domain/context.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { checkLayers, deleteLayer, findLayer, layerUrl, mountLayer, openLayer } from '../../src/domain/layers.ts'
import type { Metadata, MetadataReads, Repository } from '../../src/domain/ports/metadata.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { recover } from '../../src/domain/recovery.ts'
import { deleteRepository } from '../../src/domain/repositories.ts'
import { appendToUpload, beginUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { totalUsage } from '../../src/domain/usage.ts'
import { digestOf, type Digest } from '../../src/lib/digest.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  manifestOf,
  openTestRegistry,
  region,
  type TestRegistry,
  type TestRegistryOptions,
} from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const hourMs = 3_600_000
const leaseMs = 24 * hourMs
/** A little more than a reader may take from its look-up to its open. */
const readerMs = 10_001
const nothing = { memberships: 0, layers: 0, bytes: 0, deletedImages: 0, unlinked: 0, trash: { files: 0, bytes: 0 } }

async function open(t: TestContext, options: TestRegistryOptions = {}) {
  const registry = await openTestRegistry(options)
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  const ctx = registry.ctx({ plane: 'distribution' })
  const repositoryOf = async (name: string): Promise<Repository> =>
    (await registry.services.metadata.read.repositories.find(registryKey, name)) ?? assert.fail(`${name} is there`)
  for (const name of ['app', 'other']) await givenRepository(registry, name)
  return {
    registry,
    ctx,
    ...registry.services,
    app: await repositoryOf('app'),
    other: await repositoryOf('other'),
    /** Whether a repository has the layer. */
    has: async (repository: Repository, digest: Digest) =>
      (await registry.services.metadata.read.layers.find(repository.id, digest)) !== undefined,
  }
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

async function filesOf(blobs: Services['blobs']): Promise<readonly string[]> {
  const files: string[] = []
  for await (const some of blobs.list()) files.push(...some.map((file) => file.phys))
  return files
}

/** The same database, beside the server. */
const openDatabase = ({ directory }: TestRegistry) =>
  new DatabaseSync(join(directory, 'metadata.db'), { timeout: 5000 })

async function bytesOnDisk(blobs: Services['blobs']): Promise<number> {
  let bytes = 0
  for await (const some of blobs.list()) for (const file of some) bytes += file.size
  return bytes
}

/** Pushes an image of these contents to a repository, its layers first, as a client does. */
async function push(ctx: Context, repositoryName: string, contents: readonly string[], tag?: string): Promise<Digest> {
  for (const content of contents) await pushLayer(ctx, repositoryName, content)
  const wanted = { manifest: manifestOf(contents), mediaType: undefined, tag, expectedDigest: undefined }
  return (await putImage(ctx, registryKey, repositoryName, wanted)).digest
}

async function pushLayer(ctx: Context, repositoryName: string, content: string): Promise<void> {
  const { layer } = await findLayer(ctx, registryKey, repositoryName, digestOf(content))
  if (layer) return
  const { id } = await beginUpload(ctx, registryKey, repositoryName)
  const state = () => getUpload(ctx, registryKey, repositoryName, id)
  await appendToUpload(ctx, await state(), undefined, once(content))
  await completeUpload(ctx, await state(), [digestOf(content)]).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'LayerAlreadyExistsException')) throw error
  })
}

const remove = (ctx: Context, repositoryName: string, imageDigest: string) =>
  deleteImages(ctx, registryKey, repositoryName, [{ imageDigest }])

describe('a lease', () => {
  type Opened = Awaited<ReturnType<typeof open>>
  /** Each gives the time at which the promise was made, and its length. The layer was uploaded to `app` at 0. */
  const promises: readonly (readonly [
    what: string,
    promise: (open: Opened, digest: Digest) => Promise<number>,
    holdsMs: number,
    where?: 'other',
  ])[] = [
    ['of an upload', async ({ clock }) => clock.now(), leaseMs],
    [
      'of an upload of bytes that are there',
      async ({ registry, ctx, clock }, digest) => {
        registry.advance(hourMs)
        const { id } = await beginUpload(ctx, registryKey, 'app')
        await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', id), undefined, once('a layer'))
        const again = completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digest])
        await assert.rejects(again, { name: 'LayerAlreadyExistsException' })
        return clock.now()
      },
      leaseMs,
    ],
    [
      'of a mount, in the repository it was mounted to',
      async ({ registry, ctx, app, other, clock }, digest) => {
        registry.advance(hourMs)
        assert.equal(await mountLayer(ctx, app, other, digest), true)
        return clock.now()
      },
      leaseMs,
      'other',
    ],
    [
      'of a layer that was looked for when more than half of it was over',
      async ({ registry, ctx, clock }, digest) => {
        registry.advance(13 * hourMs)
        assert.ok((await findLayer(ctx, registryKey, 'app', digest)).layer)
        return clock.now()
      },
      leaseMs,
    ],
    [
      'of a layer that was asked for in a batch when more than half of it was over',
      async ({ registry, ctx, app, clock }, digest) => {
        registry.advance(13 * hourMs)
        const [answer] = await checkLayers(ctx, app, [digest])
        assert.ok(answer && 'layer' in answer && answer.layer)
        return clock.now()
      },
      leaseMs,
    ],
    [
      'of a layer whose image was deleted',
      async ({ registry, ctx, clock }) => {
        const { digest } = await namedBy(ctx, 'a layer')
        registry.advance(500 * hourMs)
        await remove(ctx, 'app', digest)
        return clock.now()
      },
      leaseMs,
    ],
    [
      'of a layer whose image lost its last tag',
      async ({ registry, clock }) => {
        const ctx = registry.ctx()
        await namedBy(ctx, 'a layer')
        registry.advance(500 * hourMs)
        await deleteImages(ctx, registryKey, 'app', [{ imageTag: 'v1' }])
        return clock.now()
      },
      leaseMs,
    ],
    [
      'of a layer that has a URL, which outlives its image',
      async ({ registry, ctx, app, clock }, digest) => {
        const brief = { ...ctx, limits: { ...ctx.limits, leaseMs: 1000, layerUrlLifeMs: 2 * hourMs } }
        const { digest: image } = await namedBy(ctx, 'a layer')
        registry.advance(500 * hourMs)
        await layerUrl(brief, app, digest)
        const issuedMs = clock.now()
        registry.advance(hourMs)
        await remove(brief, 'app', image)
        return issuedMs
      },
      2 * hourMs,
    ],
    [
      'of a layer whose image may be restored',
      async ({ registry, ctx, clock }) => {
        const { digest } = await namedBy(ctx, 'a layer')
        registry.advance(500 * hourMs)
        await remove({ ...ctx, limits: { ...ctx.limits, undeleteMs: 100 * hourMs } }, 'app', digest)
        return clock.now()
      },
      100 * hourMs,
    ],
  ]

  async function namedBy(ctx: Context, content: string): Promise<{ readonly digest: Digest }> {
    const wanted = { manifest: manifestOf([content]), mediaType: undefined, tag: 'v1', expectedDigest: undefined }
    return putImage(ctx, registryKey, 'app', wanted)
  }

  for (const [what, promise, holdsMs, where] of promises)
    test(`${what} keeps it to its end, and no longer`, async (t) => {
      const opened = await open(t)
      const { registry, clock } = opened
      const digest = await givenLayer(registry, 'app', 'a layer')
      const sinceMs = await promise(opened, digest)
      const repository = where === 'other' ? opened.other : opened.app
      registry.advance(sinceMs + holdsMs - clock.now())
      await collect(registry.services)
      assert.equal(await opened.has(repository, digest), true)
      registry.advance(1)
      const { layers, bytes } = await collect(registry.services)
      assert.equal(await opened.has(repository, digest), false)
      assert.deepEqual({ layers, bytes }, { layers: 1, bytes: 7 })
    })

  test('is not needed while an image names the layer, in any repository', async (t) => {
    const { registry, app, other, has, ctx } = await open(t)
    const { digest: image } = await givenImage(registry, 'app', 'v1')
    const layer = digestOf('layer of one')
    await mountLayer(ctx, app, other, layer)
    registry.advance(1000 * hourMs)
    const collected = await collect(registry.services)
    assert.deepEqual([collected.memberships, collected.layers], [1, 0])
    assert.deepEqual([await has(app, layer), await has(other, layer)], [true, false])
    await remove(ctx, 'app', image)
    registry.advance(leaseMs + 1)
    assert.equal((await collect(registry.services)).layers, 2)
    assert.deepEqual([await has(app, layer), await has(other, layer)], [false, false])
  })

  test('of zero ends with the next moment', async (t) => {
    const { registry, app, has } = await open(t, { limits: { leaseMs: 0 } })
    const digest = await givenLayer(registry, 'app', 'a layer')
    await collect(registry.services)
    assert.equal(await has(app, digest), true)
    registry.advance(1)
    await collect(registry.services)
    assert.equal(await has(app, digest), false)
  })
})

describe('a layer', () => {
  test('that one repository no longer has stays for the other one', async (t) => {
    const { registry, ctx, app, other, blobs, has } = await open(t)
    const digest = await givenLayer(registry, 'app', 'shared by two')
    await mountLayer(ctx, app, other, digest)
    await deleteLayer(ctx, app, digest)
    assert.equal((await collect(registry.services)).layers, 0)
    assert.equal(await has(other, digest), true)
    await deleteLayer(ctx, other, digest)
    assert.deepEqual(await collect(registry.services), {
      ...nothing,
      layers: 1,
      bytes: 13,
      trash: { files: 1, bytes: 13 },
    })
    registry.advance(readerMs)
    assert.deepEqual(await collect(registry.services), { ...nothing, unlinked: 1 })
    assert.deepEqual(await filesOf(blobs), [])
  })

  test('goes with its repository, unless another one has it', async (t) => {
    const { registry, ctx, app, other, blobs, has } = await open(t)
    await givenImage(registry, 'app', 'v1')
    const shared = digestOf('layer of one')
    await mountLayer(ctx, app, other, shared)
    await deleteRepository(ctx, registryKey, 'app', true)
    const collected = await collect(registry.services)
    assert.equal(collected.layers, 1)
    assert.equal(await has(other, shared), true)
    registry.advance(readerMs)
    await collect(registry.services)
    assert.equal((await filesOf(blobs)).length, 1)
  })

  test('that was marked as damaged goes as any other', async (t) => {
    const { registry, app, metadata, blobs } = await open(t)
    const digest = await givenLayer(registry, 'app', 'damaged')
    const { phys } = (await metadata.read.layers.find(app.id, digest)) ?? assert.fail()
    await metadata.write((tx) => tx.layers.markBad(phys))
    registry.advance(leaseMs + 1)
    assert.equal((await collect(registry.services)).layers, 1)
    registry.advance(readerMs)
    await collect(registry.services)
    assert.deepEqual(await filesOf(blobs), [])
  })

  test('that is uploaded is not looked at, neither its bytes nor its name', async (t) => {
    const { registry, ctx, blobs } = await open(t)
    const { id, phys } = await beginUpload(ctx, registryKey, 'app')
    await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', id), undefined, once('half of it'))
    registry.advance(23 * hourMs)
    assert.deepEqual(await collect(registry.services), nothing)
    assert.equal(await blobs.received(id), 10)
    // Under its last name, the transaction that makes it a layer not done.
    await blobs.publish(id, phys, [digestOf('half of it')])
    assert.deepEqual(await collect(registry.services), nothing)
    await completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digestOf('half of it')])
    assert.deepEqual(await filesOf(blobs), [phys])
  })

  test('that is being read is read to its end, from before the open on', async (t) => {
    const { registry, ctx, app } = await open(t)
    const digest = await givenLayer(registry, 'app', 'bytes to read')
    const { layer } = await findLayer(ctx, registryKey, 'app', digest)
    assert.ok(layer)
    await deleteLayer(ctx, app, digest)
    await collect(registry.services)
    const bytes = await openLayer(ctx, layer)
    assert.ok(bytes)
    registry.advance(readerMs)
    assert.equal((await collect(registry.services)).unlinked, 1)
    const pieces: Buffer[] = []
    for await (const piece of bytes) pieces.push(Buffer.from(piece))
    assert.equal(Buffer.concat(pieces).toString(), 'bytes to read')
  })

  test('may be uploaded again at once: the new file is another one', async (t) => {
    const { registry, ctx, app, metadata, blobs } = await open(t)
    const digest = await givenLayer(registry, 'app', 'twice')
    await deleteLayer(ctx, app, digest)
    await collect(registry.services)
    await givenLayer(registry, 'app', 'twice')
    registry.advance(readerMs)
    await collect(registry.services)
    const layer = await metadata.read.layers.find(app.id, digest)
    assert.deepEqual(await filesOf(blobs), [layer?.phys])
  })
})

describe('what crosses a collection', () => {
  /** The same services, where `work` is done once, right after the first look for candidates. */
  function crossed(services: Services, at: keyof MetadataReads['collector'], work: () => Promise<unknown>): Services {
    let done = false
    const { metadata } = services
    const look = async <T>(found: Promise<T>): Promise<T> => {
      const candidates = await found
      if (!done) {
        done = true
        await work()
      }
      return candidates
    }
    const { collector } = metadata.read
    const read: MetadataReads = {
      ...metadata.read,
      collector:
        at === 'released'
          ? { ...collector, released: (...args) => look(collector.released(...args)) }
          : { ...collector, endedLeases: (...args) => look(collector.endedLeases(...args)) },
    }
    return { ...services, metadata: { ...metadata, read } }
  }

  const wanted = { manifest: manifestOf(['crossed']), mediaType: undefined, tag: 'v1', expectedDigest: undefined }

  for (const [what, work] of [
    ['an image that names the layer', (ctx: Context) => putImage(ctx, registryKey, 'app', wanted)],
    ['an answer that the layer is there', (ctx: Context) => findLayer(ctx, registryKey, 'app', digestOf('crossed'))],
    ['an upload of the same bytes', (ctx: Context) => reupload(ctx)],
  ] as const)
    test(`${what}, between the choice and the transaction: the layer stays`, async (t) => {
      const { registry, ctx, app, has, blobs } = await open(t)
      const digest = await givenLayer(registry, 'app', 'crossed')
      registry.advance(leaseMs + 1)
      const collected = await collect(crossed(registry.services, 'endedLeases', () => work(ctx)))
      assert.deepEqual([collected.memberships, collected.layers], [0, 0])
      assert.equal(await has(app, digest), true)
      registry.advance(readerMs)
      await emptyTrash(registry.services)
      assert.equal((await filesOf(blobs)).length, 1)
    })

  async function reupload(ctx: Context): Promise<void> {
    const { id } = await beginUpload(ctx, registryKey, 'app')
    await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', id), undefined, once('crossed'))
    const completed = completeUpload(ctx, await getUpload(ctx, registryKey, 'app', id), [digestOf('crossed')])
    await assert.rejects(completed, { name: 'LayerAlreadyExistsException' })
  }

  test('a push of a blob that lost its last membership, before the blob goes: it stays, with its file', async (t) => {
    const { registry, ctx, other, has, blobs } = await open(t)
    const digest = await givenLayer(registry, 'app', 'crossed')
    const [file] = await filesOf(blobs)
    registry.advance(leaseMs + 1)
    const services = crossed(registry.services, 'released', async () => {
      await pushLayer(ctx, 'other', 'crossed')
    })
    const collected = await collect(services)
    assert.deepEqual([collected.memberships, collected.layers], [1, 0])
    assert.equal(await has(other, digest), true)
    registry.advance(readerMs)
    await collect(registry.services)
    assert.deepEqual(await filesOf(blobs), [file])
  })

  test('an image whose layer went a moment earlier is refused, and accepted once the layer is uploaded again', async (t) => {
    const { registry, ctx } = await open(t)
    await givenLayer(registry, 'app', 'crossed')
    registry.advance(leaseMs + 1)
    await collect(registry.services)
    await assert.rejects(putImage(ctx, registryKey, 'app', wanted), { name: 'LayersNotFoundException' })
    await givenLayer(registry, 'app', 'crossed')
    await putImage(ctx, registryKey, 'app', wanted)
  })

  test('the look for missing files after a start: a layer that goes meanwhile is no damage', async (t) => {
    const { registry, ctx, app, blobs } = await open(t)
    await deleteLayer(ctx, app, await givenLayer(registry, 'app', 'crossed'))
    const look: typeof blobs.look = async (phys) => {
      await collect(registry.services)
      registry.advance(readerMs)
      await collect(registry.services)
      return blobs.look(phys)
    }
    assert.deepEqual(await recover({ ...registry.services, blobs: { ...blobs, look } }), { orphans: 0, damaged: 0 })
    assert.deepEqual(await filesOf(blobs), [])
  })

  test('another collection: together they take each layer once', async (t) => {
    const { registry, blobs } = await open(t)
    for (let at = 0; at < 20; at++) await givenLayer(registry, 'app', `layer ${at}`)
    registry.advance(leaseMs + 1)
    const done = await Promise.all([collect(registry.services), collect(registry.services)])
    assert.equal(
      done.reduce((sum, { layers }) => sum + layers, 0),
      20,
    )
    registry.advance(readerMs)
    const emptied = await Promise.all([emptyTrash(registry.services), emptyTrash(registry.services)])
    assert.equal(
      emptied.reduce((sum, count) => sum + count, 0),
      20,
    )
    assert.deepEqual(await filesOf(blobs), [])
  })
})

describe('a collection that is cut', () => {
  /** The same services, where the `n`-th write or removal of a file fails before it is done, and all after it. */
  function cutAt(services: Services, n: number): { readonly services: Services; readonly reached: () => boolean } {
    let calls = 0
    const step = () => {
      if (++calls >= n) throw new Error('cut')
    }
    const { metadata, blobs } = services
    return {
      services: {
        ...services,
        metadata: {
          ...metadata,
          write: async (work) => {
            step()
            return metadata.write(work)
          },
        },
        blobs: {
          ...blobs,
          remove: async (phys) => {
            step()
            await blobs.remove(phys)
          },
        },
      },
      reached: () => calls >= n,
    }
  }

  test('anywhere leaves all images whole, and the next one ends its work', async (t) => {
    let cuts = 0
    for (let n = 1; ; n++) {
      const { registry, ctx, app, other, blobs, has } = await open(t)
      await push(ctx, 'app', ['config', 'kept layer'], 'v1')
      const goes = await push(ctx, 'app', ['config', 'layer that goes', 'another'])
      await mountLayer(ctx, app, other, digestOf('kept layer'))
      await remove(ctx, 'app', goes)
      registry.advance(leaseMs + 1)
      const cut = cutAt(registry.services, n)
      await collect(cut.services).catch(() => {})
      registry.advance(readerMs)
      await emptyTrash(cut.services).catch(() => {})
      assert.deepEqual([await has(app, digestOf('config')), await has(app, digestOf('kept layer'))], [true, true])
      await collect(registry.services)
      registry.advance(readerMs)
      await collect(registry.services)
      assert.equal((await filesOf(blobs)).length, 2, `cut at ${n}`)
      assert.deepEqual(await recover(registry.services), { orphans: 0, damaged: 0 })
      assert.deepEqual(await collect(registry.services), nothing)
      if (!cut.reached()) break
      cuts++
    }
    // Two transactions that take rows, two files, one transaction that takes their names out of the trash.
    assert.equal(cuts, 5)
  })

  test('between the removal of a file and of its name: the name goes the next time', async (t) => {
    const { registry, metadata, blobs, app, ctx } = await open(t)
    const digest = await givenLayer(registry, 'app', 'a layer')
    await deleteLayer(ctx, app, digest)
    await collect(registry.services)
    registry.advance(readerMs)
    const cut: Metadata = { ...metadata, write: () => Promise.reject(new Error('cut')) }
    await assert.rejects(emptyTrash({ ...registry.services, metadata: cut }), /cut/)
    assert.deepEqual(await filesOf(blobs), [])
    assert.equal(await emptyTrash(registry.services), 1)
    assert.equal(await emptyTrash(registry.services), 0)
  })

  test('by a file that can not be removed: all others go, it is told, and tried again', async (t) => {
    const { registry, metadata, blobs, clock } = await open(t)
    const names = Array.from({ length: 3 }, (_, at) => `ab/ab${String(at).padStart(30, '0')}`)
    for (const name of names) await metadata.write((tx) => tx.trash.put(name, 'test', clock.now()))
    const stubborn = {
      ...blobs,
      remove: async (phys: string) => {
        if (phys === names[1]) throw new Error('EACCES')
        await blobs.remove(phys)
      },
    }
    await assert.rejects(emptyTrash({ ...registry.services, blobs: stubborn }), {
      message: '1 files could not be removed',
      cause: new Error('EACCES'),
    })
    assert.deepEqual(
      (await metadata.read.trash.due(clock.now(), 10)).map(({ phys }) => phys),
      [names[1]],
    )
    assert.equal(await emptyTrash(registry.services), 1)
  })
})

describe('a row that something refers to which this program does not know', () => {
  for (const [table, reference] of [
    ['repo_blob', 'repository_id text, digest text, foreign key (repository_id, digest) references repo_blob'],
    ['blob', 'repository_id text, digest text references blob'],
  ] as const)
    test(`in the table ${table} stays, and does not keep the others`, async (t) => {
      const { registry, app, metadata } = await open(t)
      const digests: Digest[] = []
      for (let at = 0; at < 5; at++) digests.push(await givenLayer(registry, 'app', `layer ${at}`))
      const database = openDatabase(registry)
      try {
        database.exec(`create table extra (${reference})`)
        database.prepare('insert into extra values (?, ?)').run(app.id, digests[2] ?? '')
        registry.advance(leaseMs + 1)
        assert.equal((await collect(registry.services)).layers, 4)
        assert.equal((await collect(registry.services)).layers, 0)
        const left = (await metadata.read.usage.blobs(undefined, 10)).map(({ digest }) => digest)
        assert.deepEqual(left, [digests[2]])
        database.exec('delete from extra')
        assert.equal((await collect(registry.services)).layers, 1)
      } finally {
        database.close()
      }
    })

  test('an image whose layer is wrongly noted as free of images is whole all the same', async (t) => {
    const { registry, app, has } = await open(t)
    await givenImage(registry, 'app', 'v1')
    const database = openDatabase(registry)
    try {
      database.exec('update repo_blob set referenced = 0')
    } finally {
      database.close()
    }
    registry.advance(leaseMs + 1)
    assert.deepEqual(await collect(registry.services), nothing)
    assert.equal(await has(app, digestOf('layer of one')), true)
  })
})

describe('what a cycle costs', () => {
  /** Memberships, all leased for no time, with no files. */
  async function given(metadata: Metadata, repository: Repository, count: number, nowMs: number) {
    const digests = Array.from({ length: count }, (_, at) => digestOf(`${repository.name} ${at}`))
    for (let from = 0; from < count; from += 1000)
      await metadata.write(async (tx) => {
        for (const digest of digests.slice(from, from + 1000)) {
          const hex = digest.slice(7, 39)
          const upload = {
            id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`,
            repositoryId: repository.id,
            accountId: account,
            phys: `${hex.slice(0, 2)}/${hex}`,
            createdAtMs: nowMs,
            expiresAtMs: nowMs,
            parts: 0,
            smallParts: 0,
            lastPartSmall: false,
          }
          await tx.uploads.create(upload)
          await tx.layers.commit(upload, { digest, size: 3 }, nowMs, nowMs)
        }
      })
    return digests
  }

  test('the writer is given back after 500 rows at most', async (t) => {
    const { registry, metadata, app, other, clock } = await open(t)
    await given(metadata, app, 901, clock.now())
    await given(metadata, other, 302, clock.now())
    registry.advance(1)
    const sizes: number[] = []
    const noted: Metadata = {
      ...metadata,
      write: (work, purpose) =>
        metadata.write(
          (tx) =>
            work({
              ...tx,
              trash: { ...tx.trash, remove: (names) => (sizes.push(names.length), tx.trash.remove(names)) },
              collector: {
                ...tx.collector,
                endLeases: (leases, nowMs) => (sizes.push(leases.length), tx.collector.endLeases(leases, nowMs)),
                removeBlobs: (some, nowMs) => (sizes.push(some.length), tx.collector.removeBlobs(some, nowMs)),
              },
            }),
          purpose,
        ),
    }
    const services = { ...registry.services, metadata: noted }
    const { trash, ...collected } = await collect(services)
    assert.deepEqual(collected, { ...collected, memberships: 1203, layers: 1203, bytes: 3609, unlinked: 0 })
    assert.deepEqual(trash, { files: 1203, bytes: 3609 })
    registry.advance(readerMs)
    assert.equal((await collect(services)).unlinked, 1203)
    assert.deepEqual(sizes, [500, 500, 203, 500, 500, 203, 500, 500, 203])
  })

  test('one whose time is over ends each step with the batch it is at', async (t) => {
    const { registry, metadata, ctx, app, other, clock } = await open(t)
    await given(metadata, app, 501, clock.now())
    registry.advance(1)
    const late = () => collect(registry.services, clock.now())
    assert.deepEqual(await late(), {
      ...nothing,
      memberships: 500,
      layers: 500,
      bytes: 1500,
      trash: { files: 500, bytes: 1500 },
    })
    await given(metadata, other, 502, clock.now() + leaseMs)
    await deleteRepository(ctx, registryKey, 'other', true)
    const { memberships, layers } = await late()
    assert.deepEqual([memberships, layers], [1, 500])
    registry.advance(readerMs)
    assert.equal((await late()).unlinked, 500)
    await collect(registry.services)
    registry.advance(readerMs)
    await collect(registry.services)
    assert.deepEqual(await collect(registry.services), nothing)
  })

  test('layers that images name are not read: candidates come from an index of their own', async (t) => {
    const { registry, metadata, app, clock } = await open(t)
    const digests = await given(metadata, app, 2000, clock.now())
    const manifest = JSON.stringify({ layers: digests.slice(10) })
    await metadata.write((tx) =>
      tx.images.put(
        app.id,
        {
          digest: digestOf(manifest),
          mediaType: 'x/y',
          artifactType: undefined,
          subject: undefined,
          manifestBytes: manifest.length,
          imageBytes: 0,
          pushedAtMs: 0,
          lastPulledAtMs: undefined,
          manifest,
        },
        digests.slice(10).map((digest) => ({ digest, mediaType: 'a/tar' })),
        [],
      ),
    )
    registry.advance(1)
    const database = openDatabase(registry)
    try {
      const held = database.prepare('select count(*) as rows from repo_blob where referenced = 0').get()
      assert.deepEqual({ ...held }, { rows: 10 })
      // What this thread reads is prepared by it, once.
      const prepared = t.mock.method(DatabaseSync.prototype, 'prepare')
      assert.equal((await collect(registry.services)).layers, 10)
      const texts = prepared.mock.calls.map((call) => call.arguments[0])
      prepared.mock.restore()
      const plans = texts.flatMap((text) =>
        database
          .prepare(`explain query plan ${text}`)
          .all()
          .map((row) => String(row['detail']).replace(/ \(.*/, '')),
      )
      assert.deepEqual(
        plans.filter((plan) => / (repo_blob|released_blob|deleted_image|trash) /.test(plan)).toSorted(),
        [
          'SEARCH deleted_image USING COVERING INDEX deleted_image_by_end',
          'SEARCH released_blob USING PRIMARY KEY',
          'SEARCH repo_blob USING COVERING INDEX repo_blob_by_lease',
          'SEARCH trash USING INDEX trash_by_time',
        ],
      )
      assert.deepEqual(
        plans.filter((plan) => !plan.startsWith('SEARCH ')),
        [],
      )
    } finally {
      database.close()
    }
  })

  test('one with nothing to do writes nothing', async (t) => {
    const { registry, metadata } = await open(t)
    await givenImage(registry, 'app', 'v1')
    const write = () => assert.fail('nothing is written')
    assert.deepEqual(await collect({ ...registry.services, metadata: { ...metadata, write } }), nothing)
    assert.deepEqual(registry.collections, [nothing])
  })
})

describe('pushes, deletes and collections at random', () => {
  /** Numbers below 1, the same ones for the same seed (xorshift32). */
  function randomFrom(seed: number): () => number {
    let state = seed
    return () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) / 2 ** 32
    }
  }

  for (const seed of [1, 20_261_121, 777_777])
    test(`every image that is there is whole, and room comes back (seed ${seed})`, async (t) => {
      const random = randomFrom(seed)
      const below = (limit: number) => Math.floor(random() * limit)
      const { registry, ctx, metadata, blobs } = await open(t, { limits: { leaseMs: 60_000 } })
      const names = ['app', 'other'] as const
      const contents = () => Array.from({ length: 1 + below(3) }, () => `shared layer ${below(6)}`)
      const taken = () => registry.collections.reduce((sum, { layers }) => sum + layers, 0)
      let pushed = 0
      let again = 0
      const pusher = async () => {
        for (let at = 0; at < 25; at++) {
          const [name, wanted, tag] = [names[below(2)] ?? 'app', [...new Set(contents())], `t${below(4)}`]
          // A layer may go between its upload and the image when leases are short: the client uploads again.
          for (let tries = 0; ; tries++) {
            try {
              await push(ctx, name, wanted, tag)
              pushed++
              break
            } catch (error) {
              if (error instanceof Error && error.name === 'ImageAlreadyExistsException') break
              if (!(error instanceof Error && error.name === 'LayersNotFoundException') || tries > 200) throw error
              again++
            }
          }
        }
      }
      const over = new AbortController()
      const deleter = async () => {
        while (!over.signal.aborted) {
          const name = names[below(2)] ?? 'app'
          const repository = (await metadata.read.repositories.find(registryKey, name)) ?? assert.fail(name)
          const images = await metadata.read.images.page(repository.id, 'ANY', undefined, 100)
          const image = images[below(images.length)]
          if (image) await remove(ctx, name, image.digest)
          registry.advance(below(2000))
          await setImmediate()
        }
      }
      const collector = async () => {
        while (!over.signal.aborted) {
          await collect(registry.services)
          await checkImages(ctx)
          await setImmediate()
        }
      }
      // On a busy machine the deleter may come to little meanwhile: these are there to be taken from the first moment.
      for (let at = 0; at < 5; at++) await givenLayer(registry, 'app', `layer of no image ${at}`)
      registry.advance(60_001)
      const others = Promise.all([deleter(), collector(), collector()])
      await Promise.all([pusher(), pusher(), pusher()]).finally(() => over.abort())
      await others
      assert.ok(pushed > 20, `${pushed} images were pushed, ${again} times again`)
      await checkImages(ctx)
      assert.ok(taken() > 0, 'something was collected meanwhile')
      // Past every lease: what images name is all that is left.
      registry.advance(60_001)
      await collect(registry.services)
      registry.advance(readerMs)
      await collect(registry.services)
      const usage = await totalUsage(registry.services)
      assert.equal(await bytesOnDisk(blobs), usage.layerBytes)
      assert.deepEqual([usage.leasedBytes, usage.trash], [0, { files: 0, bytes: 0 }])
      assert.deepEqual(await recover(registry.services), { orphans: 0, damaged: 0 })
    })

  /** Reads every layer of every image that is there before and after: one deleted meanwhile need not be whole. */
  async function checkImages(ctx: Context): Promise<void> {
    for (const name of ['app', 'other']) {
      const repository = (await ctx.metadata.read.repositories.find(registryKey, name)) ?? assert.fail(name)
      for (const { digest } of await ctx.metadata.read.images.page(repository.id, 'ANY', undefined, 100)) {
        const image = await ctx.metadata.read.images.find(repository.id, digest)
        if (!image) continue
        // The manifest is one of `manifestOf`.
        const { config, layers } = JSON.parse(image.manifest) as {
          readonly config: { readonly digest: Digest }
          readonly layers: readonly { readonly digest: Digest }[]
        }
        for (const named of [config, ...layers]) {
          const layer = await ctx.metadata.read.layers.find(repository.id, named.digest)
          const bytes = layer && (await openLayer(ctx, layer))
          if (bytes) for await (const _ of bytes);
          else {
            const stays = await ctx.metadata.read.images.find(repository.id, digest)
            assert.equal(stays, undefined, `${name}@${digest} lacks ${named.digest}`)
          }
        }
      }
    }
  }
})

test('after a cycle past every lease, bytes on disk are those that images name', async (t) => {
  const { registry, ctx, blobs } = await open(t)
  const images: Digest[] = []
  for (let at = 0; at < 30; at++)
    images.push(await push(ctx, at % 2 === 0 ? 'app' : 'other', [`config ${at}`, `layer ${at % 7}`], `v${at}`))
  for (const [at, digest] of images.entries())
    if (at % 5 !== 0) await remove(ctx, at % 2 === 0 ? 'app' : 'other', digest)
  const before = await totalUsage(registry.services)
  assert.ok(before.leasedBytes > 0)
  // Layers that came a second time wait beside those that are kept.
  assert.ok(before.trash.bytes > 0)
  assert.equal(await bytesOnDisk(blobs), before.layerBytes + before.trash.bytes)
  registry.advance(leaseMs + 1)
  await givenLayer(registry, 'app', 'leased only')
  const collected = await collect(registry.services)
  assert.deepEqual(collected.trash, { files: collected.layers, bytes: collected.bytes })
  assert.deepEqual([collected.bytes, collected.unlinked], [before.leasedBytes, before.trash.files])
  registry.advance(readerMs)
  await collect(registry.services)
  const after = await totalUsage(registry.services)
  assert.equal(await bytesOnDisk(blobs), after.layerBytes)
  assert.deepEqual(
    [after.layerBytes, after.leasedBytes, after.collectableBytes],
    [before.layerBytes - collected.bytes + 11, 11, 0],
  )
})
