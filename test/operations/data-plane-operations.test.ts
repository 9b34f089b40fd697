// The operations of the data plane alone: no client of the API can name them, but the same rules hold.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { headImage } from '../../src/operations/distribution/head-image.ts'
import { cancelLayerUpload, getLayerUpload } from '../../src/operations/distribution/layer-uploads.ts'
import { listCatalog, listTags } from '../../src/operations/distribution/listings.ts'
import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import {
  account,
  givenImage,
  givenRepository,
  ociManifestType,
  otherAccount,
  rootOf,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { denied } from './refusals.ts'
import { testRepositoryRules } from './repository-rules.ts'
import { isThere, open, part, testUploadIds, unknownId } from './uploads.ts'

const absent = digestOf('absent')

function plane(registry: TestRegistry): Context {
  return registry.ctx({ plane: 'distribution' })
}

describe('HeadImage', () => {
  testRepositoryRules(headImage, 'BatchGetImage', { imageId: { imageTag: 'v1' } })

  test('tells what a manifest is, by tag, digest or both, and is no pull', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest, manifest } = await givenImage(registry, 'app', 'v1', 'one', {
      annotations: { 'n\u00e9': '\u{1F40B}' },
    })
    for (const imageId of [{ imageTag: 'v1' }, { imageDigest: digest }, { imageDigest: digest, imageTag: 'v1' }]) {
      assert.deepEqual(await call(registry, headImage, { repositoryName: 'app', imageId }, plane(registry)), {
        imageDigest: digest,
        mediaType: ociManifestType,
        bytes: Buffer.byteLength(manifest),
      })
    }
    await registry.services.metadata.write(async () => undefined)
    const { imageDetails } = await registry.perform(describeImages, { repositoryName: 'app' })
    assert.deepEqual(
      imageDetails?.map((detail) => detail.lastRecordedPullTime),
      [undefined],
    )
  })

  test('refuses what is not there and what is no image id', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await givenImage(registry, 'app', 'v1')
    const notFound = (id: string) => ({
      name: 'ImageNotFoundException',
      message: `The image with imageId {${id}} does not exist within the repository with name 'app' in the registry with id '${account}'`,
    })
    for (const [imageId, refusal] of [
      [{ imageTag: 'v2' }, notFound(`imageDigest:'null', imageTag:'v2'`)],
      [{ imageDigest: absent }, notFound(`imageDigest:'${absent}', imageTag:'null'`)],
      [{ imageDigest: absent, imageTag: 'v1' }, notFound(`imageDigest:'${absent}', imageTag:'v1'`)],
      [{}, invalid('imageId', 'both tag and digest cannot be null')],
      [undefined, invalid('imageId', 'must not be null')],
      [{ imageTag: '' }, invalid('imageId.imageTag', 'must have length greater than or equal to 1')],
      [{ imageTag: '-x' }, invalid('imageTag', `must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`)],
      [
        { imageDigest: 'sha256:x' },
        invalid('imageDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`),
      ],
      ['v1', wrongType('imageId must be an object')],
    ] as const) {
      await assertRefused(registry, headImage, { repositoryName: 'app', imageId }, refusal, plane(registry))
    }
  })
})

describe('an upload', () => {
  testRepositoryRules(getLayerUpload, 'UploadLayerPart', { uploadId: unknownId })
  testRepositoryRules(cancelLayerUpload, 'UploadLayerPart', { uploadId: unknownId })
  testUploadIds(getLayerUpload, {})
  testUploadIds(cancelLayerUpload, {})

  test('tells how many bytes it has, until it is cancelled', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const uploadId = await open(registry)
    const input = { repositoryName: 'app', uploadId }
    assert.deepEqual(await call(registry, getLayerUpload, input), { uploadId, received: 0 })
    await call(registry, uploadLayerPart, part(uploadId, 0, 'layer'))
    assert.deepEqual(await call(registry, getLayerUpload, input), { uploadId, received: 5 })
    assert.deepEqual(await call(registry, cancelLayerUpload, input), {})
    assert.equal(await registry.services.blobs.received(uploadId), 0)
  })

  test('may be empty here, but not with ECR’s quirks', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const layerDigest = digestOf('')
    const input = { repositoryName: 'app', layerDigests: [layerDigest] }
    const quirky = registry.ctx({ plane: 'distribution', ecrQuirks: true })
    const refused = await open(registry)
    await assertRefused(
      registry,
      completeLayerUpload,
      { ...input, uploadId: refused },
      {
        name: 'EmptyUploadException',
        message: `The upload with id '${refused}' in the repository with name 'app' in registry with id '${account}' cannot be completed because it does not have any parts`,
      },
      quirky,
    )
    assert.equal(await isThere(registry, layerDigest), false)
    const uploadId = await open(registry)
    assert.deepEqual(await call(registry, completeLayerUpload, { ...input, uploadId }, plane(registry)), {
      registryId: account,
      repositoryName: 'app',
      uploadId,
      layerDigest,
    })
    assert.equal(await isThere(registry, layerDigest), true)
  })
})

describe('the last tag of an image', () => {
  for (const [what, change, stays] of [
    ['goes alone', { plane: 'distribution' }, true],
    ['takes the image with it, with ECR’s quirks', { plane: 'distribution', ecrQuirks: true }, false],
  ] as const) {
    test(what, async (t) => {
      const registry = await openRegistry(t)
      await givenRepository(registry, 'app')
      const { digest } = await givenImage(registry, 'app', 'v1')
      const input = { repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
      assert.deepEqual(await call(registry, batchDeleteImage, input, registry.ctx(change)), {
        imageIds: [{ imageDigest: digest, imageTag: 'v1' }],
        failures: [],
      })
      const { imageDetails } = await registry.perform(describeImages, { repositoryName: 'app' })
      assert.deepEqual(
        imageDetails?.map((detail) => detail.imageDigest),
        stays ? [digest] : [],
      )
    })
  }
})

const badCounts = [
  [undefined, invalid('n', 'must not be null')],
  [-1, invalid('n', 'Member must have value greater than or equal to 0')],
  [1001, invalid('n', 'Member must have value less than or equal to 1000')],
  [1.5, wrongType('n must be a whole number')],
  ['1', wrongType('n must be a number')],
] as const

describe('ListTags', () => {
  testRepositoryRules(listTags, 'ListImages', { n: 0 })

  test('gives tags in byte order, from one on', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { manifest } = await givenImage(registry, 'app', 'b')
    for (const imageTag of ['a', '_', 'B', '1', 'a.b', 'a-b']) {
      await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
    }
    await givenImage(registry, 'app', undefined, 'untagged')
    const all = ['1', 'B', '_', 'a', 'a-b', 'a.b', 'b']
    for (const [input, tags, more] of [
      [{ n: 1000 }, all, false],
      [{ n: 7 }, all, false],
      [{ n: 6 }, all.slice(0, 6), true],
      [{ n: 0 }, [], false],
      [{ n: 2, last: 'B' }, ['_', 'a'], true],
      [{ n: 9, last: 'Absent, sorted after 1' }, all.slice(1), false],
      [{ n: 9, last: '' }, all, false],
      [{ n: 9, last: 'b' }, [], false],
      [{ n: 9, last: '%' }, all, false],
    ] as const) {
      assert.deepEqual(await call(registry, listTags, { repositoryName: 'app', ...input }), { tags, more })
    }
    for (const [n, refusal] of badCounts) await assertRefused(registry, listTags, { repositoryName: 'app', n }, refusal)
  })
})

describe('ListCatalog', () => {
  test('gives repositories of the registry in byte order, from one on', async (t) => {
    const registry = await openRegistry(t)
    const names = ['app', 'app-b', 'app/a', 'app0', 'zz']
    for (const name of names.toReversed()) await givenRepository(registry, name)
    const abroad = registry.ctx({ region: 'eu-west-1' })
    await registry.perform(createRepository, { repositoryName: 'abroad' }, abroad)
    const stranger = registry.ctx({ caller: rootOf(otherAccount) })
    for (const [input, repositories, more] of [
      [{ n: 1000 }, names, false],
      [{ n: 5, registryId: account }, names, false],
      [{ n: 4 }, names.slice(0, 4), true],
      [{ n: 0 }, [], false],
      [{ n: 2, last: 'app' }, ['app-b', 'app/a'], true],
      [{ n: 9, last: 'b' }, ['zz'], false],
      [{ n: 9, last: 'zz' }, [], false],
    ] as const) {
      assert.deepEqual(await call(registry, listCatalog, input), { repositories, more })
    }
    assert.deepEqual(await call(registry, listCatalog, { n: 9 }, abroad), { repositories: ['abroad'], more: false })
    assert.deepEqual(await call(registry, listCatalog, { n: 9 }, stranger), { repositories: [], more: false })
    await assertRefused(
      registry,
      listCatalog,
      { n: 9, registryId: otherAccount },
      denied(account, 'ecr:DescribeRepositories', `arn:aws:ecr:us-east-1:${otherAccount}:repository/*`),
    )
    await assertRefused(
      registry,
      listCatalog,
      { n: 9, registryId: '1' },
      invalid('registryId', `must satisfy regular expression '[0-9]{12}'`),
    )
    for (const [n, refusal] of badCounts) await assertRefused(registry, listCatalog, { n }, refusal)
  })
})
