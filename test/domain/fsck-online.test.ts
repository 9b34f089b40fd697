// fsck beside a server at work: pushes, deletes, collections, cancelled uploads, repositories and logos that come and go. Nothing of it is
// damage, and none of it may be taken for damage; real damage is found all the same.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { collect } from '../../src/domain/collector.ts'
import type { Context, Services } from '../../src/domain/context.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { fsck } from '../../src/domain/fsck/fsck.ts'
import type { Finding } from '../../src/domain/fsck/finding.ts'
import { dropLogo } from '../../src/domain/public/logos.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { sweep } from '../../src/domain/recovery.ts'
import { deleteRepository } from '../../src/domain/repositories.ts'
import { appendToUpload, beginUpload, cancelUpload, completeUpload, getUpload } from '../../src/domain/uploads.ts'
import { digestOf, hexOf } from '../../src/lib/digest.ts'
import { EcrError } from '../../src/model/errors.ts'
import { openStoresForCommand } from '../../src/stores.ts'
import { flipBit } from '../support/damage.ts'
import { linesOf, runFsck } from '../support/fsck.ts'
import {
  account,
  givenImage,
  givenRepository,
  manifestOf,
  ociIndexType,
  openTestRegistry,
  region,
  type TestRegistry,
} from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const leaseMs = 50
const runs = 8

async function* once(content: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(content)
}

async function pushLayer(ctx: Context, repositoryName: string, content: string): Promise<void> {
  const { id } = await beginUpload(ctx, registryKey, repositoryName)
  await appendToUpload(ctx, await getUpload(ctx, registryKey, repositoryName, id), undefined, once(content))
  await completeUpload(ctx, await getUpload(ctx, registryKey, repositoryName, id), [digestOf(content)])
}

/** What a client may be told when others delete what it works on. */
const isRefusal = (error: unknown) =>
  error instanceof EcrError &&
  /^(LayersNotFound|LayerAlreadyExists|ReferencedImagesNotFound|ImageAlreadyExists|RepositoryNotFound|RepositoryAlreadyExists|UploadNotFound)Exception$/.test(
    error.name,
  )

test('no false alarm beside pushes, deletes and the collector, and damage is found among them', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-fsck-online-'))
  const registry = await openTestRegistry({ directory, now: Date.now(), limits: { leaseMs, undeleteMs: 20 } })
  await using command = await openStoresForCommand({ data: directory, onFatal: (error) => assert.fail(error) })
  t.after(async () => {
    await registry.close()
    await rm(directory, { recursive: true })
  })
  const { services } = registry
  const ctx = registry.ctx({ plane: 'distribution' })
  for (const name of ['app', 'other', 'steady']) await givenRepository(registry, name)
  const steady = ['{"steady":1}', 'a layer that stays']
  for (const content of steady) await pushLayer(ctx, 'steady', content)
  const put = (repositoryName: string, manifest: string, tag?: string) =>
    putImage(ctx, registryKey, repositoryName, { manifest, mediaType: undefined, tag, expectedDigest: undefined })
  await put('steady', manifestOf(steady), 'v1')
  const app = await services.metadata.read.repositories.find(registryKey, 'app')

  const stop = new AbortController()
  const done = { push: 0, delete: 0, collect: 0, other: 0 }
  const repeat = async (what: keyof typeof done, work: (round: number) => Promise<unknown>) => {
    for (let round = 0; !stop.signal.aborted; round++) {
      try {
        await work(round)
        done[what]++
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
      registry.advance(5)
      await setImmediate()
    }
  }
  const pusher = (name: string, seed: number) => async (round: number) => {
    const contents = [`{"config":${(round * 7 + seed) % 5}}`, `shared layer ${(round + seed) % 7}`]
    for (const content of contents) await pushLayer(ctx, name, content).catch((error: unknown) => isRefusal(error))
    const manifest = manifestOf(contents, { annotations: { round: String(round % 11) } })
    await put(name, manifest, `t${round % 5}`)
    const child = { mediaType: JSON.parse(manifest).mediaType, digest: digestOf(manifest), size: manifest.length }
    await put(name, JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] }), 'all')
  }
  const work = [
    repeat('push', pusher('app', 0)),
    repeat('push', pusher('app', 3)),
    repeat('push', pusher('other', 1)),
    repeat('delete', async (round) => {
      const name = round % 2 === 0 ? 'app' : 'other'
      const repository = await services.metadata.read.repositories.find(registryKey, name)
      const images = await services.metadata.read.images.page(repository?.id ?? '', 'ANY', undefined, 5)
      await deleteImages(
        ctx,
        registryKey,
        name,
        images.map((image) => ({ imageDigest: image.digest })),
      )
    }),
    repeat('collect', async () => {
      await collect(services)
      registry.advance(11_000)
      await sweep(services)
    }),
    repeat('other', async () => {
      const { id } = await beginUpload(ctx, registryKey, 'other')
      const upload = async () => getUpload(ctx, registryKey, 'other', id)
      await appendToUpload(ctx, await upload(), undefined, once('never completed'))
      await cancelUpload(ctx, await upload())
    }),
    repeat('other', async () => {
      await givenRepository(registry, 'shortlived')
      for (const content of ['{"short":1}', 'shared layer 1']) await pushLayer(ctx, 'shortlived', content)
      await put('shortlived', manifestOf(['{"short":1}', 'shared layer 1']))
      await deleteRepository(ctx, registryKey, 'shortlived', true)
    }),
    repeat('other', async (round) => {
      const bytes = Buffer.from(`logo ${round}`)
      const logo = `${hexOf(digestOf(bytes))}-${String(round).padStart(16, '0')}`
      await services.logos.put(logo, bytes)
      const old = await services.metadata.read.catalog.find(app?.id ?? '')
      await services.metadata.write((tx) => tx.catalog.put(app?.id ?? '', { logo }))
      await dropLogo(ctx, old?.logo)
    }),
  ]

  const check = async (deep: boolean) => {
    const findings: Finding[] = []
    const progress = { begin: () => {}, advance: () => {} }
    const report = await fsck(
      { ...command, clock: { now: () => Date.now() } },
      { deep, repair: false, progress, onFinding: (finding) => findings.push(finding) },
    )
    assert.equal(report.complete, true)
    return findings
  }
  try {
    for (let run = 0; run < runs; run++) assert.deepEqual(await check(run % 2 === 0), [])
    const [, layer = ''] = steady
    const repository = await services.metadata.read.repositories.find(registryKey, 'steady')
    const found = await services.metadata.read.layers.find(repository?.id ?? '', digestOf(layer))
    await flipBit(join(directory, 'blobs', found?.phys ?? ''))
    assert.deepEqual(linesOf(await check(true)), [`layer-content ${digestOf(layer)}`])
  } finally {
    stop.abort()
    await Promise.all(work)
  }
  // The load was one: otherwise the test says nothing.
  for (const [what, count] of Object.entries(done)) assert.ok(count > runs, `${what}: ${count}`)
  t.diagnostic(JSON.stringify(done))
})

describe('what changes between two looks is no finding', () => {
  async function given(t: TestContext) {
    const registry = await openTestRegistry({ now: Date.now() })
    t.after(() => registry.close())
    await givenRepository(registry, 'app')
    const { digest } = await givenImage(registry, 'app', 'v1')
    const { services } = registry
    const app = (await services.metadata.read.repositories.find(registryKey, 'app')) ?? assert.fail('app is there')
    const layer = await services.metadata.read.layers.find(app.id, digestOf('layer of one'))
    const phys = layer?.phys ?? assert.fail('the layer is there')
    /** All of the image goes, rows and files. */
    const removeAll = async () => {
      await deleteImages(registry.ctx(), registryKey, 'app', [{ imageDigest: digest }])
      for (const ms of [48 * 3_600_000, 3_600_000]) {
        registry.advance(ms)
        await collect(services)
      }
      assert.equal(await services.blobs.look(phys), undefined)
    }
    return { registry, services, app, phys, removeAll }
  }
  const findingsOf = async (registry: TestRegistry, services: Partial<Services>) =>
    (await runFsck({ ...registry, services: { ...registry.services, ...services } })).findings
  /** The first call of the function waits for `work`, which happens just before it. */
  const before =
    <A extends readonly unknown[], O>(work: () => Promise<unknown>, real: (...args: A) => Promise<O>) =>
    async (...args: A): Promise<O> => {
      const todo = work
      work = async () => {}
      await todo()
      return real(...args)
    }

  test('a layer that is collected before its file is looked at', async (t) => {
    const { registry, services, removeAll } = await given(t)
    const { blobs } = services
    assert.deepEqual(
      await findingsOf(registry, { blobs: { ...blobs, look: before(removeAll, (name: string) => blobs.look(name)) } }),
      [],
    )
  })

  test('a layer that is collected between the size and the bytes of its file', async (t) => {
    const { registry, services, removeAll } = await given(t)
    const { blobs } = services
    assert.deepEqual(
      await findingsOf(registry, {
        blobs: { ...blobs, read: before(removeAll, (name: string, size: number) => blobs.read(name, size)) },
      }),
      [],
    )
  })

  test('a layer that a reader marks while its file is looked at', async (t) => {
    const { registry, services, phys } = await given(t)
    const { blobs, metadata } = services
    const mark = async () => {
      await rm(join(registry.directory, 'blobs', phys))
      await metadata.write((tx) => tx.layers.markBad(phys))
    }
    const findings = await findingsOf(registry, {
      blobs: { ...blobs, look: before(mark, (name: string) => blobs.look(name)) },
    })
    assert.deepEqual(findings, [])
    assert.deepEqual(linesOf(await findingsOf(registry, {})), [`layer-marked ${digestOf('layer of one')}`])
  })

  test('a file that leaves the trash after it was listed', async (t) => {
    const { registry, services, removeAll } = await given(t)
    const { metadata } = services
    const { phys } = metadata.read
    const read = {
      ...metadata.read,
      phys: { ...phys, isOwned: before(removeAll, (name: string) => phys.isOwned(name)) },
    }
    assert.deepEqual(await findingsOf(registry, { metadata: { ...metadata, read } }), [])
  })

  test('an image whose rows are read before and after a change', async (t) => {
    const { registry, services } = await given(t)
    const { metadata } = services
    const { audit } = metadata.read
    // As it looks when the image went after its own row was read, and before those of its layers.
    const torn: typeof audit.image = async (key) => {
      const image = await audit.image(key)
      return image && { ...image, layers: [], layerSizes: new Map() }
    }
    const read = { ...metadata.read, audit: { ...audit, image: torn } }
    assert.deepEqual(await findingsOf(registry, { metadata: { ...metadata, read } }), [])
  })

  test('a logo that is replaced before its file is read', async (t) => {
    const { registry, services, app } = await given(t)
    const { logos, metadata } = services
    const [old, young] = ['old', 'young'].map((text) => `${hexOf(digestOf(text))}-0123456789abcdef`)
    const putLogo = async (name: string | undefined, text: string) => {
      await logos.put(name ?? '', Buffer.from(text))
      await metadata.write((tx) => tx.catalog.put(app.id, { logo: name }))
    }
    await putLogo(old, 'old')
    const replace = async () => {
      await putLogo(young, 'young')
      await logos.remove(old ?? '')
    }
    assert.deepEqual(
      await findingsOf(registry, { logos: { ...logos, read: before(replace, (name: string) => logos.read(name)) } }),
      [],
    )
  })
})
