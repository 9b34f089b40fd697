import assert from 'node:assert/strict'
import { test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchCheckLayerAvailability } from '../../src/operations/private/batch-check-layer-availability.ts'
import { account, givenImage, givenLayer, givenRepository, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

/** What ECR calls a layer that no manifest names (the sample of the API reference). */
const unnamedType = 'application/vnd.docker.container.image.rootfs.diff+x-gtar'
const absent = digestOf('absent')
const unavailable = (layerDigest: string) => ({ layerDigest, layerAvailability: 'UNAVAILABLE' })

function available(content: string, mediaType: string) {
  return { layerDigest: digestOf(content), layerAvailability: 'AVAILABLE', layerSize: content.length, mediaType }
}

function check(registry: TestRegistry, layerDigests: readonly string[], repositoryName = 'app') {
  return call(registry, batchCheckLayerAvailability, { repositoryName, layerDigests })
}

testRepositoryRules(batchCheckLayerAvailability, 'BatchCheckLayerAvailability', { layerDigests: [absent] })

test('layers and configs that are there, and well-formed digests that are not, are layers', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  await givenImage(registry, 'app', undefined)
  const loose = await givenLayer(registry, 'app', 'loose')
  const sha512 = digestOf('loose', 'sha512')
  const digests = [absent, digestOf('layer of one'), loose, sha512, digestOf('{"config":"one"}')]
  assert.deepEqual(await check(registry, digests), {
    layers: [
      unavailable(absent),
      available('layer of one', 'application/vnd.oci.image.layer.v1.tar'),
      available('loose', unnamedType),
      unavailable(sha512),
      available('{"config":"one"}', 'application/vnd.oci.image.config.v1+json'),
    ],
    failures: [],
  })
})

test('layers of another repository are not there', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  await givenRepository(registry, 'other')
  const loose = await givenLayer(registry, 'app', 'loose')
  assert.deepEqual(await check(registry, [loose], 'other'), { layers: [unavailable(loose)], failures: [] })
  assert.deepEqual(
    await call(registry, batchCheckLayerAvailability, {
      registryId: account,
      repositoryName: 'app',
      layerDigests: [loose],
    }),
    {
      layers: [available('loose', unnamedType)],
      failures: [],
    },
  )
})

test('J11 malformed digests are failures of their own', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const hex = 'a'.repeat(64)
  const malformed = [
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}a`,
    `sha256:${hex.toUpperCase()}`,
    `md5:${'a'.repeat(32)}`,
    `sha512:${hex}`,
    'sha256:../../x',
    `SHA256:${hex}`,
    'x'.repeat(1000),
    '__proto__',
  ]
  const failures = [
    ...malformed.map((layerDigest) => ({
      layerDigest,
      failureCode: 'InvalidLayerDigest',
      failureReason: `Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
    })),
    {
      layerDigest: '',
      failureCode: 'MissingLayerDigest',
      failureReason: 'Invalid request parameters: layer digest cannot be empty',
    },
  ]
  assert.deepEqual(await check(registry, [...malformed, '', absent]), { layers: [unavailable(absent)], failures })
})

test('J12 lists of up to a hundred, duplicates answered once', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const loose = await givenLayer(registry, 'app', 'loose')
  const times = (count: number) => Array.from({ length: count }, () => loose)
  const tooMany = invalid('layerDigests', 'must have length less than or equal to 100')
  for (const [layerDigests, refusal] of [
    [undefined, invalid('layerDigests', 'must not be null')],
    [[], invalid('layerDigests', 'must have length greater than or equal to 1')],
    [times(101), tooMany],
    [times(10_000), tooMany],
    [[absent, 'x'.repeat(1001)], invalid('layerDigests.2.member', 'must have length less than or equal to 1000')],
    [absent, wrongType('layerDigests must be a list')],
    [[absent, 1], wrongType('layerDigests.2 must be a string')],
  ] as const) {
    await assertRefused(registry, batchCheckLayerAvailability, { repositoryName: 'app', layerDigests }, refusal)
  }
  assert.deepEqual(await check(registry, [...times(50), ...Array.from({ length: 50 }, () => 'bad')]), {
    layers: [available('loose', unnamedType)],
    failures: [
      {
        layerDigest: 'bad',
        failureCode: 'InvalidLayerDigest',
        failureReason: `Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
      },
    ],
  })
})

test('a layer that is said to be there stays there long enough to be named', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const loose = await givenLayer(registry, 'app', 'loose')
  const leaseMs = registry.services.limits.leaseMs
  const leaseUntil = async () => {
    const repository = { kind: 'private', accountId: account, region: 'us-east-1' } as const
    const found = await registry.services.metadata.read.repositories.find(repository, 'app')
    return (await registry.services.metadata.read.layers.find(found?.id ?? '', loose))?.leaseUntilMs
  }
  const pushedMs = registry.services.clock.now()
  registry.advance(leaseMs / 2)
  await check(registry, [loose])
  assert.equal(await leaseUntil(), pushedMs + leaseMs)
  registry.advance(1)
  await check(registry, [loose])
  assert.equal(await leaseUntil(), registry.services.clock.now() + leaseMs)
})
