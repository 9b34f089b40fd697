import assert from 'node:assert/strict'
import { test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { getDownloadUrlForLayer } from '../../src/operations/private/get-download-url-for-layer.ts'
import { account, givenImage, givenLayer, givenRepository, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

const absent = digestOf('absent')
const noonMs = Date.UTC(2026, 10, 21, 12)
const hourMs = 60 * 60 * 1000

testRepositoryRules(getDownloadUrlForLayer, 'GetDownloadUrlForLayer', { layerDigest: absent })

function notFound(layerDigest: string, repositoryName = 'app'): Refusal {
  return {
    name: 'LayersNotFoundException',
    message: `Layer with digest '${layerDigest}' does not exist in the repository with name '${repositoryName}' in the registry with id '${account}'`,
  }
}

function inaccessible(layerDigest: string): Refusal {
  return {
    name: 'LayerInaccessibleException',
    message: `Layer with digest '${layerDigest}' is not referenced by an image of the repository with name 'app' in the registry with id '${account}'`,
  }
}

async function repositoryId(registry: TestRegistry): Promise<string> {
  const key = { kind: 'private', accountId: account, region: 'us-east-1' } as const
  return (await registry.services.metadata.read.repositories.find(key, 'app'))?.id ?? ''
}

test('a layer and a config of an image have a URL, good for an hour', async (t) => {
  const registry = await openRegistry(t, { now: noonMs })
  await givenRepository(registry, 'app')
  await givenImage(registry, 'app', undefined)
  for (const content of ['layer of one', '{"config":"one"}']) {
    const layerDigest = digestOf(content)
    const input = { registryId: account, repositoryName: 'app', layerDigest }
    // The form of the test's own links; that of the server's is tested with them.
    const downloadUrl = `http://localhost:4510/layers/${await repositoryId(registry)}/${layerDigest}?until=${noonMs + hourMs}`
    assert.deepEqual(await call(registry, getDownloadUrlForLayer, input), { downloadUrl, layerDigest })
  }
})

test('not one that is absent, in another repository, or damaged', async (t) => {
  const registry = await openRegistry(t)
  for (const name of ['app', 'other']) await givenRepository(registry, name)
  await givenImage(registry, 'app', undefined)
  const layerDigest = digestOf('layer of one')
  await assertRefused(
    registry,
    getDownloadUrlForLayer,
    { repositoryName: 'app', layerDigest: absent },
    notFound(absent),
  )
  await assertRefused(
    registry,
    getDownloadUrlForLayer,
    { repositoryName: 'other', layerDigest },
    notFound(layerDigest, 'other'),
  )
  const { metadata } = registry.services
  const layer = await metadata.read.layers.find(await repositoryId(registry), layerDigest)
  await metadata.write((tx) => tx.layers.markBad(layer?.phys ?? ''))
  await assertRefused(registry, getDownloadUrlForLayer, { repositoryName: 'app', layerDigest }, notFound(layerDigest))
})

test('not one that no image names, or none any more', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const loose = await givenLayer(registry, 'app', 'loose')
  await assertRefused(
    registry,
    getDownloadUrlForLayer,
    { repositoryName: 'app', layerDigest: loose },
    inaccessible(loose),
  )
  const { digest } = await givenImage(registry, 'app', undefined)
  await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageDigest: digest }] })
  const layerDigest = digestOf('layer of one')
  await assertRefused(
    registry,
    getDownloadUrlForLayer,
    { repositoryName: 'app', layerDigest },
    inaccessible(layerDigest),
  )
})

test('J11 digests that are none', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const hex = 'a'.repeat(64)
  const badDigest = invalid('layerDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`)
  const malformed = [
    '',
    'latest',
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}a`,
    `sha256:${hex.toUpperCase()}`,
    `SHA256:${hex}`,
    `md5:${'a'.repeat(32)}`,
    `sha512:${hex}`,
    'sha256:../../x',
    `${absent}\n`,
  ]
  for (const layerDigest of malformed) {
    await t.test(JSON.stringify(layerDigest), () =>
      assertRefused(registry, getDownloadUrlForLayer, { repositoryName: 'app', layerDigest }, badDigest),
    )
  }
  for (const [layerDigest, refusal] of [
    [undefined, invalid('layerDigest', 'must not be null')],
    [[absent], wrongType('layerDigest must be a string')],
  ] as const) {
    await assertRefused(registry, getDownloadUrlForLayer, { repositoryName: 'app', layerDigest }, refusal)
  }
})
