// The AWS command line: what a newcomer types first, and the words printed when it goes wrong.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import type {
  BatchCheckLayerAvailabilityResponse,
  BatchGetImageResponse,
  CompleteLayerUploadResponse,
  CreateRepositoryResponse,
  DescribeImagesResponse,
  DescribeRepositoriesResponse,
  InitiateLayerUploadResponse,
  PutImageResponse,
  UploadLayerPartResponse,
} from '@aws-sdk/client-ecr'

import { type RunResult, skipUnless } from '../support/client.ts'
import { type TestBlob, makeImage } from '../support/image-layout.ts'
import { useStowage } from './setting.ts'

const partBytes = 5 * 1024 * 1024
const account = '123456789012'

describe('aws ecr', { skip: skipUnless('aws') }, () => {
  const setting = useStowage()

  const run = (...args: readonly string[]): Promise<RunResult> =>
    setting.sandbox.run('aws', ['--endpoint-url', setting.stowage.origin, '--output', 'json', 'ecr', ...args])

  async function answer<Output>(...args: readonly string[]): Promise<Output> {
    const { code, stdout, stderr } = await run(...args)
    assert.equal(code, 0, `aws ecr ${args.join(' ')}: ${stderr}`)
    // The command prints the members that the SDK's output types name (times as text).
    return JSON.parse(stdout) as Output
  }

  async function uploadByParts(name: string, blob: TestBlob): Promise<void> {
    const { uploadId } = await answer<InitiateLayerUploadResponse>('initiate-layer-upload', '--repository-name', name)
    for (let first = 0, index = 0; first < blob.bytes.length; first += partBytes, index += 1) {
      const part = blob.bytes.subarray(first, first + partBytes)
      const file = setting.sandbox.path(`part-${index}`)
      await writeFile(file, part)
      const last = first + part.length - 1
      const range = ['--part-first-byte', String(first), '--part-last-byte', String(last)]
      const upload = ['--repository-name', name, '--upload-id', uploadId ?? '']
      const args = ['upload-layer-part', ...upload, ...range, '--layer-part-blob', `fileb://${file}`]
      const { lastByteReceived } = await answer<UploadLayerPartResponse>(...args)
      assert.equal(lastByteReceived, last)
    }
    const digests = ['--layer-digests', blob.digest]
    const upload = ['--repository-name', name, '--upload-id', uploadId ?? '']
    const done = await answer<CompleteLayerUploadResponse>('complete-layer-upload', ...upload, ...digests)
    assert.deepEqual(done, { registryId: account, repositoryName: name, uploadId, layerDigest: blob.digest })
  }

  test('creates and describes a repository', async () => {
    const { repository } = await answer<CreateRepositoryResponse>('create-repository', '--repository-name', 'cli/first')
    const { createdAt, ...rest } = repository ?? {}
    assert.ok(!Number.isNaN(Date.parse(String(createdAt))))
    assert.deepEqual(rest, {
      repositoryArn: `arn:aws:ecr:us-east-1:${account}:repository/cli/first`,
      registryId: account,
      repositoryName: 'cli/first',
      repositoryUri: `localhost:${setting.stowage.port}/cli/first`,
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: false },
      encryptionConfiguration: { encryptionType: 'AES256' },
    })
    const { repositories } = await answer<DescribeRepositoriesResponse>(
      'describe-repositories',
      '--repository-names',
      'cli/first',
    )
    assert.deepEqual(repositories, [repository])
  })

  test('gets a login password that opens the registry', async () => {
    const { code, stdout, stderr } = await run('get-login-password')
    assert.equal(code, 0, stderr)
    const authorization = `Basic ${Buffer.from(`AWS:${stdout}`).toString('base64')}`
    const { status } = await fetch(`${setting.stowage.origin}/v2/`, { headers: { authorization } })
    assert.equal(status, 200)
  })

  test('uploads layers by parts, puts an image, describes it and gets it back', async () => {
    const name = 'cli/image'
    const image = makeImage({ seed: 'aws-cli', layerBytes: [partBytes + 1000] })
    await answer<CreateRepositoryResponse>('create-repository', '--repository-name', name)
    for (const blob of [...image.layers, image.config]) await uploadByParts(name, blob)
    const digests = image.layers.map((layer) => layer.digest)
    const { layers } = await answer<BatchCheckLayerAvailabilityResponse>(
      'batch-check-layer-availability',
      '--repository-name',
      name,
      '--layer-digests',
      ...digests,
    )
    assert.deepEqual(
      layers?.map((layer) => layer.layerAvailability),
      ['AVAILABLE'],
    )

    const manifest = setting.sandbox.path('manifest.json')
    await writeFile(manifest, image.manifest.bytes)
    const put = ['put-image', '--repository-name', name, '--image-tag', 'v1', '--image-manifest', `file://${manifest}`]
    assert.deepEqual((await answer<PutImageResponse>(...put)).image?.imageId, {
      imageDigest: image.manifest.digest,
      imageTag: 'v1',
    })

    const { imageDetails } = await answer<DescribeImagesResponse>('describe-images', '--repository-name', name)
    assert.equal(imageDetails?.length, 1)
    assert.equal(imageDetails[0]?.imageDigest, image.manifest.digest)
    assert.deepEqual(imageDetails[0]?.imageTags, ['v1'])
    const get = ['batch-get-image', '--repository-name', name, '--image-ids', 'imageTag=v1', 'imageTag=v2']
    const { images, failures } = await answer<BatchGetImageResponse>(...get)
    assert.equal(images?.[0]?.imageManifest, image.manifest.bytes.toString())
    assert.deepEqual(failures, [
      { imageId: { imageTag: 'v2' }, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' },
    ])

    const { code, stderr } = await run(...put)
    assert.notEqual(code, 0)
    assert.equal(
      stderr,
      'An error occurred (ImageAlreadyExistsException) when calling the PutImage operation: ' +
        `Image with digest '${image.manifest.digest}' and tag 'v1' already exists in the repository with name ` +
        `'${name}' in registry with id '${account}'`,
    )
  })

  const refusals: readonly (readonly [string, readonly string[], string])[] = [
    [
      'a repository that does not exist',
      ['describe-repositories', '--repository-names', 'cli/absent'],
      'An error occurred (RepositoryNotFoundException) when calling the DescribeRepositories operation: ' +
        `The repository with name 'cli/absent' does not exist in the registry with id '${account}'`,
    ],
    [
      'a repository that exists already',
      ['create-repository', '--repository-name', 'cli/twice'],
      'An error occurred (RepositoryAlreadyExistsException) when calling the CreateRepository operation: ' +
        `The repository with name 'cli/twice' already exists in the registry with id '${account}'`,
    ],
    [
      'a name that is not allowed',
      ['create-repository', '--repository-name', 'UPPER'],
      'An error occurred (InvalidParameterException) when calling the CreateRepository operation: ' +
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression " +
        "'(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''",
    ],
  ]
  test('prints what ECR says of a mistake', async (t) => {
    await answer<CreateRepositoryResponse>('create-repository', '--repository-name', 'cli/twice')
    for (const [mistake, args, sentence] of refusals) {
      await t.test(mistake, async () => {
        const { code, stderr } = await run(...args)
        assert.notEqual(code, 0)
        assert.equal(stderr, sentence)
      })
    }
  })
})
