// What takes up the room, and what the reading of it costs others.

import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { collect } from '../../src/domain/collector.ts'
import { deleteImages } from '../../src/domain/delete-images.ts'
import { mountLayer } from '../../src/domain/layers.ts'
import type { RegistryKey } from '../../src/domain/ports/metadata.ts'
import { appendToUpload, beginUpload, getUpload } from '../../src/domain/uploads.ts'
import { repositoryUsage, totalUsage } from '../../src/domain/usage.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { imageOf } from '../contract/metadata-samples.ts'
import { account, givenImage, givenLayer, givenRepository, openTestRegistry, region } from '../support/registry.ts'

const registryKey: RegistryKey = { kind: 'private', accountId: account, region }

async function open(t: TestContext) {
  const registry = await openTestRegistry()
  t.after(async () => {
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  for (const name of ['app', 'other']) await givenRepository(registry, name)
  const find = async (name: string) =>
    (await registry.services.metadata.read.repositories.find(registryKey, name)) ?? assert.fail(name)
  return { registry, ctx: registry.ctx(), app: await find('app'), other: await find('other') }
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

test('each repository, each layer of it once; the whole store, each layer of it once', async (t) => {
  const { registry, ctx, app, other } = await open(t)
  const one = await givenImage(registry, 'app', 'v1', 'one')
  // The same layers, another manifest.
  const same = await givenImage(registry, 'app', 'v2', 'one', { annotations: { more: 'text' } })
  await givenLayer(registry, 'other', 'leased only')
  await mountLayer(ctx, app, other, digestOf('layer of one'))
  const layerBytes = '{"config":"one"}'.length + 'layer of one'.length
  const manifestBytes = one.manifest.length + same.manifest.length
  assert.deepEqual(await repositoryUsage(ctx, undefined, 10), [
    { registry: registryKey, name: 'app', images: 2, layers: 2, layerBytes, manifestBytes },
    { registry: registryKey, name: 'other', images: 0, layers: 2, layerBytes: 12 + 11, manifestBytes: 0 },
  ])
  const [first] = await repositoryUsage(ctx, undefined, 1)
  assert.deepEqual(
    (await repositoryUsage(ctx, first, 1)).map(({ name }) => name),
    ['other'],
  )

  const { id } = await beginUpload(ctx, registryKey, 'app')
  await appendToUpload(ctx, await getUpload(ctx, registryKey, 'app', id), undefined, once('half'))
  const total = await totalUsage(registry.services)
  assert.deepEqual(total, {
    layers: 3,
    layerBytes: layerBytes + 11,
    leasedLayers: 1,
    leasedBytes: 11,
    collectableLayers: 0,
    collectableBytes: 0,
    // The layers of the second image were uploaded once more.
    trash: { files: 2, bytes: layerBytes },
    openUploads: 1,
    uploadBytes: 4,
  })

  const images = [one, same].map(({ digest }) => ({ imageDigest: digest }))
  await deleteImages(ctx, registryKey, 'app', images)
  assert.deepEqual(await totalUsage(registry.services), {
    ...total,
    leasedLayers: 3,
    leasedBytes: layerBytes + 11,
  })
  registry.advance(registry.services.limits.leaseMs + 1)
  const ended = await totalUsage(registry.services)
  assert.deepEqual([ended.collectableLayers, ended.collectableBytes], [3, layerBytes + 11])
  const { layers, bytes } = await collect(registry.services)
  assert.deepEqual([layers, bytes], [ended.collectableLayers, ended.collectableBytes])
  const after = await totalUsage(registry.services)
  assert.deepEqual([after.layers, after.layerBytes, after.trash], [0, 0, { files: 3, bytes: layerBytes + 11 }])
})

test('others go on while many images are summed up', async (t) => {
  const { registry, ctx, app } = await open(t)
  const count = 5000
  const text = 'x'.repeat(500)
  await registry.services.metadata.write(async (tx) => {
    for (let at = 0; at < count; at++) await tx.images.put(app.id, imageOf(`{"image":${at},"text":"${text}"}`), [], [])
  })
  let turns = 0
  const done = new AbortController()
  const others = (async () => {
    for (; !done.signal.aborted; turns++) await setImmediate()
  })()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [usage] = await repositoryUsage(ctx, undefined, 1).finally(() => done.abort())
  delay.disable()
  await others
  assert.deepEqual([usage?.images, usage?.layers], [count, 0])
  assert.ok(turns >= count / 250, `${turns} turns of the loop`)
  t.diagnostic(`longest turn ${(delay.max / 1e6).toFixed(1)} ms`)
})
