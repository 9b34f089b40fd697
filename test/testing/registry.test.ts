import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import {
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  CompleteLayerUploadCommand,
  UploadLayerPartCommand,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr'
import {
  DescribeImagesCommand as DescribePublicImages,
  DescribeRegistriesCommand,
  ECRPUBLICClient,
} from '@aws-sdk/client-ecr-public'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

import { digestOf } from '../../src/lib/digest.ts'
import { artifact, image, index, layer, startRegistry, type TestRegistry } from '../../src/testing/index.ts'

const clientOf = (registry: TestRegistry) => new ECRClient({ ...registry, maxAttempts: 1 })
const byPort = ({ endpoint, region, credentials }: TestRegistry) =>
  new ECRClient({ endpoint, region, credentials, maxAttempts: 1 })
/** Neither an endpoint nor a port. */
const withoutPort = ({ requestHandler, region, credentials }: TestRegistry) =>
  new ECRClient({ requestHandler, region, credentials, maxAttempts: 1 })

const namesIn = async (ecr: ECRClient) => {
  const { repositories = [] } = await ecr.send(new DescribeRepositoriesCommand({}))
  return repositories.map(({ repositoryName }) => repositoryName)
}

for (const [how, open, listen] of [
  ['through its port', byPort, true],
  ['through the request handler, with no port open', withoutPort, false],
] as const) {
  test(`a registry answers the official SDK ${how}`, async () => {
    await using registry = await startRegistry({ listen })
    const ecr = open(registry)
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }))
    const part = layer(6 * 1024 * 1024)
    const upload = { repositoryName: 'team/app', registryId: registry.accountId }
    const { uploadId } = await ecr.send(new InitiateLayerUploadCommand(upload))
    const range = { partFirstByte: 0, partLastByte: part.size - 1 }
    await ecr.send(new UploadLayerPartCommand({ ...upload, uploadId, ...range, layerPartBlob: part.bytes }))
    const done = await ecr.send(new CompleteLayerUploadCommand({ ...upload, uploadId, layerDigests: [part.digest] }))
    assert.equal(done.layerDigest, part.digest)
    await registry.put('team/app', image({ layers: [part] }))
    const { downloadUrl = '' } = await ecr.send(
      new GetDownloadUrlForLayerCommand({ ...upload, layerDigest: part.digest }),
    )
    const answer = await (listen ? fetch : registry.fetch)(downloadUrl)
    assert.equal(digestOf(new Uint8Array(await answer.arrayBuffer())), part.digest)
    assert.equal(answer.headers.get('content-length'), String(part.size))
    await assert.rejects(ecr.send(new DescribeImagesCommand({ repositoryName: 'none' })), RepositoryNotFoundException)
    const sts = new STSClient(
      listen
        ? registry
        : { requestHandler: registry.requestHandler, region: 'us-east-1', credentials: registry.credentials },
    )
    assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, registry.accountId)
  })
}

test('the account and the region are those that were asked for', async () => {
  await using registry = await startRegistry({ account: '210987654321', region: 'eu-central-1' })
  assert.deepEqual([registry.accountId, registry.region], ['210987654321', 'eu-central-1'])
  const { repository } = await clientOf(registry).send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  assert.equal(repository?.repositoryArn, 'arn:aws:ecr:eu-central-1:210987654321:repository/app')
  assert.equal(repository?.repositoryUri, `${registry.registryHost}/app`)
})

test('a key of somebody else, and a wrong secret, are refused as by ECR', async () => {
  await using registry = await startRegistry({ listen: false })
  const send = (credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }) =>
    withoutPort({ ...registry, credentials }).send(new DescribeRepositoriesCommand({}))
  await assert.rejects(send({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' }), {
    name: 'UnrecognizedClientException',
  })
  await assert.rejects(send({ ...registry.credentials, secretAccessKey: 'wrong' }), {
    name: 'InvalidSignatureException',
  })
})

describe('fixtures that are put', () => {
  let registry: TestRegistry
  test('an image is there by digest and tags, and leaves no request', async () => {
    registry = await startRegistry({ listen: false })
    const made = image({ tag: 'v1', layers: [layer(21 * 1024 * 1024), 'some text'] })
    await registry.put('team/app', made, { tags: ['latest'] })
    await registry.put('team/app', made)
    const { imageDetails = [] } = await withoutPort(registry).send(
      new DescribeImagesCommand({ repositoryName: 'team/app' }),
    )
    assert.equal(imageDetails.length, 1)
    assert.equal(imageDetails[0]?.imageDigest, made.manifest.digest)
    assert.deepEqual(imageDetails[0]?.imageTags?.toSorted(), ['latest', 'v1'])
    assert.equal(registry.requests.of('PutImage').length, 0)
  })

  test('an index comes with its images, and a referrer with its subject, byte for byte', async () => {
    const platforms = ['amd64', 'arm64'].map((architecture) =>
      image({ seed: architecture, platform: { os: 'linux', architecture } }),
    )
    const both = index(platforms, { tag: 'multi' })
    await registry.put('team/multi', both)
    const signature = artifact({ artifactType: 'application/vnd.example.signature', subject: both })
    await registry.put('team/multi', signature)
    const { images = [] } = await withoutPort(registry).send(
      new BatchGetImageCommand({ repositoryName: 'team/multi', imageIds: [{ imageTag: 'multi' }] }),
    )
    assert.equal(images[0]?.imageManifest, Buffer.from(both.manifest.bytes).toString())
    const referrers = await registry.fetch(`${registry.endpoint}/v2/team/multi/referrers/${both.manifest.digest}`, {
      headers: { authorization: await basicOf(registry) },
    })
    const listed: unknown = await referrers.json()
    assert.deepEqual(
      Object(listed).manifests.map((one: { digest: string }) => one.digest),
      [signature.manifest.digest],
    )
  })

  test('a public image is pulled by anybody', async () => {
    const made = image({ tag: 'v1' })
    await registry.put('tool', made, { public: true })
    const publicApi = new ECRPUBLICClient({
      requestHandler: registry.requestHandler,
      region: 'us-east-1',
      credentials: registry.credentials,
    })
    const { imageDetails } = await publicApi.send(new DescribePublicImages({ repositoryName: 'tool' }))
    assert.equal(imageDetails?.[0]?.imageDigest, made.manifest.digest)
    const { registries } = await publicApi.send(new DescribeRegistriesCommand({}))
    const alias = registries?.[0]?.aliases?.[0]?.name ?? ''
    const { token } = Object(await (await registry.fetch(`${registry.publicEndpoint}/token/`)).json())
    const pulled = await registry.fetch(`${registry.publicEndpoint}/v2/${alias}/tool/manifests/v1`, {
      headers: { authorization: `Bearer ${String(token)}` },
    })
    assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), Buffer.from(made.manifest.bytes))
    assert.equal(registry.requests.all.at(-1)?.side, 'public')
  })

  test('what is not in the fixture is not invented: a layer without bytes is refused', async () => {
    await assert.rejects(registry.put('team/app', image({ layers: [''] })), { name: 'EmptyUploadException' })
  })

  after(() => registry.close())
})

async function basicOf(registry: TestRegistry): Promise<string> {
  const { authorizationData } = await withoutPort(registry).send(new GetAuthorizationTokenCommand({}))
  return `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}`
}

describe('the content as a whole', () => {
  test('reset empties the registry, its log and its faults, and what clients hold stays good', async () => {
    await using registry = await startRegistry()
    const ecr = clientOf(registry)
    const made = image({ tag: 'v1' })
    await registry.put('team/app', made)
    await namesIn(ecr)
    registry.faults.add({ kind: 'throttle', times: Infinity })
    const authorization = await basicOf(registry).catch(() => '')
    assert.equal(authorization, '')
    await registry.reset()
    assert.deepEqual([registry.requests.all, registry.faults.waiting], [[], []])
    assert.deepEqual(await namesIn(ecr), [])
    await registry.put('team/app', made)
    assert.deepEqual(await namesIn(ecr), ['team/app'])
  })

  test('a snapshot is restored as often as asked for, in any order', async () => {
    await using registry = await startRegistry({ listen: false })
    const ecr = withoutPort(registry)
    const [one, two] = [image({ seed: 'one', tag: 'v1' }), image({ seed: 'two', tag: 'v1' })]
    await registry.put('app', one)
    const first = await registry.snapshot()
    await registry.put('app', two)
    await registry.put('other', two)
    const second = await registry.snapshot()
    const digestNow = async () => {
      const { images = [] } = await ecr.send(
        new BatchGetImageCommand({ repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }),
      )
      return images[0]?.imageId?.imageDigest
    }
    const layerNow = async ({ layers }: typeof one) => {
      const layerDigest = layers[0]?.digest
      const { downloadUrl = '' } = await ecr.send(
        new GetDownloadUrlForLayerCommand({ repositoryName: 'app', layerDigest }),
      )
      return digestOf(new Uint8Array(await (await registry.fetch(downloadUrl)).arrayBuffer()))
    }
    for (const [snapshot, its, names] of [
      [first, one, ['app']],
      [second, two, ['app', 'other']],
      [second, two, ['app', 'other']],
      [first, one, ['app']],
    ] as const) {
      await registry.reset()
      assert.deepEqual(await namesIn(ecr), [])
      await registry.restore(snapshot)
      assert.deepEqual(await namesIn(ecr), names)
      assert.equal(await digestNow(), its.manifest.digest)
      assert.equal(await layerNow(its), its.layers[0]?.digest)
    }
  })

  test('an unfinished upload is part of it, with the bytes it had', async () => {
    await using registry = await startRegistry({ listen: false })
    const ecr = withoutPort(registry)
    const upload = { repositoryName: 'app' }
    await ecr.send(new CreateRepositoryCommand(upload))
    const { uploadId } = await ecr.send(new InitiateLayerUploadCommand(upload))
    const bytes = layer(12 * 1024 * 1024, 'upload').bytes
    const others = layer(12 * 1024 * 1024, 'others').bytes
    const half = bytes.byteLength / 2
    const send = (from: Uint8Array, start: number) =>
      ecr.send(
        new UploadLayerPartCommand({
          ...upload,
          uploadId,
          partFirstByte: start,
          partLastByte: start + half - 1,
          layerPartBlob: from.subarray(start, start + half),
        }),
      )
    await send(bytes, 0)
    const snapshot = await registry.snapshot()
    await send(others, half)
    await registry.restore(snapshot)
    await send(bytes, half)
    const layerDigests = [digestOf(bytes)]
    const done = await ecr.send(new CompleteLayerUploadCommand({ ...upload, uploadId, layerDigests }))
    assert.equal(done.layerDigest, layerDigests[0])
  })

  test('a snapshot of another registry is refused', async () => {
    await using one = await startRegistry({ listen: false })
    await using two = await startRegistry({ listen: false })
    await assert.rejects(two.restore(await one.snapshot()), TypeError)
  })

  test('a reset waits for what is running, and holds back what comes', async () => {
    await using registry = await startRegistry({ listen: false })
    const ecr = withoutPort(registry)
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    const authorization = await basicOf(registry)
    const begun = await registry.fetch(`${registry.endpoint}/v2/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization },
    })
    const order: string[] = []
    const note = (what: string) => () => void order.push(what)
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const location = new URL(begun.headers.get('location') ?? '', registry.endpoint)
    const sending = registry
      .fetch(location, { method: 'PATCH', headers: { authorization }, body: readable })
      .then(({ status }) => order.push(`upload ${status}`))
    await writer.write(Buffer.from('half'))
    const resetting = registry.reset().then(note('reset'))
    const asking = namesIn(ecr).then((names) => order.push(`names ${names.join()}`))
    await pause(100)
    assert.deepEqual(order, [])
    await writer.write(Buffer.from('done'))
    await writer.close()
    await Promise.all([sending, resetting, asking])
    assert.deepEqual(order, ['upload 202', 'reset', 'names '])
  })
})

test('registries of one process know nothing of each other', async () => {
  const all = await Promise.all([startRegistry(), startRegistry(), startRegistry({ listen: false })])
  try {
    await all[0].put('only/here', image())
    const names = await Promise.all(all.map((one) => namesIn(withoutPort(one))))
    assert.deepEqual(names, [['only/here'], [], []])
    assert.equal(new Set(all.map(({ credentials }) => credentials.secretAccessKey)).size, 3)
  } finally {
    await Promise.all(all.map((one) => one.close()))
  }
})

test("bytes that are sent without a port stay the sender's", async () => {
  await using registry = await startRegistry({ listen: false })
  const ecr = withoutPort(registry)
  const upload = { repositoryName: 'app' }
  await ecr.send(new CreateRepositoryCommand(upload))
  const sent: Uint8Array[] = []
  // As clients do that encode parts into buffers of their own.
  ecr.middlewareStack.add(
    (next) => (args) => {
      const request = Object(args.request)
      request.body = new TextEncoder().encode(request.body)
      sent.push(request.body)
      return next(args)
    },
    { step: 'build' },
  )
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand(upload))
  const bytes = layer(100_000).bytes
  const range = { partFirstByte: 0, partLastByte: bytes.length - 1 }
  await ecr.send(new UploadLayerPartCommand({ ...upload, uploadId, ...range, layerPartBlob: bytes }))
  const piece = new Uint8Array(100_000)
  const response = await registry.fetch(`${registry.endpoint}/v2/app/blobs/uploads/${uploadId}`, {
    method: 'PATCH',
    headers: { authorization: await basicOf(registry) },
    body: ReadableStream.from([piece]),
  })
  assert.equal(response.status, 202)
  assert.deepEqual(
    [...sent, piece].map(({ byteLength }) => byteLength > 0),
    [true, true, true],
  )
})

test('collect takes what no image names, at once', async () => {
  await using registry = await startRegistry({ listen: false, settings: { leaseHours: 0 } })
  const ecr = withoutPort(registry)
  const upload = { repositoryName: 'app' }
  await ecr.send(new CreateRepositoryCommand(upload))
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand(upload))
  const { bytes, digest } = layer('nobody names it')
  const range = { partFirstByte: 0, partLastByte: bytes.byteLength - 1 }
  await ecr.send(new UploadLayerPartCommand({ ...upload, uploadId, ...range, layerPartBlob: bytes }))
  await ecr.send(new CompleteLayerUploadCommand({ ...upload, uploadId, layerDigests: [digest] }))
  assert.equal((await registry.collect()).layers, 1)
  await assert.rejects(ecr.send(new GetDownloadUrlForLayerCommand({ ...upload, layerDigest: digest })), {
    name: 'LayersNotFoundException',
  })
})

describe('what it leaves', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-testing-'))
  after(() => rmSync(directory, { recursive: true }))

  test('nothing, when it is closed, once or twice', async () => {
    const registry = await startRegistry({ directory })
    await registry.put('app', image())
    await registry.snapshot()
    assert.equal(readdirSync(directory).length, 1)
    await Promise.all([registry.close(), registry.close()])
    await registry.close()
    assert.deepEqual(readdirSync(directory), [])
    await assert.rejects(fetch(registry.endpoint))
  })

  test('nothing, when something is under way that does not end', { timeout: 20_000 }, async () => {
    const made = image({ tag: 'v1', layers: [layer(3_000_000)] })
    for (const listen of [true, false]) {
      const registry = await startRegistry({ directory, listen })
      const send = listen ? fetch : registry.fetch
      await registry.put('app', made)
      const headers = { authorization: await basicOf(registry) }
      const begun = await send(`${registry.endpoint}/v2/app/blobs/uploads/`, { method: 'POST', headers })
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const writer = writable.getWriter()
      const location = new URL(begun.headers.get('location') ?? '', registry.endpoint)
      const upload: RequestInit = { method: 'PATCH', headers, body: readable, duplex: 'half' }
      const sending = assert.rejects(send(location, upload))
      await writer.write(Buffer.from('half'))
      const reading = await send(`${registry.endpoint}/v2/app/blobs/${made.layers[0]?.digest}`, { headers })
      const reader = reading.body?.getReader()
      await reader?.read()
      await registry.close()
      await sending
      await assert.rejects(async () => {
        while ((await reader?.read())?.done === false);
      })
    }
    assert.deepEqual(readdirSync(directory), [])
  })

  test('nothing, when it does not start', async () => {
    await assert.rejects(startRegistry({ directory, settings: { leaseHours: -1 } }), {
      name: 'ConfigError',
      message: 'leaseHours in the settings of startRegistry must be at least 0, not -1',
    })
    await using other = await startRegistry({ listen: true })
    const { port } = new URL(other.endpoint)
    await assert.rejects(startRegistry({ directory, port: Number(port) }), { name: 'ListenError' })
    assert.deepEqual(readdirSync(directory), [])
  })

  test('no trace of a place that was given by mistake', async () => {
    const missing = join(directory, 'missing')
    await assert.rejects(startRegistry({ directory: missing }), { code: 'ENOENT' })
    assert.equal(existsSync(missing), false)
  })
})
