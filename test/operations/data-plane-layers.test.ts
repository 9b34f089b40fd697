// DeleteLayer and MountLayer, which only the data plane offers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { deleteLayer } from '../../src/operations/distribution/delete-layer.ts'
import { mountLayer } from '../../src/operations/distribution/mount-layer.ts'
import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  otherAccount,
  rootOf,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'
import { isThere } from './uploads.ts'

const absent = digestOf('absent')

function plane(registry: TestRegistry): Context {
  return registry.ctx({ plane: 'distribution' })
}

describe('DeleteLayer', () => {
  testRepositoryRules(deleteLayer, 'BatchDeleteImage', { layerDigest: absent })

  test('takes a layer out of one repository', async (t) => {
    const registry = await openRegistry(t)
    for (const name of ['app', 'other']) {
      await givenRepository(registry, name)
      await givenLayer(registry, name, 'loose')
    }
    const input = { repositoryName: 'app', layerDigest: digestOf('loose') }
    assert.deepEqual(await call(registry, deleteLayer, input, plane(registry)), {})
    assert.equal(await isThere(registry, input.layerDigest), false)
    assert.equal(await isThere(registry, input.layerDigest, 'other'), true)
    await assertRefused(registry, deleteLayer, input, {
      name: 'LayersNotFoundException',
      message: `Layer with digest '${input.layerDigest}' does not exist in the repository with name 'app' in the registry with id '${account}'`,
    })
    // And it may be pushed again.
    assert.equal(await givenLayer(registry, 'app', 'loose'), input.layerDigest)
  })

  test('refuses one that an image names, until the image is gone', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest } = await givenImage(registry, 'app', 'v1')
    for (const content of ['{"config":"one"}', 'layer of one']) {
      await assertRefused(
        registry,
        deleteLayer,
        { repositoryName: 'app', layerDigest: digestOf(content) },
        invalid('layerDigest', 'the layer is referenced by an image'),
      )
      assert.equal(await isThere(registry, digestOf(content)), true)
    }
    await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageDigest: digest }] })
    const input = { repositoryName: 'app', layerDigest: digestOf('layer of one') }
    assert.deepEqual(await call(registry, deleteLayer, input), {})
  })

  test('J11 refuses digests that are none', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const badDigest = invalid('layerDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`)
    for (const layerDigest of ['', 'x', 'sha256:ab', absent.toUpperCase(), 'sha256:../../x']) {
      await assertRefused(registry, deleteLayer, { repositoryName: 'app', layerDigest }, badDigest)
    }
  })
})

describe('MountLayer', () => {
  testRepositoryRules(mountLayer, 'InitiateLayerUpload', { layerDigest: absent })

  async function given(t: Parameters<typeof openRegistry>[0]) {
    const registry = await openRegistry(t)
    for (const name of ['app', 'source']) await givenRepository(registry, name)
    const layerDigest = await givenLayer(registry, 'source', 'layer')
    const mount = (more: Readonly<Record<string, unknown>>, ctx = plane(registry)) =>
      call(registry, mountLayer, { repositoryName: 'app', layerDigest, ...more }, ctx)
    return { registry, layerDigest, mount }
  }

  test('a layer of the source is a layer of the target, and stays when it leaves the source', async (t) => {
    const { registry, layerDigest, mount } = await given(t)
    assert.deepEqual(await mount({ from: 'source' }), { mounted: true })
    assert.deepEqual(await mount({ from: 'source' }), { mounted: true }, 'again')
    assert.deepEqual(await call(registry, deleteLayer, { repositoryName: 'source', layerDigest }), {})
    assert.equal(await isThere(registry, layerDigest), true)
  })

  test('without a source only what the target has counts', async (t) => {
    const { registry, layerDigest, mount } = await given(t)
    assert.deepEqual(await mount({}), { mounted: false })
    assert.equal(await isThere(registry, layerDigest), false)
    await givenLayer(registry, 'app', 'layer')
    assert.deepEqual(await mount({}), { mounted: true })
  })

  test('a source without the layer, without being, or of another region is one answer', async (t) => {
    const { registry, mount } = await given(t)
    assert.deepEqual(await mount({ from: 'source', layerDigest: absent }), { mounted: false })
    assert.deepEqual(await mount({ from: 'absent' }), { mounted: false })
    const abroad = registry.ctx({ region: 'eu-west-1', plane: 'distribution' })
    await registry.perform(createRepository, { repositoryName: 'app' }, abroad)
    assert.deepEqual(await mount({ from: 'source' }, abroad), { mounted: false })
    const stranger = registry.ctx({ caller: rootOf(otherAccount), plane: 'distribution' })
    await registry.perform(createRepository, { repositoryName: 'app' }, stranger)
    assert.deepEqual(await mount({ from: 'source' }, stranger), { mounted: false })
  })

  test('encryption must be the same on both sides', async (t) => {
    const { registry, layerDigest, mount } = await given(t)
    const kms = (repositoryName: string, kmsKey: string) =>
      registry.perform(createRepository, { repositoryName, encryptionConfiguration: { encryptionType: 'KMS', kmsKey } })
    for (const [name, key] of [
      ['one', 'alias/a'],
      ['two', 'alias/b'],
      ['three', 'alias/a'],
    ] as const) {
      await kms(name, key)
    }
    assert.deepEqual(await mount({ repositoryName: 'one', from: 'source' }), { mounted: false })
    await givenLayer(registry, 'one', 'layer')
    assert.deepEqual(await mount({ repositoryName: 'two', from: 'one' }), { mounted: false })
    assert.equal(await isThere(registry, layerDigest, 'two'), false)
    assert.deepEqual(await mount({ repositoryName: 'three', from: 'one' }), { mounted: true })
  })

  test('J11 refuses digests and sources that are none', async (t) => {
    const { registry, layerDigest } = await given(t)
    const badDigest = invalid('layerDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`)
    const pattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'
    for (const [change, refusal] of [
      [{ layerDigest: 'sha256:ab' }, badDigest],
      [{ layerDigest: layerDigest.toUpperCase() }, badDigest],
      [{ from: '../source' }, invalid('from', `must satisfy regular expression '${pattern}'`)],
      [{ from: 's' }, invalid('from', 'must have length greater than or equal to 2')],
    ] as const) {
      await assertRefused(registry, mountLayer, { repositoryName: 'app', layerDigest, ...change }, refusal)
    }
  })
})
