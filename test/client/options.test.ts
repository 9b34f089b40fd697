// The options that are ours: who calls, where to, through what.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { requestHandlerOptions } from '../../src/client/connection-options.ts'
import { createEcrPublic } from '../../src/client/create-ecr-public.ts'
import { createEcr, type EcrOptions } from '../../src/client/create-ecr.ts'
import { startFakeService, type FakeService } from '../support/fake-service.ts'
import { testCertificate, testKey } from '../support/test-certificate.ts'

const key = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
const here = { ...key, region: 'us-east-1', maxAttempts: 1 }

async function ask(options: EcrOptions) {
  const ecr = createEcr(options)
  try {
    return await ecr.try('DescribeRegistry', {})
  } finally {
    ecr.destroy()
  }
}

/** Runs with these variables of the environment. */
async function withEnv<T>(env: Readonly<Record<string, string>>, work: () => Promise<T> | T): Promise<T> {
  const old = Object.keys(env).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, env)
  try {
    return await work()
  } finally {
    for (const [name, value] of old) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

let service: FakeService
let secure: FakeService
const folder = mkdtempSync(join(tmpdir(), 'stowage-client-options-'))
const caFile = join(folder, 'ca.pem')
before(async () => {
  writeFileSync(caFile, testCertificate)
  service = await startFakeService()
  secure = await startFakeService({ cert: testCertificate, key: testKey })
})
after(async () => {
  await service.close()
  await secure.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  service.script()
  secure.script()
})

describe('flat credentials', () => {
  test('sign, with the session token', async () => {
    await ask({ ...here, endpoint: service.origin, sessionToken: 'session', accountId: '123456789012' })
    const [seen] = service.requests
    assert.match(String(seen?.headers.authorization), /Credential=AKIATEST\/\d{8}\/us-east-1\/ecr\//)
    assert.equal(seen?.headers['x-amz-security-token'], 'session')
  })
  const bad: readonly (readonly [EcrOptions, RegExp])[] = [
    [{ accessKeyId: 'AKIA' }, /^accessKeyId and secretAccessKey belong together: one of them is missing$/],
    [{ secretAccessKey: 'x' }, /^accessKeyId and secretAccessKey belong together: one of them is missing$/],
    [{ sessionToken: 'x' }, /^sessionToken and accountId need accessKeyId and secretAccessKey beside them$/],
    [{ ...key, credentials: key }, /^Give credentials or accessKeyId and secretAccessKey, not both$/],
  ]
  for (const [options, message] of bad) {
    test(message.source, () => {
      assert.throws(() => createEcr({ region: 'us-east-1', ...options }), { name: 'TypeError', message })
    })
  }
})

describe('where to', () => {
  test('an endpoint excludes the choice among those of AWS', () => {
    assert.throws(() => createEcr({ endpoint: service.origin, useFipsEndpoint: true, useDualstackEndpoint: true }), {
      name: 'TypeError',
      message: `useFipsEndpoint and useDualstackEndpoint choose among AWS's own addresses and cannot be used with an endpoint: leave out one of them`,
    })
  })
  test('the public API is in us-east-1, whatever the environment says of the private one', async () => {
    await withEnv({ AWS_REGION: 'eu-central-1' }, async () => {
      assert.equal(await createEcrPublic(key).region(), 'us-east-1')
      assert.equal(await createEcr(key).region(), 'eu-central-1')
    })
  })
  test('and is not where AWS has none', async () => {
    assert.equal(await createEcrPublic({ ...key, region: 'us-west-2' }).region(), 'us-west-2')
    assert.throws(() => createEcrPublic({ ...key, region: 'eu-central-1' }), {
      name: 'TypeError',
      message: `ECR Public is one registry for the whole world, whose API is in us-east-1 and us-west-2 only: leave out region (it was 'eu-central-1'), or give an endpoint`,
    })
  })
  test('a server of your own may be in any region', async () => {
    assert.equal(
      await createEcrPublic({ ...key, region: 'eu-central-1', endpoint: service.origin }).region(),
      'eu-central-1',
    )
    await withEnv({ AWS_ENDPOINT_URL_ECR_PUBLIC: service.origin }, async () => {
      const ecr = createEcrPublic({ ...key, region: 'eu-central-1' })
      assert.ok((await ecr.try('DescribeRegistries', {})).ok)
      ecr.destroy()
    })
    assert.match(String(service.requests[0]?.headers.authorization), /eu-central-1\/ecr-public\//)
  })
})

describe('connections', () => {
  test('a request handler of your own excludes the options of ours', () => {
    const requestHandler = { handle: () => Promise.reject(new Error('none')) }
    assert.throws(() => createEcr({ ...here, requestHandler, idleTimeoutMs: 1, proxy: false }), {
      name: 'TypeError',
      message: 'A requestHandler of your own makes the connections: idleTimeoutMs, proxy would have no effect',
    })
  })
  test('a request handler of your own is used', async () => {
    const requestHandler = {
      handle: () =>
        Promise.resolve({ response: { statusCode: 200, headers: {}, body: Buffer.from('{"registryId":"1"}') } }),
    }
    const result = await ask({
      ...here,
      requestHandler,
    })
    assert.deepEqual(result, { ok: true, value: { registryId: '1' }, httpStatus: 200, requestId: undefined })
  })
  test('a time-out is a number', () => {
    assert.throws(
      () => createEcr({ ...here, connectTimeoutMs: -1 }),
      /^TypeError: connectTimeoutMs must be a number of milliseconds, 0 for none: -1$/,
    )
  })
  describe('that do not come to stand end in time', () => {
    // It takes connections, and says nothing.
    const sockets: { destroy(): void }[] = []
    const mute = createTcpServer((socket) => void sockets.push(socket))
    before(() => new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve)))
    after(() => {
      for (const socket of sockets) socket.destroy()
      mute.close()
    })
    const origin = (protocol: string) => `${protocol}://127.0.0.1:${(mute.address() as AddressInfo).port}`
    const cases: readonly (readonly [string, () => EcrOptions])[] = [
      ['in the handshake of TLS', () => ({ endpoint: origin('https') })],
      ['in the tunnel of a proxy', () => ({ endpoint: 'https://registry.test', proxy: origin('http') })],
    ]
    for (const [where, options] of cases) {
      test(where, { timeout: 5000 }, async () => {
        const result = await ask({ ...here, connectTimeoutMs: 200, ...options() })
        assert.ok(!result.ok && result.error.name === 'Network')
        assert.equal(result.error.code, 'ETIMEDOUT')
        assert.match(result.error.message, /the connection did not stand within 200 ms/)
      })
    }
    test('but one that waits for its turn does not count as connecting', async () => {
      service.script((response) => void setTimeout(() => response.end('{}'), 150))
      const ecr = createEcr({ ...here, endpoint: service.origin, connectTimeoutMs: 200, maxSockets: 1 })
      const results = await Promise.all([1, 2, 3].map(() => ecr.try('DescribeRegistry', {})))
      ecr.destroy()
      assert.deepEqual(
        results.map(({ ok }) => ok),
        [true, true, true],
      )
    })
  })
})

describe('certificates', () => {
  test('that nobody vouches for are refused', async () => {
    const result = await ask({ ...here, endpoint: secure.origin })
    assert.ok(!result.ok && result.error.name === 'Network')
    assert.equal(result.error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
    assert.equal(secure.requests.length, 0)
  })
  const trusting: readonly (readonly [string, EcrOptions, Readonly<Record<string, string>>])[] = [
    ['ca', { ca: testCertificate }, {}],
    ['a list in ca', { ca: [Buffer.from(testCertificate)] }, {}],
    ['caFile', { caFile }, {}],
    ['AWS_CA_BUNDLE', {}, { AWS_CA_BUNDLE: caFile }],
    ['verifyPeer: false', { verifyPeer: false }, {}],
  ]
  for (const [name, options, env] of trusting) {
    test(`are trusted by ${name}`, async () => {
      const result = await withEnv(env, () => ask({ ...here, endpoint: secure.origin, ...options }))
      assert.ok(result.ok)
    })
  }
  test('the option counts before the variable', async () => {
    const result = await withEnv({ AWS_CA_BUNDLE: '/nowhere' }, () => ask({ ...here, endpoint: secure.origin, caFile }))
    assert.ok(result.ok)
  })
  test('a file that cannot be read is named', async () => {
    await withEnv({ AWS_CA_BUNDLE: '/nowhere/ca.pem' }, () => {
      assert.throws(
        () => createEcr(here),
        /The certificates that AWS_CA_BUNDLE names cannot be read: ENOENT.*\/nowhere\/ca\.pem/,
      )
    })
    assert.throws(() => createEcr({ ...here, caFile: '/nowhere/ca.pem' }), /caFile names cannot be read/)
    assert.throws(() => createEcr({ ...here, caFile, ca: testCertificate }), /Give ca or caFile, not both/)
  })
  test('the client shows its own', async () => {
    const careful = await startFakeService({
      cert: testCertificate,
      key: testKey,
      ca: testCertificate,
      requestCert: true,
      rejectUnauthorized: true,
    })
    const without = await ask({ ...here, endpoint: careful.origin, ca: testCertificate })
    const clientCertificate = { cert: testCertificate, key: testKey }
    const result = await ask({ ...here, endpoint: careful.origin, ca: testCertificate, clientCertificate })
    await careful.close()
    assert.ok(!without.ok && without.error.name === 'Network')
    assert.ok(result.ok)
  })
})

describe('proxies', () => {
  /** A proxy that leads every name to the fake services, and notes what it was asked for. */
  let proxy: Server
  let origin: string
  const asked: string[] = []
  before(async () => {
    proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      const { pathname } = new URL(request.url ?? '')
      const onward = httpRequest(
        { port: service.port, path: pathname, method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(response)
        },
      )
      request.pipe(onward)
    })
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url}`)
      const onward = connect(secure.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        onward.pipe(socket)
        socket.pipe(onward)
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  })
  after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  beforeEach(() => {
    asked.length = 0
  })
  const plain = { ...here, endpoint: 'http://registry.test' }
  // The certificate is for localhost, so is the name that is asked for.
  const tunnelled = { ...here, endpoint: 'https://registry.test', verifyPeer: false }

  test('HTTP_PROXY takes requests', async () => {
    assert.ok((await withEnv({ HTTP_PROXY: origin }, () => ask(plain))).ok)
    assert.deepEqual(asked, ['POST http://registry.test/'])
  })
  test('HTTPS_PROXY takes tunnels', async () => {
    assert.ok((await withEnv({ HTTPS_PROXY: origin }, () => ask(tunnelled))).ok)
    assert.deepEqual(asked, ['CONNECT registry.test:443'])
  })
  test('variables in lower case count first', async () => {
    assert.ok((await withEnv({ http_proxy: origin, HTTP_PROXY: 'http://127.0.0.1:1' }, () => ask(plain))).ok)
    assert.equal(asked.length, 1)
  })
  test('the option counts before the variables', async () => {
    assert.ok((await withEnv({ HTTP_PROXY: 'http://127.0.0.1:1' }, () => ask({ ...plain, proxy: origin }))).ok)
    assert.equal(asked.length, 1)
  })
  test('NO_PROXY and proxy: false go around it', async () => {
    const env = { HTTP_PROXY: origin, NO_PROXY: '.test' }
    const results = [
      await withEnv(env, () => ask(plain)),
      await withEnv({ HTTP_PROXY: origin }, () => ask({ ...plain, proxy: false })),
    ]
    assert.deepEqual(asked, [])
    for (const result of results) assert.ok(!result.ok && result.error.name === 'Network') // there is no such host
  })
  test('loopback is never proxied', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const result = await withEnv({ HTTP_PROXY: origin }, () =>
        ask({ ...here, endpoint: `http://${host}:${service.port}` }),
      )
      assert.ok(result.ok)
    }
    assert.deepEqual(asked, [])
  })
  test('a proxy that is no URL is refused', () => {
    assert.throws(
      () => createEcr({ ...here, proxy: 'proxy:3128' }),
      /^TypeError: proxy must be an http:\/\/ or https:\/\/ URL: proxy:3128$/,
    )
  })
  test('a Node that would go around the proxy is refused', () => {
    const env = { HTTPS_PROXY: origin }
    for (const version of ['22.20.0', '23.11.1', '24.4.1']) {
      const message = `Node ${version} cannot use a proxy: it takes 22.21, 24.5 or later (proxy: false goes without)`
      assert.throws(() => requestHandlerOptions({}, env, version), { message })
      requestHandlerOptions({}, {}, version)
    }
    for (const version of ['22.21.0', '24.5.0', '26.0.0']) requestHandlerOptions({}, env, version)
  })
  test('a proxy that refuses is an error of the connection', async () => {
    const result = await withEnv({ HTTPS_PROXY: 'http://127.0.0.1:1' }, () => ask(tunnelled))
    assert.ok(!result.ok && result.error.name === 'Network')
  })
})
