// PutImage, BatchDeleteImage, DescribeImages, DescribeImageTags.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../../src/lib/digest.ts'
import { batchDeleteImage } from '../../../src/operations/public/batch-delete-image.ts'
import { describeImages } from '../../../src/operations/public/describe-images.ts'
import { describeImageTags } from '../../../src/operations/public/describe-image-tags.ts'
import { putImage } from '../../../src/operations/public/put-image.ts'
import { account, manifestOf, ociIndexType, ociManifestType } from '../../support/registry.ts'
import { invalid, openPublic, testRepositoryRules, type Input, type PublicRegistry } from './calls.ts'
import { givenPublicImage } from './images.ts'

const repositoryName = 'app'
const where = `repository with name 'app' in registry with id '${account}'`
const longWhere = `repository with name 'app' in the registry with id '${account}'`

testRepositoryRules(putImage, { imageManifest: manifestOf(['{}']) }, 'account or alias')
testRepositoryRules(batchDeleteImage, { imageIds: [{ imageTag: 'v1' }] }, 'account or alias')
testRepositoryRules(describeImages, {}, 'account')
testRepositoryRules(describeImageTags, {}, 'account')

async function opened(t: Parameters<typeof openPublic>[0], limits = {}): Promise<PublicRegistry> {
  const registry = await openPublic(t, limits)
  await registry.given(repositoryName)
  return registry
}

const indexOf = (children: readonly { readonly digest: string; readonly manifest: string }[]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: children.map(({ digest, manifest }) => ({
      mediaType: ociManifestType,
      digest,
      size: Buffer.byteLength(manifest),
    })),
  })

const configType = 'application/vnd.oci.image.config.v1+json'
const pushedAt = Date.UTC(2026, 10, 21, 12) / 1000

/** What describing says of an image that `givenPublicImage` pushed. */
const described = (digest: string, seed = 'one') => ({
  imageDigest: digest,
  imageSizeInBytes: Buffer.byteLength(`{"config":"${seed}"}layer of ${seed}`),
  imagePushedAt: pushedAt,
  imageManifestMediaType: ociManifestType,
  artifactMediaType: configType,
})

describe('PutImage', () => {
  test('the answer names the registry as the request did', async (t) => {
    const registry = await opened(t)
    const { digest: other } = await givenPublicImage(registry, repositoryName)
    const contents = ['{"config":"one"}', 'layer of one']
    const alias = await registry.alias()
    for (const [at, registryId] of [undefined, account, alias].entries()) {
      const imageManifest = manifestOf(contents, { annotations: { at: String(at) } })
      const imageId = { imageDigest: digestOf(imageManifest), imageTag: `v${at}` }
      const image = {
        registryId: registryId ?? account,
        repositoryName,
        imageId,
        imageManifest,
        imageManifestMediaType: ociManifestType,
      }
      assert.deepEqual(
        await registry.call(putImage, { registryId, repositoryName, imageManifest, imageTag: `v${at}` }),
        { image },
      )
      assert.notEqual(imageId.imageDigest, other)
    }
  })

  test('a tag moves: public repositories have no immutable ones', async (t) => {
    const registry = await opened(t)
    const { digest: first } = await givenPublicImage(registry, repositoryName, 'v1')
    registry.registry.advance(5000)
    const { digest: second } = await givenPublicImage(registry, repositoryName, 'v1', 'two')
    const { imageTagDetails } = await registry.call(describeImageTags, { repositoryName })
    const imageDetail = { ...described(second, 'two'), imagePushedAt: pushedAt + 5 }
    assert.deepEqual(imageTagDetails, [{ imageTag: 'v1', createdAt: pushedAt + 5, imageDetail }])
    const { imageDetails } = await registry.call(describeImages, { repositoryName, imageIds: [{ imageDigest: first }] })
    assert.deepEqual(imageDetails, [{ registryId: account, repositoryName, ...described(first) }])
  })

  test('the same image again, with the same tag and without one', async (t) => {
    const registry = await opened(t)
    const { digest, manifest } = await givenPublicImage(registry, repositoryName, 'v1')
    const name = 'ImageAlreadyExistsException'
    const input = { repositoryName, imageManifest: manifest }
    await registry.refused(putImage, input, {
      name,
      message: `Image with digest '${digest}' already exists in the ${where}`,
    })
    await registry.refused(
      putImage,
      { ...input, imageTag: 'v1' },
      {
        name,
        message: `Image with digest '${digest}' and tag 'v1' already exists in the ${where}`,
      },
    )
    await registry.call(putImage, { ...input, imageTag: 'v2' })
  })

  test('layers, children and digests that are not there', async (t) => {
    const registry = await opened(t)
    const { digest, manifest } = await givenPublicImage(registry, repositoryName, 'v1')
    const absent = digestOf('absent')
    const required = (what: string) =>
      `${what} with digests '[${absent}]' required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`
    await registry.refused(
      putImage,
      { repositoryName, imageManifest: manifestOf(['{"config":"one"}', 'absent']) },
      {
        name: 'LayersNotFoundException',
        message: required('Layers'),
      },
    )
    const imageManifest = indexOf([
      { digest, manifest },
      { digest: absent, manifest: 'absent' },
    ])
    await registry.refused(
      putImage,
      { repositoryName, imageManifest },
      {
        name: 'ReferencedImagesNotFoundException',
        message: required('Images'),
      },
    )
    await registry.refused(
      putImage,
      { repositoryName, imageManifest: manifest, imageDigest: absent, imageTag: 'v2' },
      {
        name: 'ImageDigestDoesNotMatchException',
        message: `The provided image digest '${absent}' does not match the calculated image digest '${digest}'`,
      },
    )
  })

  test('no more images than the quota', async (t) => {
    const registry = await opened(t, { imagesPerRepository: 1, tagsPerImage: 1 })
    const { manifest } = await givenPublicImage(registry, repositoryName, 'v1')
    const second = manifestOf(['{"config":"one"}'])
    await registry.refused(
      putImage,
      { repositoryName, imageManifest: second },
      {
        name: 'LimitExceededException',
        message: `The ${where} already has the maximum allowed number of images which is '1'`,
      },
    )
    await registry.refused(
      putImage,
      { repositoryName, imageManifest: manifest, imageTag: 'v2' },
      {
        name: 'LimitExceededException',
        message: `Adding tag 'v2' to an image in the ${where} exceeds the maximum allowed number of tags per image which is '1'`,
      },
    )
  })

  test('arguments that are none', async (t) => {
    const registry = await opened(t)
    const imageManifest = manifestOf(['{}'])
    const manifest = (constraint: string) => invalid('ImageManifest', constraint)
    for (const [input, refusal] of [
      [{}, invalid('imageManifest', 'must not be null')],
      [{ imageManifest: '' }, invalid('imageManifest', 'must have length greater than or equal to 1')],
      [{ imageManifest: '{' }, manifest('Invalid JSON syntax')],
      [{ imageManifest: '{"schemaVersion":1}' }, manifest('Unsupported manifest schema version')],
      [{ imageManifest, imageTag: '' }, invalid('imageTag', 'must have length greater than or equal to 1')],
      [{ imageManifest, imageTag: 'v'.repeat(301) }, invalid('imageTag', 'must have length less than or equal to 300')],
      [
        { imageManifest, imageTag: 'not a tag' },
        invalid('imageTag', "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'"),
      ],
      [
        { imageManifest: JSON.stringify({ schemaVersion: 2, config: {} }) },
        invalid('imageManifestMediaType', 'must be provided when the manifest does not contain the mediaType field'),
      ],
    ] as const) {
      await registry.refused(putImage, { repositoryName, ...input }, refusal)
    }
  })
})

describe('DescribeImages', () => {
  test('all by digest with their tags, or those asked for', async (t) => {
    const registry = await opened(t)
    assert.deepEqual(await registry.call(describeImages, { repositoryName }), { imageDetails: [] })
    const one = await givenPublicImage(registry, repositoryName, 'b')
    await registry.call(putImage, { repositoryName, imageManifest: one.manifest, imageTag: 'a' })
    const two = await givenPublicImage(registry, repositoryName, undefined, 'two')
    const detailOf = { registryId: account, repositoryName }
    const first = { ...detailOf, imageTags: ['a', 'b'], ...described(one.digest) }
    const second = { ...detailOf, ...described(two.digest, 'two') }
    const all = [first, second].toSorted((a, b) => (a.imageDigest < b.imageDigest ? -1 : 1))
    assert.deepEqual(await registry.call(describeImages, { repositoryName }), { imageDetails: all })
    const imageIds = [{ imageDigest: two.digest }, { imageTag: 'a' }, { imageTag: 'b' }]
    assert.deepEqual(await registry.call(describeImages, { repositoryName, imageIds }), {
      imageDetails: [second, first],
    })
  })

  test('an index is as large as its largest image', async (t) => {
    const registry = await opened(t)
    const one = await givenPublicImage(registry, repositoryName)
    const three = await givenPublicImage(registry, repositoryName, undefined, 'three')
    const imageManifest = indexOf([one, three])
    await registry.call(putImage, { repositoryName, imageManifest, imageTag: 'v1' })
    const { imageDetails } = await registry.call(describeImages, { repositoryName, imageIds: [{ imageTag: 'v1' }] })
    const { imageSizeInBytes } = described('', 'three')
    assert.deepEqual(imageDetails, [
      {
        registryId: account,
        repositoryName,
        imageDigest: digestOf(imageManifest),
        imageTags: ['v1'],
        imageSizeInBytes,
        imagePushedAt: pushedAt,
        imageManifestMediaType: ociIndexType,
      },
    ])
  })

  test('pages add up; images that are not there; what does not go together', async (t) => {
    const registry = await opened(t)
    for (const seed of ['one', 'two', 'three']) await givenPublicImage(registry, repositoryName, undefined, seed)
    await pagesAddUp(registry, describeImages, 'imageDetails')
    const { nextToken } = await registry.call(describeImages, { repositoryName, maxResults: 1 })
    const together = 'must be null when imageIds is specified'
    const imageIds = [{ imageTag: 'none' }]
    for (const [input, refusal] of [
      [
        { imageIds },
        {
          name: 'ImageNotFoundException',
          message: `The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the ${longWhere}`,
        },
      ],
      [{ imageIds, nextToken }, invalid('nextToken', together)],
      [{ imageIds, maxResults: 1 }, invalid('maxResults', together)],
      [{ nextToken: 'x' }, invalid('nextToken', 'Invalid token')],
      [{ maxResults: 1001 }, invalid('maxResults', 'Member must have value less than or equal to 1000')],
      [{ imageIds: [] }, invalid('imageIds', 'must have length greater than or equal to 1')],
      [{ imageIds: [{}] }, invalid('imageId', 'both tag and digest cannot be null')],
    ] as const) {
      await registry.refused(describeImages, { repositoryName, ...input }, refusal)
    }
    // A token is good for its own listing only.
    await registry.refused(describeImageTags, { repositoryName, nextToken }, invalid('nextToken', 'Invalid token'))
  })
})

describe('DescribeImageTags', () => {
  test('every tag in byte order, with its image', async (t) => {
    const registry = await opened(t)
    assert.deepEqual(await registry.call(describeImageTags, { repositoryName }), { imageTagDetails: [] })
    const one = await givenPublicImage(registry, repositoryName, 'b')
    registry.registry.advance(1500)
    await registry.call(putImage, { repositoryName, imageManifest: one.manifest, imageTag: 'B' })
    const two = await givenPublicImage(registry, repositoryName, 'a', 'two')
    await givenPublicImage(registry, repositoryName, undefined, 'untagged')
    const later = pushedAt + 1.5
    assert.deepEqual(await registry.call(describeImageTags, { repositoryName }), {
      imageTagDetails: [
        { imageTag: 'B', createdAt: later, imageDetail: described(one.digest) },
        { imageTag: 'a', createdAt: later, imageDetail: { ...described(two.digest, 'two'), imagePushedAt: later } },
        { imageTag: 'b', createdAt: pushedAt, imageDetail: described(one.digest) },
      ],
    })
    await pagesAddUp(registry, describeImageTags, 'imageTagDetails')
  })

  test('pages that are none', async (t) => {
    const registry = await opened(t)
    await registry.refused(describeImageTags, { repositoryName, nextToken: 'x' }, invalid('nextToken', 'Invalid token'))
    const size = invalid('maxResults', 'Member must have value greater than or equal to 1')
    await registry.refused(describeImageTags, { repositoryName, maxResults: 0 }, size)
  })
})

describe('BatchDeleteImage', () => {
  test('by tag: the tag goes, and with the last one the image', async (t) => {
    const registry = await opened(t)
    const { digest, manifest } = await givenPublicImage(registry, repositoryName, 'v1')
    await registry.call(putImage, { repositoryName, imageManifest: manifest, imageTag: 'v2' })
    for (const [imageTag, left] of [
      ['v1', 1],
      ['v2', 0],
    ] as const) {
      const answer = await registry.call(batchDeleteImage, { repositoryName, imageIds: [{ imageTag }] })
      assert.deepEqual(answer, { imageIds: [{ imageDigest: digest, imageTag }], failures: [] })
      const { imageDetails } = await registry.call(describeImages, { repositoryName })
      assert.equal((imageDetails as unknown[]).length, left)
    }
  })

  test('by digest: the image goes with all its tags; the registry may be named by its alias', async (t) => {
    const registry = await opened(t)
    const { digest, manifest } = await givenPublicImage(registry, repositoryName, 'v1')
    await registry.call(putImage, { repositoryName, imageManifest: manifest, imageTag: 'v2' })
    const input = { registryId: await registry.alias(), repositoryName, imageIds: [{ imageDigest: digest }] }
    const imageIds = ['v1', 'v2'].map((imageTag) => ({ imageDigest: digest, imageTag }))
    assert.deepEqual(await registry.call(batchDeleteImage, input), { imageIds, failures: [] })
    assert.deepEqual(await registry.call(describeImageTags, { repositoryName }), { imageTagDetails: [] })
  })

  test('items that cannot go are failures of their own', async (t) => {
    const registry = await opened(t)
    const child = await givenPublicImage(registry, repositoryName, 'child')
    const parent = indexOf([child])
    await registry.call(putImage, { repositoryName, imageManifest: parent, imageTag: 'parent' })
    const { digest } = child
    const ofParent = { imageDigest: digestOf(parent), imageTag: 'child' }
    const failed = (imageId: Input, failureCode: string, failureReason: string) => ({
      imageId,
      failureCode,
      failureReason,
    })
    const imageIds = [
      { imageDigest: digest },
      { imageTag: 'none' },
      {},
      { imageDigest: 'x' },
      { imageTag: '!' },
      ofParent,
    ]
    assert.deepEqual(await registry.call(batchDeleteImage, { repositoryName, imageIds }), {
      imageIds: [],
      failures: [
        failed(
          { imageDigest: digest },
          'ImageReferencedByManifestList',
          `Requested image referenced by manifest list: [${digestOf(parent)}]`,
        ),
        failed({ imageTag: 'none' }, 'ImageNotFound', 'Requested image not found'),
        failed({}, 'MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null'),
        failed(
          { imageDigest: 'x' },
          'InvalidImageDigest',
          "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        failed(
          { imageTag: '!' },
          'InvalidImageTag',
          "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'",
        ),
        failed(ofParent, 'ImageTagDoesNotMatchDigest', 'Requested image tag does not match the requested image digest'),
      ],
    })
  })

  test('lists that are too long or too short', async (t) => {
    const registry = await opened(t)
    for (const [imageIds, refusal] of [
      [null, invalid('imageIds', 'must not be null')],
      [[], invalid('imageIds', 'must have length greater than or equal to 1')],
      [
        Array.from({ length: 101 }, () => ({ imageTag: 'v1' })),
        invalid('imageIds', 'must have length less than or equal to 100'),
      ],
    ] as const) {
      await registry.refused(batchDeleteImage, { repositoryName, imageIds }, refusal)
    }
  })
})

async function pagesAddUp(
  { call }: PublicRegistry,
  operation: typeof describeImages | typeof describeImageTags,
  member: string,
): Promise<void> {
  const whole = (await call(operation, { repositoryName }))[member]
  for (const maxResults of [1, 2, 3, 1000]) {
    const items: unknown[] = []
    let nextToken: unknown = null
    do {
      const page: Input = await call(operation, { repositoryName, maxResults, nextToken })
      items.push(...(page[member] as unknown[]))
      nextToken = page['nextToken']
    } while (nextToken !== undefined)
    assert.deepEqual(items, whole)
  }
}
