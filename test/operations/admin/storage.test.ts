// The operator's operations on storage: DescribeUsage, CollectGarbage, ListDeletedImages, RestoreImage.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { collectGarbage } from '../../../src/operations/admin/collect-garbage.ts'
import { describeUsage } from '../../../src/operations/admin/describe-usage.ts'
import { listDeletedImages } from '../../../src/operations/admin/list-deleted-images.ts'
import { restoreImage } from '../../../src/operations/admin/restore-image.ts'
import { batchDeleteImage } from '../../../src/operations/private/batch-delete-image.ts'
import { createRepository } from '../../../src/operations/private/create-repository.ts'
import { batchDeleteImage as batchDeletePublicImage } from '../../../src/operations/public/batch-delete-image.ts'
import { completeLayerUpload } from '../../../src/operations/public/complete-layer-upload.ts'
import { createRepository as createPublicRepository } from '../../../src/operations/public/create-repository.ts'
import { initiateLayerUpload } from '../../../src/operations/public/initiate-layer-upload.ts'
import { putImage as putPublicImage } from '../../../src/operations/public/put-image.ts'
import { uploadLayerPart } from '../../../src/operations/public/upload-layer-part.ts'
import { digestOf } from '../../../src/lib/digest.ts'
import {
  account,
  givenImage,
  givenRepository,
  manifestOf,
  otherAccount,
  region,
  rootOf,
} from '../../support/registry.ts'
import { uploadTo } from '../../contract/metadata-samples.ts'
import { assertRefused, call, openRegistry } from '../calls.ts'

const hourMs = 3_600_000
const registryKey = { kind: 'private', accountId: account, region } as const
const noTrash = { trashFileCount: 0, trashBytes: 0, complete: true }
const layerBytes = '{"config":"one"}'.length + 'layer of one'.length

describe('DescribeUsage', () => {
  test('repositories of all accounts, page by page, and the whole store with the first', async (t) => {
    const registry = await openRegistry(t)
    const other = registry.ctx({ caller: rootOf(otherAccount), region: 'eu-west-1' })
    for (const repositoryName of ['b', 'a'].map((name) => `team/${name}`))
      await givenRepository(registry, repositoryName)
    await registry.perform(createRepository, { repositoryName: 'theirs' }, other)
    await registry.perform(createPublicRepository, { repositoryName: 'open' })
    const { manifest } = await givenImage(registry, 'team/b', 'v1')
    const empty = { imageCount: 0, layerCount: 0, layerBytes: 0, manifestBytes: 0 }
    const mine = { registryType: 'PRIVATE', registryId: account, region }
    const repositories = [
      { ...mine, repositoryName: 'team/a', ...empty },
      { ...mine, repositoryName: 'team/b', imageCount: 1, layerCount: 2, layerBytes, manifestBytes: manifest.length },
      {
        registryType: 'PRIVATE',
        registryId: otherAccount,
        region: 'eu-west-1',
        repositoryName: 'theirs',
        ...empty,
      },
      { registryType: 'PUBLIC', registryId: account, repositoryName: 'open', ...empty },
    ]
    const total = {
      layerCount: 2,
      layerBytes,
      leasedLayerCount: 0,
      leasedLayerBytes: 0,
      collectableLayerCount: 0,
      collectableLayerBytes: 0,
      trashFileCount: 0,
      trashBytes: 0,
      openUploadCount: 0,
      openUploadBytes: 0,
    }
    assert.deepEqual(await call(registry, describeUsage, {}), { repositories, total })
    const pages: unknown[] = []
    let nextToken: unknown
    do {
      // The answer of the call.
      const page = (await call(registry, describeUsage, { maxResults: 3, nextToken })) as Record<string, unknown>
      nextToken = page['nextToken']
      pages.push([page['repositories'], page['total']])
    } while (nextToken !== undefined)
    assert.deepEqual(pages, [
      [repositories.slice(0, 3), total],
      [repositories.slice(3), undefined],
    ])
  })

  test('pages have a limit, and tokens are of this listing', async (t) => {
    const registry = await openRegistry(t)
    await assertRefused(
      registry,
      describeUsage,
      { maxResults: 101 },
      {
        name: 'InvalidParameterException',
        message: `Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 100'`,
      },
    )
    await assertRefused(
      registry,
      describeUsage,
      { nextToken: 'x' },
      {
        name: 'InvalidParameterException',
        message: `Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'`,
      },
    )
  })
})

test('CollectGarbage says what would go, then takes it, and is counted', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const { digest } = await givenImage(registry, 'app', 'v1')
  await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageDigest: digest }] })
  const none = { layerCount: 0, layerBytes: 0, deletedImageCount: 0, removedFileCount: 0 }
  assert.deepEqual(await call(registry, collectGarbage, {}), { ...none, ...noTrash })
  registry.advance(24 * hourMs + 1)
  const all = { layerCount: 2, layerBytes, deletedImageCount: 0, removedFileCount: 0 }
  const dry = () => call(registry, collectGarbage, { dryRun: true })
  assert.deepEqual(await dry(), { ...all, ...noTrash })
  assert.deepEqual(await dry(), { ...all, ...noTrash })
  assert.equal(registry.collections.length, 1)
  const waiting = { trashFileCount: 2, trashBytes: layerBytes, complete: true }
  assert.deepEqual(await call(registry, collectGarbage, { dryRun: false }), { ...all, ...waiting })
  assert.deepEqual(await dry(), { ...none, ...waiting })
  registry.advance(10_000)
  assert.deepEqual(await call(registry, collectGarbage, {}), { ...none, removedFileCount: 2, ...noTrash })
  assert.equal(registry.collections.length, 3)
})

test('CollectGarbage answers in time, and says that there may be more', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const count = 501
  const { metadata } = registry.services
  const { id } = (await metadata.read.repositories.find(registryKey, 'app')) ?? assert.fail()
  await metadata.write(async (tx) => {
    for (let at = 0; at < count; at++) {
      const digest = digestOf(`${at}`)
      const hex = digest.slice(7, 39)
      const upload = { ...uploadTo({ id }), phys: `${hex.slice(0, 2)}/${hex}` }
      await tx.uploads.create(upload)
      await tx.layers.commit(upload, { digest, size: 1 }, 0, 0)
    }
  })
  // Each look at the clock is six seconds after the one before: the second one after the start is too late.
  let now = registry.services.clock.now()
  const ctx = { ...registry.ctx(), clock: { now: () => (now += 6000) } }
  const first = await registry.perform(collectGarbage, {}, ctx)
  assert.equal(first.complete, false)
  assert.ok(first.layerCount < count, `${first.layerCount} layers`)
  const second = await registry.perform(collectGarbage, {})
  assert.deepEqual([second.complete, first.layerCount + second.layerCount], [true, count])
})

describe('deleted images', () => {
  const limits = { undeleteMs: 48 * hourMs }

  test('of a private repository are listed and restored', async (t) => {
    const registry = await openRegistry(t, { limits })
    await givenRepository(registry, 'app')
    const list = () => call(registry, listDeletedImages, { repositoryName: 'app' })
    assert.deepEqual(await list(), { deletedImages: [] })
    const pushedAt = registry.services.clock.now() / 1000
    const { digest } = await givenImage(registry, 'app', 'v1')
    registry.advance(hourMs)
    const deletedAt = registry.services.clock.now() / 1000
    await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds: [{ imageDigest: digest }] })
    assert.deepEqual(await list(), {
      deletedImages: [
        {
          imageDigest: digest,
          imageTags: ['v1'],
          imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
          artifactMediaType: 'application/vnd.oci.image.config.v1+json',
          imageSizeInBytes: layerBytes,
          imagePushedAt: pushedAt,
          deletedAt,
          keptUntil: deletedAt + 48 * 3600,
        },
      ],
    })
    await assertRefused(
      registry,
      restoreImage,
      { repositoryName: 'app', imageDigest: 'sha256:0a' },
      {
        name: 'InvalidParameterException',
        message: `Invalid parameter at 'imageDigest' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+''`,
      },
    )
    assert.deepEqual(await call(registry, restoreImage, { repositoryName: 'app', imageDigest: digest }), {
      imageDigest: digest,
      imageTags: ['v1'],
      takenImageTags: [],
    })
    assert.deepEqual(await list(), { deletedImages: [] })
  })

  test('are listed page by page', async (t) => {
    const registry = await openRegistry(t, { limits })
    await givenRepository(registry, 'app')
    const digests: string[] = []
    for (let at = 0; at < 3; at++) digests.push((await givenImage(registry, 'app', undefined, `${at}`)).digest)
    const imageIds = digests.map((imageDigest) => ({ imageDigest }))
    await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds })
    const seen: string[] = []
    let nextToken: string | undefined
    do {
      const page = await registry.perform(listDeletedImages, { repositoryName: 'app', maxResults: 2, nextToken })
      seen.push(...page.deletedImages.map(({ imageDigest }) => imageDigest))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    assert.deepEqual(seen, digests.toSorted())
  })

  test('of a public repository, of another account', async (t) => {
    const registry = await openRegistry(t, { limits })
    const theirs = { ...registry.ctx({ caller: rootOf(otherAccount) }), limits: registry.services.publicLimits }
    await registry.perform(createPublicRepository, { repositoryName: 'app' }, theirs)
    const { uploadId = '' } = await registry.perform(initiateLayerUpload, { repositoryName: 'app' }, theirs)
    const part = { partFirstByte: 0, partLastByte: 5, layerPartBlob: Buffer.from('config') }
    await registry.perform(uploadLayerPart, { repositoryName: 'app', uploadId, ...part }, theirs)
    const layerDigests = [digestOf('config')]
    await registry.perform(completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests }, theirs)
    const imageManifest = manifestOf(['config'])
    const imageDigest = digestOf(imageManifest)
    await registry.perform(putPublicImage, { repositoryName: 'app', imageManifest, imageTag: 'v1' }, theirs)
    const imageIds = [{ imageTag: 'v1' }]
    await registry.perform(batchDeletePublicImage, { repositoryName: 'app', imageIds }, theirs)
    const where = { registryType: 'PUBLIC', registryId: otherAccount, repositoryName: 'app' } as const
    const { deletedImages } = await registry.perform(listDeletedImages, where)
    assert.deepEqual(
      deletedImages.map((image) => [image.imageDigest, image.imageTags]),
      [[imageDigest, ['v1']]],
    )
    assert.deepEqual(await call(registry, restoreImage, { ...where, imageDigest, imageTags: ['v2'] }), {
      imageDigest,
      imageTags: ['v2'],
      takenImageTags: [],
    })
  })

  test('of a repository that is not there', async (t) => {
    const registry = await openRegistry(t, { limits })
    await givenRepository(registry, 'app')
    const notFound = (repositoryName: string, registryId = account) => ({
      name: 'RepositoryNotFoundException',
      message: `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
    })
    const imageDigest = digestOf('none')
    for (const where of [{ registryType: 'PUBLIC' }, { registryId: otherAccount }, { region: 'eu-west-1' }]) {
      const expected = notFound('app', where.registryId)
      await assertRefused(registry, listDeletedImages, { repositoryName: 'app', ...where }, expected)
      await assertRefused(registry, restoreImage, { repositoryName: 'app', imageDigest, ...where }, expected)
    }
  })
})

test('other accounts may do none of it', async (t) => {
  const registry = await openRegistry(t)
  const ctx = registry.ctx({ caller: rootOf(otherAccount) })
  const repositoryName = 'app'
  for (const [operation, input] of [
    [describeUsage, {}],
    [collectGarbage, {}],
    [listDeletedImages, { repositoryName }],
    [restoreImage, { repositoryName, imageDigest: digestOf('x') }],
  ] as const) {
    const action = `stowage:${operation.name}`
    const resource = `arn:aws:stowage:${region}:${account}:server`
    await assertRefused(
      registry,
      operation,
      input,
      {
        name: 'AccessDeniedException',
        message: `User: arn:aws:iam::${otherAccount}:root is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`,
      },
      ctx,
    )
  }
})
