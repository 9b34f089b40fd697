// @aws-sdk/client-ecr: an image goes up and comes down by the AWS API alone, without the Docker protocol.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  BatchCheckLayerAvailabilityCommand,
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  ImageAlreadyExistsException,
  LayersNotFoundException,
  PutImageCommand,
  RepositoryNotFoundException,
  UploadLayerPartCommand,
  InitiateLayerUploadCommand,
  InvalidLayerPartException,
  paginateListImages,
} from '@aws-sdk/client-ecr'

import { makeImage, sha256 } from '../support/image-layout.ts'
import { uploadLayer, pushImage } from './images.ts'
import { useStowage } from './setting.ts'

const mebibyte = 1024 * 1024

describe('@aws-sdk/client-ecr', () => {
  const setting = useStowage()

  test('pushes an image layer by layer and pulls it by layer addresses', async () => {
    const { ecr } = setting.stowage
    const repositoryName = 'sdk/image'
    const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    assert.equal(repository?.repositoryUri, `localhost:${setting.stowage.port}/sdk/image`)
    const image = makeImage({ seed: 'sdk', layerBytes: [12 * mebibyte, 3000] })
    const blobs = [...image.layers, image.config]
    const layerDigests = blobs.map((blob) => blob.digest)

    const before = await ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
    assert.deepEqual(
      before.layers?.map((layer) => [layer.layerDigest, layer.layerAvailability]),
      layerDigests.map((digest) => [digest, 'UNAVAILABLE']),
    )
    const imageManifest = image.manifest.bytes.toString()
    await assert.rejects(ecr.send(new PutImageCommand({ repositoryName, imageManifest })), LayersNotFoundException)

    for (const blob of blobs) assert.equal(await uploadLayer(ecr, repositoryName, blob, 5 * mebibyte), blob.digest)
    const after = await ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
    assert.deepEqual(
      after.layers?.map((layer) => [layer.layerDigest, layer.layerAvailability, layer.layerSize]),
      blobs.map((blob) => [blob.digest, 'AVAILABLE', blob.bytes.length]),
    )

    const put = await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: 'v1' }))
    assert.deepEqual(put.image?.imageId, { imageDigest: image.manifest.digest, imageTag: 'v1' })
    const again = ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: 'v1' }))
    await assert.rejects(again, ImageAlreadyExistsException)

    const got = await ecr.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'v1' }] }))
    assert.equal(got.images?.[0]?.imageManifest, imageManifest)
    assert.deepEqual(got.failures, [])
    for (const blob of blobs) {
      const { downloadUrl } = await ecr.send(
        new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: blob.digest }),
      )
      const answer = await fetch(downloadUrl ?? '')
      assert.equal(answer.status, 200)
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), blob.digest)
    }
  })

  test('reads pages of images, image details, and deletes', async () => {
    const { ecr } = setting.stowage
    const repositoryName = 'sdk/pages'
    await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    const image = makeImage({ seed: 'sdk-pages', layerBytes: [1000] })
    const tags = ['a', 'b', 'c', 'd', 'e']
    await pushImage(ecr, repositoryName, image, 'a')
    const imageManifest = image.manifest.bytes.toString()
    for (const imageTag of tags.slice(1)) {
      await ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }))
    }

    const seen = new Set<string | undefined>()
    let pages = 0
    for await (const page of paginateListImages({ client: ecr, pageSize: 2 }, { repositoryName })) {
      pages += 1
      for (const { imageTag } of page.imageIds ?? []) seen.add(imageTag)
    }
    assert.equal(pages, 3)
    assert.deepEqual(seen, new Set(tags))

    const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName }))
    assert.equal(imageDetails?.length, 1)
    const [detail] = imageDetails
    assert.deepEqual(detail?.imageTags?.toSorted(), tags)
    assert.equal(detail?.imageDigest, image.manifest.digest)
    assert.equal(detail?.imageManifestMediaType, image.manifest.mediaType)
    assert.equal(detail?.artifactMediaType, image.config.mediaType)
    assert.ok(detail?.imagePushedAt instanceof Date)

    const imageIds = [{ imageDigest: image.manifest.digest }]
    const deleted = await ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds }))
    assert.equal(deleted.imageIds?.length, tags.length)
    await ecr.send(new DeleteRepositoryCommand({ repositoryName }))
    await assert.rejects(ecr.send(new DescribeImagesCommand({ repositoryName })), RepositoryNotFoundException)
  })

  test('is told which byte a part must begin with', async () => {
    const { ecr } = setting.stowage
    const repositoryName = 'sdk/parts'
    await ecr.send(new CreateRepositoryCommand({ repositoryName }))
    const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
    const part = { repositoryName, uploadId, partFirstByte: 7, partLastByte: 8, layerPartBlob: Buffer.from('ab') }
    await assert.rejects(ecr.send(new UploadLayerPartCommand(part)), (error) => {
      assert.ok(error instanceof InvalidLayerPartException)
      assert.equal(error.lastValidByteReceived, 0, 'the model allows nothing below 0')
      assert.equal(error.uploadId, uploadId)
      return true
    })
  })

  test('is refused with a key that the registry does not know, and with a wrong secret', async () => {
    const endpoint = setting.stowage.origin
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_REGION: region = '' } = setting.stowage.env
    const secretAccessKey = 'x'.repeat(40)
    const cases = [
      { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', name: 'UnrecognizedClientException' },
      { accessKeyId, name: 'InvalidSignatureException' },
    ]
    for (const { accessKeyId: id, name } of cases) {
      const ecr = new ECRClient({ endpoint, region, credentials: { accessKeyId: id, secretAccessKey }, maxAttempts: 1 })
      await assert.rejects(ecr.send(new DescribeImagesCommand({ repositoryName: 'sdk/image' })), { name })
      ecr.destroy()
    }
  })
})
