// SigV4 against signers that are not ours and share no code with each other: AWS's published examples, the JavaScript SDK, aws4,
// curl and the AWS CLI (botocore).

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'

import { ECRClient, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'

import type { HttpRequest } from '../../src/protocol/message.ts'
import { presign } from '../../src/protocol/sigv4/presign.ts'
import { createSigV4Verifier } from '../../src/protocol/sigv4/verify.ts'
import { authorizationFor, exampleKey, toRequest, type HeaderPairs, type Message } from '../support/sign.ts'

const run = promisify(execFile)

/** The part of aws4 that is used here; it comes without types. */
interface Aws4 {
  readonly sign: (
    request: {
      readonly method: string
      readonly host?: string
      readonly path: string
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string
      readonly service: string
      readonly region: string
      readonly signQuery?: boolean
    },
    key: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string },
  ) => { readonly path: string; readonly headers: Readonly<Record<string, string | number>> }
}
// `as`: require gives `any`.
const aws4 = createRequire(import.meta.url)('aws4') as Aws4

const nowMs = Date.UTC(2026, 10, 21, 10, 0, 0)
const amzDate = '20261121T100000Z'

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

function verifier(key: Key = exampleKey, atMs = nowMs) {
  const credential = { ...key, active: true, principal: 'signer' }
  const secretFor = (accessKeyId: string) => (accessKeyId === key.accessKeyId ? credential : undefined)
  return createSigV4Verifier<string>({ clock: { now: () => atMs }, credentials: { secretFor } })
}

/** The fault's sentence, `undefined` when the request is accepted. */
async function headerFault(request: HttpRequest, body: string, service = 'ecr', key?: Key, atMs?: number) {
  const verdict = await verifier(key, atMs).verifyHeader(request, Buffer.from(body), { services: [service] })
  return verdict.ok ? undefined : verdict.fault.message
}

async function queryFault(request: HttpRequest, service: string, key?: Key, atMs?: number) {
  const verdict = await verifier(key, atMs).verifyQuery(request, { service, maxExpiresSeconds: 604_800 })
  return verdict.ok ? undefined : verdict.fault.message
}

describe("AWS's published examples", () => {
  // From the signature version 4 test suite: 2015-08-30, region us-east-1, a service named `service`.
  const suiteHeaders: HeaderPairs = [
    ['Host', 'example.amazonaws.com'],
    ['X-Amz-Date', '20150830T123600Z'],
  ]
  const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'
  const rows: readonly (readonly [name: string, message: Message, signature: string])[] = [
    ['get-vanilla', { method: 'GET', headers: suiteHeaders }, vanilla],
    ['get-slash', { method: 'GET', target: '//', headers: suiteHeaders }, vanilla],
    ['get-slash-dot-slash', { method: 'GET', target: '/./', headers: suiteHeaders }, vanilla],
    ['get-relative', { method: 'GET', target: '/example/..', headers: suiteHeaders }, vanilla],
    [
      'post-vanilla',
      { method: 'POST', headers: suiteHeaders },
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'get-vanilla-query-order-key-case',
      { method: 'GET', target: '/?Param2=value2&Param1=value1', headers: suiteHeaders },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-header-value-trim',
      {
        method: 'GET',
        headers: [...suiteHeaders, ['My-Header1', ' value1'], ['My-Header2', ' "a   b   c"']],
      },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'get-header-key-duplicate',
      {
        method: 'GET',
        headers: [...suiteHeaders, ['My-Header1', 'value2'], ['My-Header1', 'value2'], ['My-Header1', 'value1']],
      },
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
    ],
    [
      'post-header-key-sort',
      { method: 'POST', headers: [...suiteHeaders, ['My-Header1', 'value1']] },
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'get-unreserved',
      {
        method: 'GET',
        target: '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
        headers: suiteHeaders,
      },
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
  ]
  for (const [name, message, signature] of rows) {
    test(name, async () => {
      const names = [...new Set(message.headers.map(([header]) => header.toLowerCase()))].toSorted().join(';')
      const authorization =
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=${names}, Signature=${signature}`
      const request = toRequest({ ...message, headers: [...message.headers, ['Authorization', authorization]] })
      assert.equal(await headerFault(request, '', 'service', exampleKey, Date.UTC(2015, 7, 30, 12, 36)), undefined)
    })
  }

  test('IAM ListUsers of the signing guide', async () => {
    const headers: HeaderPairs = [
      ['Host', 'iam.amazonaws.com'],
      ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
      ['X-Amz-Date', '20150830T123600Z'],
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
          'SignedHeaders=content-type;host;x-amz-date, ' +
          'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      ],
    ]
    const request = toRequest({ method: 'GET', target: '/?Action=ListUsers&Version=2010-05-08', headers })
    assert.equal(await headerFault(request, '', 'iam', exampleKey, Date.UTC(2015, 7, 30, 12, 36)), undefined)
  })

  test('the presigned URL of the S3 guide', async () => {
    const key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
    const url =
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
      '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z' +
      '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
    const { host, pathname, search } = new URL(url)
    const request = toRequest({ method: 'GET', target: pathname + search, headers: [['Host', host]] })
    const atMs = Date.UTC(2013, 4, 24)
    assert.equal(await queryFault(request, 's3', key, atMs), undefined)
    const made = presign({
      method: 'GET',
      origin: 'https://examplebucket.s3.amazonaws.com',
      path: '/test.txt',
      credential: key,
      region: 'us-east-1',
      service: 's3',
      expiresSeconds: 86_400,
      nowMs: atMs,
    })
    assert.equal(made, url)
  })
})

/** A server that keeps the one request it gets and answers it with `answer`. */
async function capture(answer: string) {
  const seen: { request: HttpRequest; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers: [string, string][] = []
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        headers.push([request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? ''])
      }
      const message = { method: request.method ?? '', target: request.url ?? '', headers }
      seen.push({ request: toRequest(message), body: Buffer.concat(chunks).toString() })
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // `as`: a server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    /** Checks that what was captured verifies as of its own date, and not with another body. */
    async assertVerifies(key: Key) {
      const [first] = seen
      assert.ok(first, 'nothing was received')
      const signedAt = first.request.headers['x-amz-date'] ?? ''
      const atMs = Date.parse(signedAt.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
      assert.equal(await headerFault(first.request, first.body, 'ecr', key, atMs), undefined)
      assert.match(String(await headerFault(first.request, `${first.body} `, 'ecr', key, atMs)), /does not match/)
      return first.body
    },
  }
}

const sessionKey: Key = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'a+secret/with=signs',
  sessionToken: 'IQoJ/+token==',
}
const keys = [
  ['a key', exampleKey],
  ['temporary credentials', sessionKey],
] as const

/** What the SDK's signer asks for. */
class Sha256 {
  readonly hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    // `as`: the signer gives a key as text or as the bytes that this class returned.
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array)
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    // `as`: the signer gives bytes.
    this.hash.update(data as Uint8Array)
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest())
  }
  reset() {
    throw new Error('a signer does not begin anew')
  }
}

describe('the JavaScript SDK', () => {
  for (const [what, key] of keys) {
    test(`signs an API call with ${what}`, async () => {
      await using server = await capture('{"repositories":[]}')
      const client = new ECRClient({ endpoint: server.origin, region: 'us-east-1', credentials: key })
      await client.send(new DescribeRepositoriesCommand({ repositoryNames: ['größer/漢字'] }))
      client.destroy()
      assert.equal(await server.assertVerifies(key), '{"repositoryNames":["größer/漢字"]}')
    })
  }
  test('presigns a URL', async () => {
    const signer = new SignatureV4({
      service: 's3',
      region: 'us-east-1',
      credentials: sessionKey,
      sha256: Sha256,
      uriEscapePath: false,
    })
    const made = await signer.presign(
      {
        method: 'GET',
        protocol: 'http:',
        hostname: '127.0.0.1',
        path: '/layers/a%20b',
        query: { 'x-id': 'GetObject', b: ['2', '1'] },
        headers: { host: '127.0.0.1:4510', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      },
      { signingDate: new Date(nowMs), expiresIn: 60 },
    )
    const search = Object.entries(made.query ?? {}).flatMap(([name, value]) =>
      [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
    )
    const target = `${made.path}?${search.join('&')}`
    const request = (text: string) => toRequest({ method: 'GET', target: text, headers: [['Host', '127.0.0.1:4510']] })
    assert.equal(await queryFault(request(target), 's3', sessionKey), undefined)
    assert.match(
      String(await queryFault(request(target.replace('GetObject', 'PutObject')), 's3', sessionKey)),
      /does not match/,
    )
  })
})

/** Runs a program that may be absent; skips the test and says so when it is. */
async function runOrSkip(
  t: TestContext,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  try {
    return (
      await run(file, args, { env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env }, timeout: 60_000 })
    ).stdout
  } catch (error) {
    // 127: a shim of a version manager stands in for a program that is not there.
    const isAbsent = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 127)
    if (!isAbsent) throw error
    t.skip(`${file} is not installed`)
    return undefined
  }
}

describe('curl --aws-sigv4', () => {
  test('signs an API call', async (t) => {
    const version = await runOrSkip(t, 'curl', ['--version'])
    if (version === undefined) return
    const [, major = 0, minor = 0] = (/^curl (\d+)\.(\d+)/.exec(version) ?? []).map(Number)
    // Before 7.87 it signs no header but the host and the date.
    if (major < 7 || (major === 7 && minor < 87)) return t.skip(`curl ${major}.${minor} has no sound --aws-sigv4`)
    await using server = await capture('{}')
    const target = 'X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.DescribeRepositories'
    const user = `${exampleKey.accessKeyId}:${exampleKey.secretAccessKey}`
    const signing = ['--aws-sigv4', 'aws:amz:us-east-1:ecr', '--user', user]
    const headers = ['-H', 'Content-Type: application/x-amz-json-1.1', '-H', target]
    const data = ['--data', '{"maxResults":  1}']
    await run('curl', ['-q', '-sS', '--noproxy', '*', ...signing, ...headers, ...data, `${server.origin}/`])
    assert.equal(await server.assertVerifies(exampleKey), '{"maxResults":  1}')
  })
})

describe('the AWS CLI', () => {
  const environment = (key: Key) => ({
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    ...(key.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: key.sessionToken }),
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    NO_PROXY: '127.0.0.1',
  })
  for (const [what, key] of keys) {
    test(`signs an API call with ${what}`, async (t) => {
      await using server = await capture('{"repositories":[]}')
      const args = ['ecr', 'describe-repositories', '--repository-names', 'a/b', '--endpoint-url', server.origin]
      const printed = await runOrSkip(t, 'aws', args, environment(key))
      if (printed === undefined) return
      assert.deepEqual(JSON.parse(printed), { repositories: [] })
      assert.equal(await server.assertVerifies(key), '{"repositoryNames": ["a/b"]}')
    })

    test(`presigns a URL with ${what}`, async (t) => {
      // eu-central-1 is a region where botocore has never signed in the form before version 4.
      const args = ['s3', 'presign', 's3://layers/sha256:ab (c)/é', '--endpoint-url', 'http://127.0.0.1:4510']
      const printed = await runOrSkip(t, 'aws', [...args, '--region', 'eu-central-1'], environment(key))
      if (printed === undefined) return
      const { host, pathname, search, searchParams } = new URL(printed.trim())
      assert.equal(searchParams.get('X-Amz-Algorithm'), 'AWS4-HMAC-SHA256')
      const day = searchParams.get('X-Amz-Date') ?? ''
      const atMs = Date.parse(day.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
      const request = (target: string) => toRequest({ method: 'GET', target, headers: [['Host', host]] })
      assert.equal(await queryFault(request(pathname + search), 's3', key, atMs), undefined)
      assert.match(String(await queryFault(request(`${pathname}x${search}`), 's3', key, atMs)), /does not match/)
    })
  }
})

describe('aws4', () => {
  const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/
  const headerName = fc.stringMatching(token).filter((name) => !['host', '__proto__'].includes(name.toLowerCase()))
  // What HTTP allows in a value, blanks at the ends and in the middle too.
  const headerValue = fc.stringMatching(/^[\x20-\x7e\t]{0,20}$/)
  const name = fc.stringMatching(/^[A-Za-z0-9-]{1,10}$/)
  const aRequest = fc.record({
    body: fc.string(),
    region: name.map((text) => `r-${text.toLowerCase()}`),
    service: name,
    key: fc.record({
      accessKeyId: fc.stringMatching(/^\w{1,20}$/),
      secretAccessKey: fc.string({ minLength: 1 }),
    }),
    extra: fc.dictionary(
      headerName.map((text) => `x-own-${text.toLowerCase()}`),
      headerValue,
      { maxKeys: 5 },
    ),
    query: fc.array(
      fc.tuple(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
        fc.string({ unit: 'grapheme', maxLength: 5 }),
      ),
      {
        maxLength: 4,
      },
    ),
  })

  function sign({ body, region, service, key, extra, query }: ReturnType<typeof aRequest.generate>['value']) {
    const search = query.map(([left, right]) => `${encodeURIComponent(left)}=${encodeURIComponent(right)}`).join('&')
    const headers = { ...extra, Host: 'localhost:4510', 'X-Amz-Date': amzDate, 'X-Amz-Target': 'Target.Operation' }
    const made = aws4.sign({ method: 'POST', path: `/${search && '?'}${search}`, headers, body, service, region }, key)
    return {
      method: 'POST',
      target: made.path,
      headers: Object.entries(made.headers).map(([left, right]) => [left, String(right)] as const),
    }
  }

  test('any API call that it signs is accepted', () =>
    fc.assert(
      fc.asyncProperty(aRequest, async (made) => {
        assert.equal(await headerFault(toRequest(sign(made)), made.body, made.service, made.key), undefined)
      }),
      { numRuns: 300, seed: 2 },
    ))

  test('any change of one character of what it signed is refused', () =>
    fc.assert(
      fc.asyncProperty(aRequest, fc.nat(), fc.stringMatching(/^[!-~]$/), async (made, place, character) => {
        const message = sign(made)
        const text = JSON.stringify([message.headers, made.body])
        const flat = [...message.headers.map(([, value]) => value), made.body]
        const at = place % flat.length
        const value = flat[at] ?? ''
        const index = place % Math.max(1, value.length)
        flat[at] = value.slice(0, index) + character + value.slice(index + 1)
        const body = flat.pop() ?? ''
        const headers = message.headers.map(([left], i) => [left, flat[i] ?? ''] as const)
        fc.pre(JSON.stringify([headers, body]) !== text)
        assert.notEqual(await headerFault(toRequest({ ...message, headers }), body, made.service, made.key), undefined)
      }),
      { numRuns: 500, seed: 3 },
    ))

  test('temporary credentials', async () => {
    const headers = { Host: 'localhost:4510', 'X-Amz-Date': amzDate }
    const made = aws4.sign(
      { method: 'POST', path: '/', headers, body: '{}', service: 'ecr', region: 'us-east-1' },
      sessionKey,
    )
    const request = toRequest({
      headers: Object.entries(made.headers).map(([left, right]) => [left, String(right)] as const),
    })
    assert.equal(await headerFault(request, '{}', 'ecr', sessionKey), undefined)
  })

  test('a presigned URL with any path', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 4 }), async (segments) => {
        const path = `/layers/${segments.map(encodeURIComponent).join('/')}`
        const request = { method: 'GET', host: 'localhost:4510', path: `${path}?X-Amz-Date=${amzDate}`, headers: {} }
        const made = aws4.sign({ ...request, service: 's3', region: 'us-east-1', signQuery: true }, exampleKey)
        const headers: HeaderPairs = [['Host', 'localhost:4510']]
        assert.equal(await queryFault(toRequest({ method: 'GET', target: made.path, headers }), 's3'), undefined)
      }),
      { numRuns: 200, seed: 4 },
    ))

  test('makes the same signature as the signer of these tests', () => {
    const headers = { Host: 'localhost:4510', 'X-Amz-Date': amzDate }
    const made = aws4.sign({ method: 'GET', path: '/', headers, service: 'ecr', region: 'us-east-1' }, exampleKey)
    const own = authorizationFor({ method: 'GET', headers: Object.entries(headers) })
    assert.equal(made.headers['Authorization'], own)
  })
})
