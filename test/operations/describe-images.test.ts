import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { givenImages, testPagingRules } from './paging-rules.ts'
import { testRepositoryRules } from './repository-rules.ts'

const noonMs = Date.UTC(2026, 10, 21, 12)
const configType = 'application/vnd.oci.image.config.v1+json'

testRepositoryRules(describeImages, 'DescribeImages', {})
testRepositoryRules(describeImages, 'DescribeImages', { imageIds: [{ imageTag: 'v1' }] })

testPagingRules({
  operation: describeImages,
  member: 'imageDetails',
  maxResultsMax: 1000,
  input: { repositoryName: 'app' },
  given: (registry) => givenImages(registry, 4, () => undefined),
  others: [{ filter: { tagStatus: 'UNTAGGED' } }, { filter: { imageStatus: 'ACTIVE' } }],
  otherOperation: { operation: listImages, input: { repositoryName: 'app' } },
})

/** A detail of a test image, as it is before anyone pulled it. */
function detail(imageDigest: string, imageSizeInBytes: number, more: Readonly<Record<string, unknown>> = {}) {
  return {
    registryId: account,
    repositoryName: 'app',
    imageDigest,
    imageSizeInBytes,
    imagePushedAt: noonMs / 1000,
    imageManifestMediaType: ociManifestType,
    artifactMediaType: configType,
    imageStatus: 'ACTIVE',
    ...more,
  }
}

/** The bytes of the config and the layer that `givenImage` makes. */
function bytesOf(seed: string): number {
  return `{"config":"${seed}"}layer of ${seed}`.length
}

/** Details without order: by digest. */
function byDigest(details: readonly { readonly imageDigest: string }[]) {
  return { imageDetails: details.toSorted((a, b) => (a.imageDigest < b.imageDigest ? -1 : 1)) }
}

describe('a detail', () => {
  test('tells each image once, with its tags if it has any', async (t) => {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app' }), { imageDetails: [] })
    const one = await givenImage(registry, 'app', 'b', 'one')
    registry.advance(1)
    const two = await givenImage(registry, 'app', undefined, 'three')
    // A further tag does not change the time of the push.
    await call(registry, putImage, { repositoryName: 'app', imageManifest: one.manifest, imageTag: 'a' })
    assert.deepEqual(
      await call(registry, describeImages, { registryId: account, repositoryName: 'app' }),
      byDigest([
        detail(one.digest, bytesOf('one'), { imageTags: ['a', 'b'] }),
        detail(two.digest, bytesOf('three'), { imagePushedAt: (noonMs + 1) / 1000 }),
      ]),
    )
  })

  test('has the last pull once there was one', async (t) => {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    const { digest } = await givenImage(registry, 'app', 'v1')
    registry.advance(1500)
    await call(registry, batchGetImage, { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] })
    await registry.services.metadata.write(async () => undefined) // after the one that the answer did not wait for
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app' }), {
      imageDetails: [detail(digest, bytesOf('one'), { imageTags: ['v1'], lastRecordedPullTime: noonMs / 1000 + 1.5 })],
    })
  })

  test('of an artifact has its type and its subject', async (t) => {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    const subject = { mediaType: ociManifestType, digest: digestOf('not there'), size: 9 }
    const { digest } = await givenImage(registry, 'app', undefined, 'one', { artifactType: 'application/x', subject })
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app' }), {
      imageDetails: [
        detail(digest, bytesOf('one'), { artifactMediaType: 'application/x', subjectManifestDigest: subject.digest }),
      ],
    })
  })

  test('of an index has the size of its largest image and no artifact type; its children are images of their own', async (t) => {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    const children = [
      await givenImage(registry, 'app', undefined, 'one'),
      await givenImage(registry, 'app', undefined, 'a much longer one'),
    ]
    const manifests = children.map(({ digest, manifest }) => ({
      mediaType: ociManifestType,
      digest,
      size: manifest.length,
    }))
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests })
    await call(registry, putImage, { repositoryName: 'app', imageManifest, imageTag: 'all' })
    const [small, large] = children
    const { artifactMediaType: _, ...index } = detail(digestOf(imageManifest), bytesOf('a much longer one'), {
      imageTags: ['all'],
      imageManifestMediaType: ociIndexType,
    })
    assert.deepEqual(
      await call(registry, describeImages, { repositoryName: 'app' }),
      byDigest([
        detail(small?.digest ?? '', bytesOf('one')),
        detail(large?.digest ?? '', bytesOf('a much longer one')),
        index,
      ]),
    )
  })

  test('counts a layer that is named twice once', async (t) => {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    for (const content of ['{}', 'layer']) await givenLayer(registry, 'app', content)
    const imageManifest = manifestOf(['{}', 'layer', 'layer'])
    await call(registry, putImage, { repositoryName: 'app', imageManifest })
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app' }), {
      imageDetails: [detail(digestOf(imageManifest), 7)],
    })
  })
})

test('filters of tags and of storage class', async (t) => {
  const registry = await openRegistry(t, { now: noonMs })
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', 'v1', 'one')
  const two = await givenImage(registry, 'app', undefined, 'two')
  const tagged = detail(one.digest, bytesOf('one'), { imageTags: ['v1'] })
  const untagged = detail(two.digest, bytesOf('two'))
  for (const [filter, details] of [
    [null, [tagged, untagged]],
    [{}, [tagged, untagged]],
    [{ tagStatus: 'ANY', imageStatus: 'ANY' }, [tagged, untagged]],
    [{ imageStatus: 'ACTIVE' }, [tagged, untagged]],
    [{ tagStatus: 'TAGGED' }, [tagged]],
    [{ tagStatus: 'UNTAGGED' }, [untagged]],
    [{ tagStatus: 'TAGGED', imageStatus: 'ARCHIVED' }, []],
    [{ imageStatus: 'ACTIVATING' }, []],
  ] as const) {
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app', filter }), byDigest(details))
  }
  for (const [filter, refusal] of [
    [{ tagStatus: 'NONE' }, invalid('filter.tagStatus', 'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]')],
    [
      { imageStatus: 'active' },
      invalid('filter.imageStatus', 'Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]'),
    ],
    [[], wrongType('filter must be an object')],
  ] as const) {
    await assertRefused(registry, describeImages, { repositoryName: 'app', filter }, refusal)
  }
})

describe('images by name', () => {
  async function open(t: Parameters<typeof openRegistry>[0]) {
    const registry = await openRegistry(t, { now: noonMs })
    await givenRepository(registry, 'app')
    const one = await givenImage(registry, 'app', 'v1', 'one')
    const two = await givenImage(registry, 'app', undefined, 'two')
    return { registry, one, two }
  }

  function refused(registry: TestRegistry, imageIds: unknown, refusal: Parameters<typeof assertRefused>[3]) {
    return assertRefused(registry, describeImages, { repositoryName: 'app', imageIds }, refusal)
  }

  test('in the order asked for, each image once', async (t) => {
    const { registry, one, two } = await open(t)
    const imageIds = [
      { imageDigest: two.digest },
      { imageTag: 'v1' },
      { imageDigest: one.digest },
      { imageDigest: one.digest, imageTag: 'v1' },
      { imageTag: 'v1' },
    ]
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app', imageIds }), {
      imageDetails: [detail(two.digest, bytesOf('two')), detail(one.digest, bytesOf('one'), { imageTags: ['v1'] })],
    })
  })

  test('one that is not there fails the whole call, in ECR’s words', async (t) => {
    const { registry, one, two } = await open(t)
    const absent = digestOf('absent')
    for (const [imageId, shown] of [
      [{ imageTag: 'absent' }, `{imageDigest:'null', imageTag:'absent'}`],
      [{ imageDigest: absent }, `{imageDigest:'${absent}', imageTag:'null'}`],
      [{ imageDigest: one.digest, imageTag: 'absent' }, `{imageDigest:'${one.digest}', imageTag:'absent'}`],
      [{ imageDigest: two.digest, imageTag: 'v1' }, `{imageDigest:'${two.digest}', imageTag:'v1'}`],
    ] as const) {
      await refused(registry, [{ imageTag: 'v1' }, imageId], {
        name: 'ImageNotFoundException',
        message: `The image with imageId ${shown} does not exist within the repository with name 'app' in the registry with id '${account}'`,
      })
    }
  })

  test('J10 J11 J12 malformed tags, digests and lists', async (t) => {
    const { registry, one } = await open(t)
    const hex = 'a'.repeat(64)
    const times = (count: number) => Array.from({ length: count }, () => ({ imageTag: 'v1' }))
    const badDigest = invalid('imageDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`)
    const badTag = invalid('imageTag', `must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`)
    const digests = [
      '',
      'sha256:',
      `sha256:${hex}a`,
      one.digest.toUpperCase(),
      'md5:00',
      `sha512:${hex}`,
      'sha256:../../x',
    ]
    for (const imageDigest of digests) await refused(registry, [{ imageDigest }], badDigest)
    for (const imageTag of ['a:b', 'a/b', '-x', '.x', '../x', 'a\nb', one.digest]) {
      await refused(registry, [{ imageTag }], badTag)
    }
    for (const [imageIds, refusal] of [
      [[{}], invalid('imageId', 'both tag and digest cannot be null')],
      [[], invalid('imageIds', 'must have length greater than or equal to 1')],
      [times(101), invalid('imageIds', 'must have length less than or equal to 100')],
      [times(10_000), invalid('imageIds', 'must have length less than or equal to 100')],
      [[{ imageTag: '' }], invalid('imageIds.1.member.imageTag', 'must have length greater than or equal to 1')],
      [
        [{ imageTag: 'a'.repeat(301) }],
        invalid('imageIds.1.member.imageTag', 'must have length less than or equal to 300'),
      ],
      [[7], wrongType('imageIds.1 must be an object')],
      ['v1', wrongType('imageIds must be a list')],
    ] as const) {
      await refused(registry, imageIds, refusal)
    }
    assert.deepEqual(await call(registry, describeImages, { repositoryName: 'app', imageIds: times(100) }), {
      imageDetails: [detail(one.digest, bytesOf('one'), { imageTags: ['v1'] })],
    })
  })

  test('and pages exclude each other', async (t) => {
    const { registry } = await open(t)
    const input = { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    const constraint = 'must be null when imageIds is specified'
    await assertRefused(registry, describeImages, { ...input, maxResults: 1 }, invalid('maxResults', constraint))
    await assertRefused(registry, describeImages, { ...input, nextToken: 'x' }, invalid('nextToken', constraint))
  })
})
