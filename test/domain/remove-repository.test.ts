// A repository that is deleted in pieces: gone at once for everyone, whatever cuts the rest.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Services } from '../../src/domain/context.ts'
import type { Metadata } from '../../src/domain/ports/metadata.ts'
import { putImage } from '../../src/domain/put-image.ts'
import { sweep } from '../../src/domain/recovery.ts'
import { finishRemovals } from '../../src/domain/remove-repository.ts'
import { deleteRepository } from '../../src/domain/repositories.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { account, givenLayer, givenRepository, manifestOf, openTestRegistry, region } from '../support/registry.ts'

const registryKey = { kind: 'private', accountId: account, region } as const
const count = 450

/** A repository of more images than one transaction takes, in an index, and its layers. */
async function open(t: TestContext) {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  const digest = await givenLayer(registry, 'app', 'a layer')
  await givenLayer(registry, 'app', 'a config')
  const ctx = registry.ctx()
  const manifests = Array.from({ length: count }, (_, at) =>
    manifestOf(['a config', 'a layer'], { annotations: { at: `${at}` } }),
  )
  await Promise.all(
    manifests.map((manifest, at) =>
      putImage(ctx, registryKey, 'app', { manifest, mediaType: undefined, tag: `v${at}`, expectedDigest: undefined }),
    ),
  )
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: manifests.slice(0, 300).map((manifest) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(manifest),
      size: manifest.length,
    })),
  })
  await putImage(ctx, registryKey, 'app', { manifest: index, mediaType, tag: 'all', expectedDigest: undefined })
  const repository = (await registry.services.metadata.read.repositories.find(registryKey, 'app')) ?? assert.fail('app')
  return { registry, ctx, repository, digest, ...registry.services }
}

/** The same services, where write number `at` fails, and every one after it. */
function cutAt(services: Services, at: number): { readonly services: Services; readonly writes: () => number } {
  let writes = 0
  const { metadata } = services
  const write: Metadata['write'] = async (work, purpose) => {
    if (++writes >= at) throw new Error('cut here')
    return metadata.write(work, purpose)
  }
  return { services: { ...services, metadata: { ...metadata, write } }, writes: () => writes }
}

test('it goes whole, in transactions of which none is long', async (t) => {
  const { registry, ctx, repository, metadata } = await open(t)
  const counted = cutAt(registry.services, Infinity)
  const deleted = await deleteRepository({ ...ctx, ...counted.services }, registryKey, 'app', true)
  assert.deepEqual(deleted, repository)
  assert.ok(counted.writes() >= 3, `${counted.writes()} transactions`)
  assert.deepEqual(await metadata.read.repositories.hidden(10), [])
  assert.equal(await metadata.read.images.any(repository.id), false)
  assert.equal((await metadata.read.collector.released(undefined, 10)).length, 2)
})

for (const at of [2, 3])
  test(`cut before transaction ${at}: the answer is the same, the registry in good order, and a sweep does the rest`, async (t) => {
    const { registry, ctx, repository, metadata } = await open(t)
    const { services } = cutAt(registry.services, at)
    const deleted = await deleteRepository({ ...ctx, ...services }, registryKey, 'app', true)
    assert.deepEqual(deleted, repository)
    assert.equal(registry.backgroundErrors.length, 1)
    assert.equal(await metadata.read.repositories.find(registryKey, 'app'), undefined)
    assert.deepEqual(await metadata.read.repositories.hidden(10), [repository.id])
    assert.deepEqual(await metadata.read.audit.wrongColumns(100), [])
    await givenRepository(registry, 'app')
    await givenLayer(registry, 'app', 'a layer')
    await sweep(registry.services)
    assert.deepEqual(await metadata.read.repositories.hidden(10), [])
    assert.equal(await metadata.read.images.any(repository.id), false)
    assert.deepEqual(await metadata.read.audit.wrongColumns(100), [])
    assert.equal(await finishRemovals(registry.services), 0)
  })

test('two at once do it once', async (t) => {
  const { registry, ctx, repository, metadata } = await open(t)
  await deleteRepository({ ...ctx, ...cutAt(registry.services, 2).services }, registryKey, 'app', true)
  const finished = await Promise.all([finishRemovals(registry.services), finishRemovals(registry.services)])
  assert.ok(finished.some((one) => one === 1))
  assert.deepEqual(await metadata.read.repositories.hidden(10), [])
  assert.equal(await metadata.read.images.any(repository.id), false)
})
