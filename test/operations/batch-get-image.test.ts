import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import {
  account,
  givenImage,
  givenRepository,
  ociIndexType,
  ociManifestType,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

const absent = digestOf('absent')
const notFound = { failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }
const badDigest = {
  failureCode: 'InvalidImageDigest',
  failureReason: `Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
}
const badTag = {
  failureCode: 'InvalidImageTag',
  failureReason: `Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`,
}

function get(registry: TestRegistry, imageIds: unknown, more: Readonly<Record<string, unknown>> = {}) {
  return call(registry, batchGetImage, { repositoryName: 'app', imageIds, ...more })
}

function shown(image: { readonly digest: string; readonly manifest: string }, imageTag?: string) {
  return {
    registryId: account,
    repositoryName: 'app',
    imageId: { imageDigest: image.digest, ...(imageTag === undefined ? {} : { imageTag }) },
    imageManifest: image.manifest,
    imageManifestMediaType: ociManifestType,
  }
}

testRepositoryRules(batchGetImage, 'BatchGetImage', { imageIds: [{ imageTag: 'v1' }] })

test('by tag, by digest and by both, in the order asked for', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', 'v1', 'one')
  const two = await givenImage(registry, 'app', undefined, 'two')
  const imageIds = [{ imageDigest: two.digest }, { imageTag: 'v1' }, { imageDigest: one.digest, imageTag: 'v1' }]
  assert.deepEqual(await get(registry, imageIds), {
    images: [shown(two), shown(one, 'v1'), shown(one, 'v1')],
    failures: [],
  })
  // By digest no tag is told, even when there is one.
  assert.deepEqual(await get(registry, [{ imageDigest: one.digest }], { registryId: account }), {
    images: [shown(one)],
    failures: [],
  })
})

test('each item that cannot be had is a failure of its own, as it was given', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', 'v1', 'one')
  const two = await givenImage(registry, 'app', 'v2', 'two')
  const both = {
    failureCode: 'MissingDigestAndTag',
    failureReason: 'Invalid request parameters: both tag and digest cannot be null',
  }
  const mismatch = {
    failureCode: 'ImageTagDoesNotMatchDigest',
    failureReason: 'Requested image tag does not match the requested image digest',
  }
  const failures = [
    { imageId: { imageTag: 'absent' }, ...notFound },
    { imageId: { imageDigest: absent }, ...notFound },
    { imageId: { imageDigest: one.digest, imageTag: 'absent' }, ...notFound },
    { imageId: {}, ...both },
    { imageId: { imageDigest: two.digest, imageTag: 'v1' }, ...mismatch },
    { imageId: { imageDigest: absent, imageTag: 'v1' }, ...mismatch },
    { imageId: { imageDigest: 'sha256:zz' }, ...badDigest },
    { imageId: { imageDigest: 'sha256:zz', imageTag: '-x' }, ...badDigest },
    { imageId: { imageTag: '-x' }, ...badTag },
  ]
  const imageIds = [...failures.map((failure) => failure.imageId), { imageTag: 'v1' }]
  assert.deepEqual(await get(registry, imageIds), { images: [shown(one, 'v1')], failures })
})

test('J10 J11 malformed tags and digests are failures of the item', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const hex = 'a'.repeat(64)
  const digests = [
    '',
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}a`,
    `sha256:${hex.toUpperCase()}`,
    `md5:${'a'.repeat(32)}`,
    `sha512:${hex}`,
    'sha256:../../x',
    `SHA256:${hex}`,
  ]
  const tags = ['a:b', 'a/b', absent, 'a\nb', '../x', '-x', '.x']
  const failures = [
    ...digests.map((imageDigest) => ({ imageId: { imageDigest }, ...badDigest })),
    ...tags.map((imageTag) => ({ imageId: { imageTag }, ...badTag })),
  ]
  assert.deepEqual(
    await get(
      registry,
      failures.map((failure) => failure.imageId),
    ),
    { images: [], failures },
  )
  for (const [imageTag, constraint] of [
    ['', 'must have length greater than or equal to 1'],
    ['a'.repeat(301), 'must have length less than or equal to 300'],
  ] as const) {
    const input = { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }, { imageTag }] }
    await assertRefused(registry, batchGetImage, input, invalid('imageIds.2.member.imageTag', constraint))
  }
})

test('J12 lists of up to a hundred, duplicates answered once', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', 'v1')
  const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
  const tooMany = 'must have length less than or equal to 100'
  const tooFew = 'must have length greater than or equal to 1'
  for (const [change, refusal] of [
    [{ imageIds: [] }, invalid('imageIds', tooFew)],
    [{ imageIds: [null] }, invalid('imageIds', tooFew)],
    [{ imageIds: times(101, { imageTag: 'v1' }) }, invalid('imageIds', tooMany)],
    [{ imageIds: times(10_000, { imageTag: 'v1' }) }, invalid('imageIds', tooMany)],
    [{ imageIds: undefined }, invalid('imageIds', 'must not be null')],
    [{ acceptedMediaTypes: [] }, invalid('acceptedMediaTypes', tooFew)],
    [{ acceptedMediaTypes: times(101, 'a/b') }, invalid('acceptedMediaTypes', tooMany)],
    [{ imageIds: 'v1' }, wrongType('imageIds must be a list')],
    [{ imageIds: { imageTag: 'v1' } }, wrongType('imageIds must be a list')],
    [{ imageIds: ['v1'] }, wrongType('imageIds.1 must be an object')],
    [{ imageIds: [{ imageTag: 1 }] }, wrongType('imageIds.1.imageTag must be a string')],
    [{ imageIds: [{ imageTag: 'v\ud800' }] }, wrongType('imageIds.1.imageTag holds a lone surrogate')],
    [{ acceptedMediaTypes: ociManifestType }, wrongType('acceptedMediaTypes must be a list')],
  ] as const) {
    const input = { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }], ...change }
    await assertRefused(registry, batchGetImage, input, refusal)
  }
  const imageIds = [...times(50, { imageTag: 'v1' }), ...times(50, { imageTag: 'absent' })]
  assert.deepEqual(await get(registry, imageIds), {
    images: [shown(one, 'v1')],
    failures: [{ imageId: { imageTag: 'absent' }, ...notFound }],
  })
})

test('an image whose media type is not accepted is not found', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', 'v1')
  for (const imageId of [{ imageTag: 'v1' }, { imageDigest: one.digest }]) {
    assert.deepEqual(await get(registry, [imageId], { acceptedMediaTypes: [ociIndexType, 'application/json'] }), {
      images: [],
      failures: [{ imageId, ...notFound }],
    })
  }
  assert.deepEqual(await get(registry, [{ imageTag: 'v1' }], { acceptedMediaTypes: [ociIndexType, ociManifestType] }), {
    images: [shown(one, 'v1')],
    failures: [],
  })
})

describe('a pull is recorded', () => {
  const secondMs = 1000
  const dayMs = 24 * 60 * 60 * secondMs
  const start = Date.UTC(2026, 10, 21, 12)

  async function pullTime(registry: TestRegistry): Promise<number | undefined> {
    await registry.services.metadata.write(async () => undefined) // after those that answers did not wait for
    const { imageDetails } = await registry.perform(describeImages, { repositoryName: 'app' })
    return imageDetails?.[0]?.lastRecordedPullTime
  }

  test('at most once a day', async (t) => {
    const registry = await openRegistry(t, { now: start })
    await givenRepository(registry, 'app')
    await givenImage(registry, 'app', 'v1')
    assert.equal(await pullTime(registry), undefined)
    const steps = [
      [secondMs, start + secondMs],
      [dayMs - 1, start + secondMs],
      [1, start + secondMs + dayMs],
    ] as const
    for (const [pause, expected] of steps) {
      registry.advance(pause)
      await get(registry, [{ imageTag: 'v1' }])
      assert.equal(await pullTime(registry), expected)
    }
  })

  test('not when the image was not given', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await givenImage(registry, 'app', 'v1')
    await get(registry, [{ imageTag: 'v1' }], { acceptedMediaTypes: ['text/plain'] })
    assert.equal(await pullTime(registry), undefined)
  })
})
