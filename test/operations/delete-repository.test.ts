// DeleteRepository: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { deleteRepository } from '../../src/operations/private/delete-repository.ts'
import { describeRepositories } from '../../src/operations/private/describe-repositories.ts'
import { initiateLayerUpload } from '../../src/operations/private/initiate-layer-upload.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { listTagsForResource } from '../../src/operations/private/list-tags-for-resource.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { account, givenImage, givenLayer, givenRepository, otherAccount, rootOf } from '../support/registry.ts'
import { assertRefused, call, openRegistry, type Refusal, wrongType } from './calls.ts'
import { repositoryNotFound } from './refusals.ts'
import { testRepositoryRules } from './repository-rules.ts'

testRepositoryRules(deleteRepository, 'DeleteRepository', { force: true })

const registry = await openRegistry({ after })
const remove = (json: unknown) => call(registry, deleteRepository, json)
const isGone = (repositoryName: string) =>
  assertRefused(
    registry,
    describeRepositories,
    { repositoryNames: [repositoryName] },
    repositoryNotFound(repositoryName),
  )

function notEmpty(name: string): Refusal {
  return {
    name: 'RepositoryNotEmptyException',
    message: `The repository with name '${name}' in registry with id '${account}' cannot be deleted because it still contains images`,
  }
}

describe('an empty repository', () => {
  for (const force of [undefined, null, false, true]) {
    test(`goes with force ${force}, and is answered as it was`, async () => {
      const settings = {
        imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
        imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'dev*' }],
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfiguration: { encryptionType: 'AES256' },
      }
      const created = await call(registry, createRepository, { repositoryName: 'empty', ...settings })
      registry.advance(1000)
      assert.deepEqual(await remove({ repositoryName: 'empty', force }), created)
      await isGone('empty')
      await assertRefused(registry, deleteRepository, { repositoryName: 'empty' }, repositoryNotFound('empty'))
    })
  }

  test('one that holds layers and an open upload, but no image, is empty; the upload ends with it', async () => {
    await givenRepository(registry, 'layers')
    await givenLayer(registry, 'layers', 'a layer without an image')
    const { uploadId } = await registry.perform(initiateLayerUpload, { repositoryName: 'layers' })
    await remove({ repositoryName: 'layers' })
    await isGone('layers')
    await givenRepository(registry, 'layers')
    await assertRefused(
      registry,
      uploadLayerPart,
      { repositoryName: 'layers', uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'AA==' },
      {
        name: 'UploadNotFoundException',
        message: `The upload with id '${uploadId}' does not exist in the repository with name 'layers' in registry with id '${account}'`,
      },
    )
  })
})

describe('J21 a repository with images', () => {
  for (const [kind, tag] of [
    ['a tagged', 'latest'],
    ['an untagged', undefined],
  ] as const) {
    for (const force of [undefined, false]) {
      test(`with ${kind} image and force ${force}: RepositoryNotEmptyException, and nothing is lost`, async () => {
        const repositoryName = `${kind.replace(' ', '-')}-${force}`
        await givenRepository(registry, repositoryName)
        const { digest, manifest } = await givenImage(registry, repositoryName, tag)
        await assertRefused(registry, deleteRepository, { repositoryName, force }, notEmpty(repositoryName))
        const { images } = await registry.perform(batchGetImage, {
          repositoryName,
          imageIds: [{ imageDigest: digest }],
        })
        assert.deepEqual(
          images?.map(({ imageManifest }) => imageManifest),
          [manifest],
        )
      })
    }
  }

  test('goes with force: images, layers and resource tags with it', async () => {
    const repositoryName = 'full'
    const tags = [{ Key: 'team', Value: 'blue' }]
    const created = await call(registry, createRepository, { repositoryName, tags })
    const { manifest } = await givenImage(registry, repositoryName, 'latest')
    assert.deepEqual(await remove({ repositoryName, force: true }), created)
    await isGone(repositoryName)

    await givenRepository(registry, repositoryName)
    assert.deepEqual(await call(registry, listImages, { repositoryName }), { imageIds: [] })
    const resourceArn = `arn:aws:ecr:us-east-1:${account}:repository/${repositoryName}`
    assert.deepEqual(await call(registry, listTagsForResource, { resourceArn }), { tags: [] })
    await assert.rejects(registry.perform(putImage, { repositoryName, imageManifest: manifest }), {
      name: 'LayersNotFoundException',
    })
  })

  test('its namesakes and neighbours stay', async () => {
    const elsewhere = [registry.ctx({ region: 'eu-west-1' }), registry.ctx({ caller: rootOf(otherAccount) })]
    for (const ctx of [undefined, ...elsewhere]) await call(registry, createRepository, { repositoryName: 'same' }, ctx)
    await givenRepository(registry, 'same/below')
    await remove({ repositoryName: 'same', force: true })
    await isGone('same')
    for (const ctx of elsewhere) {
      const { repositories } = await registry.perform(describeRepositories, { repositoryNames: ['same'] }, ctx)
      assert.equal(repositories?.length, 1)
    }
    const { repositories } = await registry.perform(describeRepositories, { repositoryNames: ['same/below'] })
    assert.equal(repositories?.length, 1)
  })

  test('two deletes at once: one answers the repository, the other that there is none', async () => {
    await givenRepository(registry, 'race')
    const deletes = [remove({ repositoryName: 'race' }), remove({ repositoryName: 'race' })]
    const results = await Promise.allSettled(deletes)
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    assert.deepEqual(
      results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
      [`RepositoryNotFoundException: ${repositoryNotFound('race').message}`],
    )
  })
})

test('force is a boolean', async () => {
  await givenRepository(registry, 'kept')
  for (const force of ['true', 1]) {
    const json = { repositoryName: 'kept', force }
    await assertRefused(registry, deleteRepository, json, wrongType('force must be a boolean'))
  }
  const { repositories } = await registry.perform(describeRepositories, { repositoryNames: ['kept'] })
  assert.equal(repositories?.length, 1)
})
