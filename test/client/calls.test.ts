// The client against a real Stowage: both APIs by name, pages, waiting, requests as values.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import {
  createEcr,
  createEcrPublic,
  ecrRequest,
  imagePresent,
  readRequest,
  repositoryGone,
  sameRequest,
  storeRequest,
  withMembers,
  type Ecr,
  type EcrPublic,
  type EcrRequest,
} from '../../src/client/index.ts'
import { startStowage, type Stowage } from '../support/stowage.ts'

let server: Stowage
let ecr: Ecr
let ecrPublic: EcrPublic
before(async () => {
  server = await startStowage()
  const options = {
    endpoint: server.origin,
    region: server.env['AWS_REGION'] ?? '',
    accessKeyId: server.env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  }
  ecr = createEcr(options)
  ecrPublic = createEcrPublic(options)
})
after(async () => {
  ecr.destroy()
  ecrPublic.destroy()
  await server.remove()
})

const digestOf = (bytes: string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

async function upload(repositoryName: string, bytes: string): Promise<string> {
  const { uploadId = '' } = await ecr.call('InitiateLayerUpload', { repositoryName })
  const range = { partFirstByte: 0, partLastByte: bytes.length - 1 }
  await ecr.call('UploadLayerPart', { repositoryName, uploadId, ...range, layerPartBlob: Readable.from([bytes]) })
  const { layerDigest } = await ecr.call('CompleteLayerUpload', {
    repositoryName,
    uploadId,
    layerDigests: [digestOf(bytes)],
  })
  return layerDigest ?? ''
}

async function push(repositoryName: string, imageTag: string): Promise<void> {
  const [config, layer] = [`{"of":"${imageTag}"}`, `layer of ${imageTag}`]
  const [configDigest, layerDigest] = [await upload(repositoryName, config), await upload(repositoryName, layer)]
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layerDigest, size: layer.length }],
  })
  await ecr.call('PutImage', { repositoryName, imageManifest, imageTag })
}

test('an image goes up by calls, a stream as its layer, and is described', async () => {
  await ecr.call('CreateRepository', { repositoryName: 'calls/one' })
  await push('calls/one', 'v1')
  const result = await ecr.try('DescribeImages', { repositoryName: 'calls/one' })
  assert.ok(result.ok)
  assert.equal(result.httpStatus, 200)
  assert.match(result.requestId ?? '', /^[0-9a-f-]{36}$/)
  const [image] = result.value.imageDetails ?? []
  assert.deepEqual(image?.imageTags, ['v1'])
  assert.ok(image.imagePushedAt instanceof Date)
  assert.ok(!('$metadata' in result.value))
})

test('an error is of the operation, with its own members', async () => {
  await ecr.call('CreateRepository', { repositoryName: 'calls/parts' })
  const { uploadId = '' } = await ecr.call('InitiateLayerUpload', { repositoryName: 'calls/parts' })
  const part = { repositoryName: 'calls/parts', uploadId, partFirstByte: 5, partLastByte: 9, layerPartBlob: '56789' }
  const result = await ecr.try('UploadLayerPart', part)
  assert.ok(!result.ok)
  const { error } = result
  assert.ok(error.name === 'InvalidLayerPartException')
  const { repositoryName, lastValidByteReceived, httpStatus, attempts } = error
  assert.deepEqual(
    { uploadId: error.uploadId, repositoryName, lastValidByteReceived, httpStatus, attempts },
    { uploadId, repositoryName: 'calls/parts', lastValidByteReceived: 0, httpStatus: 400, attempts: 1 },
  )
  assert.ok(!Object.keys(error).some((name) => name.startsWith('$') || name === '__type'))
})

test('an operation that the server does not offer is Unmodelled, with its name on the wire', async () => {
  const result = await ecr.try('DescribePullThroughCacheRules', {})
  assert.ok(!result.ok && result.error.name === 'Unmodelled')
  assert.equal(result.error.code, 'UnknownOperationException')
})

test('a key that the server does not know is Unmodelled', async () => {
  const other = createEcr({
    endpoint: server.origin,
    region: 'us-east-1',
    accessKeyId: 'AKIAUNKNOWNKEY00000',
    secretAccessKey: 'x'.repeat(40),
  })
  const result = await other.try('DescribeRegistry', {})
  other.destroy()
  assert.ok(!result.ok && result.error.name === 'Unmodelled')
  assert.equal(result.error.code, 'UnrecognizedClientException')
})

test('the public API goes by names of its own', async () => {
  const { repository } = await ecrPublic.call('CreateRepository', {
    repositoryName: 'tools',
    catalogData: { description: 'Tools' },
  })
  assert.match(repository?.repositoryUri ?? '', /\/tools$/)
  const { catalogData } = await ecrPublic.call('GetRepositoryCatalogData', { repositoryName: 'tools' })
  assert.equal(catalogData?.description, 'Tools')
  const missing = await ecrPublic.try('DescribeImages', { repositoryName: 'nowhere' })
  assert.ok(!missing.ok && missing.error.name === 'RepositoryNotFoundException')
  const names: (string | undefined)[] = []
  for await (const { repositoryName } of ecrPublic.items('DescribeRepositories', {})) names.push(repositoryName)
  assert.deepEqual(names, ['tools'])
})

describe('pages', () => {
  before(async () => {
    for (let index = 0; index < 5; index++) await ecr.call('CreateRepository', { repositoryName: `pages/r${index}` })
    await push('pages/r0', 'a')
    await push('pages/r0', 'b')
    await push('pages/r0', 'c')
  })
  test('are asked for one by one', async () => {
    const sizes: (number | undefined)[] = []
    for await (const page of ecr.pages('ListImages', { repositoryName: 'pages/r0', maxResults: 2 }))
      sizes.push(page.imageIds?.length)
    assert.deepEqual(sizes, [2, 1])
  })
  test('are items, one by one', async () => {
    const names: (string | undefined)[] = []
    for await (const { repositoryName } of ecr.items('DescribeRepositories', { maxResults: 2 }))
      names.push(repositoryName)
    assert.deepEqual(
      names.filter((name) => name?.startsWith('pages/')),
      ['pages/r0', 'pages/r1', 'pages/r2', 'pages/r3', 'pages/r4'],
    )
  })
  test('fail as a call does, and end with a signal', async () => {
    const walk = async (signal?: AbortSignal) => {
      for await (const _ of ecr.items('ListImages', { repositoryName: 'pages/none' }, { signal }))
        assert.fail('an item')
    }
    await assert.rejects(walk(), { name: 'RepositoryNotFoundException' })
    await assert.rejects(walk(AbortSignal.abort()), { name: 'Aborted' })
  })
})

describe('waiting', () => {
  const quick = { intervalMs: 20, timeoutMs: 5000 }
  test('for an image', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'wait/image' })
    const waiting = imagePresent(ecr, { repositoryName: 'wait/image', imageId: { imageTag: 'v1' } }, quick)
    await sleep(60)
    await push('wait/image', 'v1')
    assert.deepEqual((await waiting).imageTags, ['v1'])
  })
  test('for the end of a repository', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'wait/gone' })
    let gone = false
    const waiting = repositoryGone(ecr, { repositoryName: 'wait/gone' }, quick).then(() => (gone = true))
    await sleep(60)
    assert.equal(gone, false)
    await ecr.call('DeleteRepository', { repositoryName: 'wait/gone' })
    await waiting
  })
  test('of the public API', async () => {
    await repositoryGone(ecrPublic, { repositoryName: 'never-was' }, quick)
  })
  test('ends when its time is over, or its signal says', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'wait/never' })
    const wanted = { repositoryName: 'wait/never', imageId: { imageTag: 'v1' } }
    await assert.rejects(imagePresent(ecr, wanted, { intervalMs: 20, timeoutMs: 100 }), {
      name: 'WaitTimeoutError',
      message: 'Waited 100 ms for image v1 in wait/never',
    })
    const signal = AbortSignal.timeout(50)
    await assert.rejects(imagePresent(ecr, wanted, { intervalMs: 60_000, signal }), { name: 'Aborted' })
  })
  test('and what cannot get better is thrown', async () => {
    const wanted = { repositoryName: 'wait/nowhere', imageId: { imageTag: 'v1' } }
    await assert.rejects(imagePresent(ecr, wanted, quick), { name: 'RepositoryNotFoundException' })
  })
})

describe('requests are values', () => {
  const part = withMembers(
    ecrRequest('UploadLayerPart', {
      repositoryName: 'team/app',
      uploadId: '00000000-0000-0000-0000-000000000000',
      partFirstByte: 0,
      partLastByte: 4,
      layerPartBlob: new Uint8Array([1, 2, 3, 4, 5]),
    }),
    { registryId: '123456789012' },
  )
  test('that are copied when they change', () => {
    const first = ecrRequest('DescribeImages', { repositoryName: 'team/app' })
    const second = withMembers(first, { maxResults: 5 })
    assert.deepEqual(first, { service: 'ecr', operation: 'DescribeImages', input: { repositoryName: 'team/app' } })
    assert.deepEqual(second.input, { repositoryName: 'team/app', maxResults: 5 })
    assert.ok(!sameRequest(first, second))
    assert.ok(sameRequest(first, withMembers(second, { maxResults: undefined })))
  })
  test('that are stored and read', async () => {
    const text = await storeRequest(part)
    assert.equal(JSON.parse(text).input.layerPartBlob, 'AQIDBAU=')
    assert.ok(sameRequest(readRequest(text), part))
    const streamed = { ...part, input: { ...part.input, layerPartBlob: Readable.from([Buffer.from([1, 2, 3, 4, 5])]) } }
    assert.equal(await storeRequest(streamed), text)
  })
  test('that are sent later', async () => {
    const text = await storeRequest(ecrRequest('CreateRepository', { repositoryName: 'requests/one' }))
    const request = readRequest(text) as EcrRequest<'CreateRepository'>
    const first = await ecr.send(request)
    assert.ok(first.ok)
    assert.equal(first.value.repository?.repositoryName, 'requests/one')
    const second = await ecr.send(request)
    assert.ok(!second.ok && second.error.name === 'RepositoryAlreadyExistsException')
  })
  test('that are refused when they are none', async () => {
    const message = 'There is no operation MakeCoffee in an API called ecr'
    assert.throws(() => readRequest('{"service":"ecr","operation":"MakeCoffee","input":{}}'), {
      name: 'TypeError',
      message,
    })
    const bad = ecrRequest('DescribeImages', { repositoryName: 'A' })
    await assert.rejects(storeRequest(bad), { name: 'InvalidInput' })
  })
})
