// BatchCheckLayerAvailability, InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'

import { digestOf } from '../../../src/lib/digest.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { batchCheckLayerAvailability } from '../../../src/operations/public/batch-check-layer-availability.ts'
import { completeLayerUpload } from '../../../src/operations/public/complete-layer-upload.ts'
import { initiateLayerUpload } from '../../../src/operations/public/initiate-layer-upload.ts'
import { uploadLayerPart } from '../../../src/operations/public/upload-layer-part.ts'
import { account } from '../../support/registry.ts'
import { invalid, openPublic, testRepositoryRules, type Input, type PublicRegistry } from './calls.ts'
import { givenPublicImage, givenPublicLayer } from './images.ts'

const digest = digestOf('nothing')
const part = { partFirstByte: 0, partLastByte: 0, layerPartBlob: 'YQ==' }
const uploadId = '00000000-0000-4000-8000-000000000000'
const repositoryName = 'app'
const where = `repository with name 'app' in registry with id '${account}'`

testRepositoryRules(batchCheckLayerAvailability, { layerDigests: [digest] }, 'account or alias')
testRepositoryRules(initiateLayerUpload, {}, 'account or alias')
testRepositoryRules(uploadLayerPart, { uploadId, ...part }, 'account or alias')
testRepositoryRules(completeLayerUpload, { uploadId, layerDigests: [digest] }, 'account or alias')

/** An upload of the repository, which is made. */
async function opened(
  t: Parameters<typeof openPublic>[0],
  limits = {},
): Promise<PublicRegistry & { readonly uploadId: string }> {
  const registry = await openPublic(t, limits)
  await registry.given(repositoryName)
  const answer = await registry.call(initiateLayerUpload, { repositoryName })
  return { ...registry, uploadId: String(answer['uploadId']) }
}

const partOf = (text: string, at = 0): Input => ({
  partFirstByte: at,
  partLastByte: at + Buffer.byteLength(text) - 1,
  layerPartBlob: Buffer.from(text).toString('base64'),
})

describe('BatchCheckLayerAvailability', () => {
  test('layers there and not there, each once, and digests that are none', async (t) => {
    const registry = await openPublic(t)
    await registry.given(repositoryName)
    const fresh = await givenPublicLayer(registry, repositoryName, 'fresh')
    await givenPublicImage(registry, repositoryName, 'v1')
    const named = digestOf('layer of one')
    const absent = digestOf('absent')
    const layerDigests = [named, absent, 'sha256:short', fresh, '', named]
    const reason = (text: string) => `Invalid request parameters: layer digest ${text}`
    assert.deepEqual(await registry.call(batchCheckLayerAvailability, { repositoryName, layerDigests }), {
      layers: [
        {
          layerDigest: named,
          layerAvailability: 'AVAILABLE',
          layerSize: 12,
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
        },
        { layerDigest: absent, layerAvailability: 'UNAVAILABLE' },
        {
          layerDigest: fresh,
          layerAvailability: 'AVAILABLE',
          layerSize: 5,
          mediaType: 'application/vnd.docker.container.image.rootfs.diff+x-gtar',
        },
      ],
      failures: [
        {
          layerDigest: 'sha256:short',
          failureCode: 'InvalidLayerDigest',
          failureReason: reason("should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"),
        },
        { layerDigest: '', failureCode: 'MissingLayerDigest', failureReason: reason('cannot be empty') },
      ],
    })
  })

  test('lists that are too long or too short', async (t) => {
    const { refused, given } = await openPublic(t)
    await given(repositoryName)
    for (const [layerDigests, refusal] of [
      [null, invalid('layerDigests', 'must not be null')],
      [[], invalid('layerDigests', 'must have length greater than or equal to 1')],
      [
        Array.from({ length: 101 }, () => digest),
        invalid('layerDigests', 'must have length less than or equal to 100'),
      ],
      [['x'.repeat(1001)], invalid('layerDigests.1.member', 'must have length less than or equal to 1000')],
    ] as const) {
      await refused(batchCheckLayerAvailability, { repositoryName, layerDigests }, refusal)
    }
  })
})

describe('an upload', () => {
  test('in parts, by the alias of the registry: answers hold its number', async (t) => {
    const { call, alias, given } = await openPublic(t)
    await given(repositoryName)
    const registryId = await alias()
    const { uploadId: id, ...begun } = await call(initiateLayerUpload, { registryId, repositoryName })
    assert.deepEqual(begun, { partSize: 10 * 1024 * 1024 })
    assert.match(String(id), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const input = { registryId, repositoryName, uploadId: id }
    const answer = { registryId: account, repositoryName, uploadId: id }
    const large = 'a'.repeat(5 * 1024 * 1024)
    assert.deepEqual(await call(uploadLayerPart, { ...input, ...partOf(large) }), {
      ...answer,
      lastByteReceived: large.length - 1,
    })
    const last = partOf('end', large.length)
    assert.deepEqual(await call(uploadLayerPart, { ...input, ...last }), {
      ...answer,
      lastByteReceived: large.length + 2,
    })
    const layerDigest = digestOf(`${large}end`)
    assert.deepEqual(await call(completeLayerUpload, { ...input, layerDigests: [layerDigest] }), {
      ...answer,
      layerDigest,
    })
    const { layers } = await call(batchCheckLayerAvailability, {
      registryId,
      repositoryName,
      layerDigests: [layerDigest],
    })
    assert.equal((layers as Input[])[0]?.['layerSize'], large.length + 3)
  })

  test('that nobody began, or somebody else, or for another repository', async (t) => {
    const { call, refused, given, uploadId: id } = await opened(t)
    await given('other')
    const gone = (name: string, upload: string) => ({
      name: 'UploadNotFoundException',
      message: `The upload with id '${upload}' does not exist in the repository with name '${name}' in registry with id '${account}'`,
    })
    const operations: readonly (readonly [Operation, Input])[] = [
      [uploadLayerPart, part],
      [completeLayerUpload, { layerDigests: [digest] }],
    ]
    const unknown = randomUUID()
    for (const [operation, input] of operations) {
      await refused(operation, { repositoryName, uploadId: unknown, ...input }, gone('app', unknown))
      await refused(operation, { repositoryName: 'other', uploadId: id, ...input }, gone('other', id))
    }
    const received = await call(uploadLayerPart, { repositoryName, uploadId: id, ...part })
    assert.deepEqual(received, { registryId: account, repositoryName, uploadId: id, lastByteReceived: 0 })
  })

  test('arguments that are none', async (t) => {
    const { refused, uploadId: id } = await opened(t)
    const input = { repositoryName, uploadId: id, ...part }
    const uuid = invalid(
      'uploadId',
      "must satisfy regular expression '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'",
    )
    const negative = 'Member must have value greater than or equal to 0'
    for (const [operation, change, refusal] of [
      [uploadLayerPart, { uploadId: 'x' }, uuid],
      [completeLayerUpload, { uploadId: 'x', layerDigests: [digest] }, uuid],
      [uploadLayerPart, { uploadId: null }, invalid('uploadId', 'must not be null')],
      [uploadLayerPart, { partFirstByte: -1 }, invalid('partFirstByte', negative)],
      [uploadLayerPart, { partLastByte: -1 }, invalid('partLastByte', negative)],
      [uploadLayerPart, { layerPartBlob: null }, invalid('layerPartBlob', 'must not be null')],
      [completeLayerUpload, {}, invalid('layerDigests', 'must not be null')],
      [
        completeLayerUpload,
        { layerDigests: [] },
        invalid('layerDigests', 'must have length greater than or equal to 1'),
      ],
      [
        completeLayerUpload,
        { layerDigests: ['no digest'] },
        invalid('layerDigests.1.member', "must satisfy regular expression '^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$'"),
      ],
      [
        completeLayerUpload,
        { layerDigests: ['md5:00'] },
        invalid('layerDigests', "'md5:00' is not a supported digest"),
      ],
      [
        completeLayerUpload,
        { layerDigests: [digest, digestOf('other')] },
        invalid('layerDigests', 'must not hold several digests of one algorithm'),
      ],
    ] as const) {
      await refused(operation, { ...input, ...change }, refusal)
    }
  })

  test('parts that do not follow, or have another size than they say', async (t) => {
    const { call, refused, uploadId: id } = await opened(t)
    const input = { repositoryName, uploadId: id }
    await call(uploadLayerPart, { ...input, ...partOf('abc') })
    const members = { registryId: account, repositoryName, uploadId: id, lastValidByteReceived: 2 }
    const name = 'InvalidLayerPartException'
    const apart = `The layer part is not consecutive to the last one of the upload with id '${id}': the last valid byte received is 2`
    for (const at of [0, 2, 4])
      await refused(uploadLayerPart, { ...input, ...partOf('x', at) }, { name, message: apart, members })
    const size = `The size of the layer part does not match its byte range in the upload with id '${id}': the last valid byte received is 2`
    await refused(uploadLayerPart, { ...input, ...partOf('x', 3), partLastByte: 4 }, { name, message: size, members })
  })

  test('more parts than a public layer may have, and more bytes', async (t) => {
    const { call, refused, uploadId: id } = await opened(t, { layerPartsMax: 2, layerBytesMax: 4 })
    const input = { repositoryName, uploadId: id }
    const exceeded = (message: string) => ({
      name: 'LimitExceededException',
      message: `The upload with id '${id}' in the ${where} ${message}`,
    })
    const tooLarge = exceeded("exceeds the maximum allowed layer size which is '4' bytes")
    await refused(uploadLayerPart, { ...input, ...partOf('abcde') }, tooLarge)
    for (const [at, text] of ['a', 'b'].entries()) await call(uploadLayerPart, { ...input, ...partOf(text, at) })
    const tooMany = exceeded("already has the maximum allowed number of layer parts which is '2'")
    await refused(uploadLayerPart, { ...input, ...partOf('c', 2) }, tooMany)
  })

  test('the quotas are those of public registries', async (t) => {
    const { ctx } = await openPublic(t)
    const { layerPartsMax, layerBytesMax, repositoriesPerRegistry, imagesPerRepository, tagsPerImage } = ctx().limits
    assert.deepEqual(
      { layerPartsMax, layerBytesMax, repositoriesPerRegistry, imagesPerRepository, tagsPerImage },
      {
        layerPartsMax: 1000,
        layerBytesMax: 10_000 * 1024 * 1024,
        repositoriesPerRegistry: 10_000,
        imagesPerRepository: 100_000,
        tagsPerImage: 1000,
      },
    )
  })

  test('nothing was sent', async (t) => {
    const { refused, uploadId: id } = await opened(t)
    await refused(
      completeLayerUpload,
      { repositoryName, uploadId: id, layerDigests: [digestOf('')] },
      {
        name: 'EmptyUploadException',
        message: `The upload with id '${id}' in the ${where} cannot be completed because it does not have any parts`,
      },
    )
  })

  test('other bytes than the digest says; then the right digest', async (t) => {
    const { call, refused, uploadId: id } = await opened(t)
    const input = { repositoryName, uploadId: id }
    await call(uploadLayerPart, { ...input, ...partOf('abc') })
    await refused(
      completeLayerUpload,
      { ...input, layerDigests: [digestOf('abd')] },
      {
        name: 'InvalidLayerException',
        message: 'None of the provided layer digests match the calculated layer digest',
      },
    )
    const layerDigest = digestOf('abc')
    const answer = { registryId: account, repositoryName, uploadId: id, layerDigest }
    assert.deepEqual(await call(completeLayerUpload, { ...input, layerDigests: [layerDigest] }), answer)
  })

  test('a small part that is not the last one', async (t) => {
    const { call, refused, uploadId: id } = await opened(t)
    const input = { repositoryName, uploadId: id }
    for (const [at, text] of ['a', 'b'].entries()) await call(uploadLayerPart, { ...input, ...partOf(text, at) })
    await refused(
      completeLayerUpload,
      { ...input, layerDigests: [digestOf('ab')] },
      {
        name: 'LayerPartTooSmallException',
        message: 'All layer parts except the last part should be at least 5MB',
      },
    )
  })

  test('a layer that is there already', async (t) => {
    const registry = await opened(t)
    const { call, refused, uploadId: id } = registry
    const layerDigest = await givenPublicLayer(registry, repositoryName, 'twice')
    const input = { repositoryName, uploadId: id }
    await call(uploadLayerPart, { ...input, ...partOf('twice') })
    await refused(
      completeLayerUpload,
      { ...input, layerDigests: [layerDigest] },
      {
        name: 'LayerAlreadyExistsException',
        message: `Layer with digest '${layerDigest}' already exists in the ${where}`,
      },
    )
  })
})
