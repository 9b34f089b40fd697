import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'

import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  ServerException,
} from '@aws-sdk/client-ecr'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

import { image, layer, startRegistry, type TestRegistry } from '../../src/testing/index.ts'

const describeAll = new DescribeRepositoriesCommand({})

for (const listen of [true, false]) {
  describe(`faults ${listen ? 'on the wire' : 'without a port'}`, () => {
    let registry: TestRegistry
    let settings: Pick<TestRegistry, 'region' | 'credentials'>
    let ecr: ECRClient
    let send: typeof fetch | TestRegistry['fetch']
    before(async () => {
      registry = await startRegistry({ listen })
      const { endpoint, requestHandler, region, credentials } = registry
      settings = { region, credentials, ...(listen ? { endpoint } : { requestHandler }) }
      ecr = new ECRClient({ ...settings, maxAttempts: 1 })
      send = listen ? fetch : registry.fetch
    })
    beforeEach(() => registry.reset())
    after(() => registry.close())

    test('throttling meets as many requests as asked for, and the SDK gets through at its third attempt', async () => {
      const fault = registry.faults.add({ operation: 'CreateRepository', kind: 'throttle', times: 2 })
      const patient = new ECRClient({ ...settings, maxAttempts: 3 })
      await ecr.send(describeAll)
      const { $metadata } = await patient.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
      assert.equal($metadata.attempts, 3)
      assert.deepEqual([fault.met, registry.faults.waiting], [2, []])
      assert.deepEqual(
        registry.requests
          .of('CreateRepository')
          .map(({ status, faults, performed }) => [status, faults, performed.length]),
        [
          [400, ['throttle'], 0],
          [400, ['throttle'], 0],
          [200, [], 1],
        ],
      )
      registry.faults.add({ kind: 'throttle' })
      await assert.rejects(ecr.send(describeAll), { name: 'ThrottlingException', message: 'Rate exceeded' })
    })

    test('an error has the status and the name that were asked for, and nothing is performed', async () => {
      registry.faults.add({ operation: ['PutImage', 'CreateRepository'], kind: 'error', status: 500 })
      const creating = ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
      await assert.rejects(
        creating,
        (error) => error instanceof ServerException && error.$metadata.httpStatusCode === 500,
      )
      assert.deepEqual((await ecr.send(describeAll)).repositories, [])
      const code = 'ExpiredTokenException'
      registry.faults.add({ kind: 'error', status: 400, code, message: 'The security token is expired' })
      await assert.rejects(ecr.send(describeAll), { name: code, message: 'The security token is expired' })
      registry.faults.add({ kind: 'error', status: 502, body: '<html>Bad gateway</html>' })
      await assert.rejects(ecr.send(describeAll), { name: 'SyntaxError' })
      registry.faults.add({ operation: 'GetCallerIdentity', kind: 'error', status: 503, code: 'ServiceUnavailable' })
      const sts = new STSClient({ ...settings, maxAttempts: 1 })
      await assert.rejects(sts.send(new GetCallerIdentityCommand({})), { name: 'ServiceUnavailable' })
      registry.faults.add({ operation: 'GetCallerIdentity', kind: 'throttle' })
      await assert.rejects(sts.send(new GetCallerIdentityCommand({})), { name: 'Throttling' })
      assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, registry.accountId)
    })

    test('a connection that is cut before the answer leaves what was done', async () => {
      registry.faults.add({ operation: 'CreateRepository', kind: 'cut' })
      await assert.rejects(ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' })), { code: 'ECONNRESET' })
      const { repositories = [] } = await ecr.send(describeAll)
      assert.deepEqual(
        repositories.map(({ repositoryName }) => repositoryName),
        ['app'],
      )
      assert.equal(registry.requests.all[0]?.status, undefined)
    })

    test('a request that is cut before its end is not performed', async () => {
      registry.faults.add({ operation: 'CreateRepository', kind: 'cut', of: 'request', afterBytes: 10 })
      await assert.rejects(ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' })), { code: 'ECONNRESET' })
      assert.deepEqual((await ecr.send(describeAll)).repositories, [])
    })

    test('a layer is cut after so many bytes, and goes on with a range', async () => {
      const big = layer(3 * 1024 * 1024)
      await registry.put('app', image({ layers: [big] }))
      const { downloadUrl = '' } = await ecr.send(
        new GetDownloadUrlForLayerCommand({ repositoryName: 'app', layerDigest: big.digest }),
      )
      registry.faults.add({ operation: 'GetLayer', kind: 'cut', afterBytes: 1_000_000 })
      const answer = await send(downloadUrl)
      const first = await receivedOf(answer)
      assert.equal(answer.headers.get('content-length'), String(big.size))
      assert.equal(first.broke, true)
      assert.equal(first.bytes.length, 1_000_000)
      const rest = await send(downloadUrl, { headers: { range: `bytes=${first.bytes.length}-` } })
      const second = await receivedOf(rest)
      assert.equal(second.broke, false)
      assert.ok(Buffer.concat([first.bytes, second.bytes]).equals(big.bytes))
    })

    test('the data plane answers in its own words', async () => {
      await registry.put('app', image({ tag: 'v1' }))
      const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
      const headers = { authorization: `Basic ${authorizationData?.[0]?.authorizationToken ?? ''}` }
      const url = `${registry.endpoint}/v2/app/manifests/v1`
      const codeOf = async (answer: Response) => [answer.status, Object(await answer.json()).errors[0].code]
      registry.faults.add({ operation: 'GET manifest', kind: 'throttle' })
      const throttled = await send(url, { headers })
      assert.equal(throttled.headers.get('retry-after'), '1')
      assert.deepEqual(await codeOf(throttled), [429, 'TOOMANYREQUESTS'])
      registry.faults.add({ route: /^GET \/v2\/app\//g, kind: 'error', status: 401, code: 'UNAUTHORIZED', times: 2 })
      for (const _ of [1, 2]) assert.deepEqual(await codeOf(await send(url, { headers })), [401, 'UNAUTHORIZED'])
      registry.faults.add({ route: 'HEAD /v2/app/manifests/v1', kind: 'cut', afterBytes: 5 })
      await assert.rejects(send(url, { method: 'HEAD', headers }), TypeError)
      assert.equal((await send(url, { headers })).status, 200)
    })

    test('slow ones add up, and another fault may follow', async () => {
      registry.faults.add({ kind: 'slow', delayMs: 60 })
      registry.faults.add({ kind: 'slow', delayMs: 60 })
      registry.faults.add({ kind: 'throttle' })
      const startedMs = performance.now()
      await assert.rejects(ecr.send(describeAll), { name: 'ThrottlingException' })
      // Timers may be a millisecond early.
      assert.ok(performance.now() - startedMs >= 118)
      assert.deepEqual(registry.requests.all[0]?.faults, ['slow', 'slow', 'throttle'])
      await ecr.send(describeAll)
    })

    test('a client that gives up on a slow one is gone, and the registry is not disturbed', async () => {
      registry.faults.add({ kind: 'slow', delayMs: 60_000 })
      const controller = new AbortController()
      const sending = ecr.send(describeAll, { abortSignal: controller.signal })
      setTimeout(() => controller.abort(), 50)
      await assert.rejects(sending, { name: 'AbortError' })
      await registry.reset()
      assert.deepEqual((await ecr.send(describeAll)).repositories, [])
    })

    test('some may pass before, a side may be chosen, and a fault may be taken back', async () => {
      registry.faults.add({ kind: 'throttle', after: 2 })
      await ecr.send(describeAll)
      await ecr.send(describeAll)
      await assert.rejects(ecr.send(describeAll))
      const onPublic = registry.faults.add({ kind: 'error', status: 500, side: 'public', times: Infinity })
      await ecr.send(describeAll)
      const healthOf = async () => (await send(`${registry.publicEndpoint}/healthz`)).status
      assert.deepEqual([await healthOf(), await healthOf()], [500, 500])
      onPublic.remove()
      assert.deepEqual([await healthOf(), onPublic.met], [200, 2])
    })

    test('none of this is a defect of the registry', () => {
      assert.deepEqual(registry.defects, [])
    })
  })
}

async function receivedOf(answer: Response): Promise<{ readonly bytes: Buffer; readonly broke: boolean }> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of answer.body ?? []) pieces.push(piece)
    return { bytes: Buffer.concat(pieces), broke: false }
  } catch {
    return { bytes: Buffer.concat(pieces), broke: true }
  }
}

test('faults that cannot be are refused', async () => {
  await using registry = await startRegistry({ listen: false })
  for (const [fault, sentence] of [
    [{ kind: 'throttle', times: 0 }, 'times must be a whole number of at least 1, not 0'],
    [{ kind: 'throttle', after: -1 }, 'after must be a whole number of at least 0, not -1'],
    [{ kind: 'error', status: 200 }, 'status must be 400 to 599, not 200'],
    [{ kind: 'cut', afterBytes: 0.5 }, 'afterBytes must be a whole number of at least 0, not 0.5'],
    [{ kind: 'slow', delayMs: Number.NaN }, 'delayMs must be a whole number of at least 0, not NaN'],
  ] as const)
    assert.throws(() => registry.faults.add(fault), { name: 'RangeError', message: sentence })
  assert.deepEqual(registry.faults.waiting, [])
})
