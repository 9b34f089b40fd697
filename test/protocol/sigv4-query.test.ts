// Presigned URLs: what a URL of this server opens, for how long, and in which words the others are refused.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { presign, type PresignOptions } from '../../src/protocol/sigv4/presign.ts'
import { createSigV4Verifier, type Credential } from '../../src/protocol/sigv4/verify.ts'
import { exampleKey, presignedTarget, signed, toRequest, type HeaderPairs, type HowToSign } from '../support/sign.ts'

const nowMs = Date.UTC(2026, 10, 21, 10, 0, 0)
const server: Credential<string> = { ...exampleKey, active: true, principal: 'this server' }
const temporary: Credential<string> = {
  ...server,
  accessKeyId: 'ASIATEMPORARY',
  sessionToken: 'token/==',
  expiresAtMs: nowMs + 60_000,
}
const expect = { service: 'layers', maxExpiresSeconds: 3600 }
const host = ['Host', 'localhost:4510'] as const
const layer = '/layers/123456789012/us-east-1/sha256-9f86d081884c7d659a2feaa0c55ad015'

async function verify(target: string, options: { method?: string; headers?: HeaderPairs; atMs?: number } = {}) {
  const { method = 'GET', headers = [host], atMs = nowMs } = options
  const secretFor = (id: string) => [server, temporary].find(({ accessKeyId }) => accessKeyId === id)
  const { verifyQuery } = createSigV4Verifier<string>({ clock: { now: () => atMs }, credentials: { secretFor } })
  return verifyQuery(toRequest({ method, target, headers }), expect)
}

type Options = Parameters<typeof verify>[1]

function target(how: HowToSign = {}, path = layer): string {
  return presignedTarget({ target: path, headers: [host] }, { service: 'layers', ...how })
}

async function assertAccepted(text: string, options: Options = {}) {
  const verdict = await verify(text, options)
  assert.equal(verdict.ok, true, verdict.ok ? '' : verdict.fault.message)
}

async function assertRefused(
  text: string,
  fault: { kind: string; status: number; message: string },
  options: Options = {},
) {
  assert.deepEqual(await verify(text, options), { ok: false, fault })
}

const mismatch = {
  kind: 'SignatureDoesNotMatch',
  status: 403,
  message:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
}
const expired = { kind: 'AccessDenied', status: 403, message: 'Request has expired' }
const badParameter = (message: string) => ({ kind: 'AuthorizationQueryParametersError', status: 400, message })

test('a presigned URL is accepted, and tells who signed it and until when it holds', async () => {
  assert.deepEqual(await verify(target({ expiresSeconds: 60 })), {
    ok: true,
    principal: 'this server',
    accessKeyId: 'AKIDEXAMPLE',
    region: 'us-east-1',
    service: 'layers',
    signedAtMs: nowMs,
    expiresAtMs: nowMs + 60_000,
  })
})

describe('presign', () => {
  const options: PresignOptions = {
    method: 'GET',
    origin: 'http://localhost:4510',
    path: layer,
    credential: exampleKey,
    region: 'us-east-1',
    service: 'layers',
    expiresSeconds: 3600,
    nowMs,
  }
  const targetOf = (url: string) => url.slice('http://localhost:4510'.length)

  test('makes the URL that the specification makes', () => {
    assert.equal(presign(options), `http://localhost:4510${target()}`)
  })
  test('one URL opens GET and HEAD, with Range and what else a client sends', async () => {
    const headers: HeaderPairs = [
      host,
      ['Range', 'bytes=0-9'],
      ['Accept', '*/*'],
      ['User-Agent', 'x'],
      ['X-Amzn-Trace-Id', 'y'],
    ]
    for (const method of ['GET', 'HEAD']) await assertAccepted(targetOf(presign(options)), { method, headers })
  })
  test('one for HEAD opens HEAD only', async () => {
    const url = targetOf(presign({ ...options, method: 'HEAD' }))
    await assertAccepted(url, { method: 'HEAD' })
    await assertRefused(url, mismatch)
  })
  test('odd characters in path and query', async () => {
    const url = presign({ ...options, path: '/a%20b/sha256:0~!', query: { 'x y': "+&=é'()*", z: '' } })
    assert.ok(!url.includes('+'), 'a blank is %20, which every reader takes for one')
    await assertAccepted(targetOf(url))
    await assertAccepted(targetOf(new URL(url).href))
  })
  test('an origin is taken as clients write it into Host', async () => {
    const url = presign({ ...options, origin: 'HTTPS://Registry.Example:443' })
    assert.ok(url.startsWith('https://registry.example/'), url)
    await assertAccepted(url.slice('https://registry.example'.length), { headers: [['Host', 'registry.example']] })
  })
  for (const path of ['layers', '/a b', '/a/../b', '/a?b', '/a#b', '/%zz', '/é', '//host/a']) {
    test(`refuses the path '${path}', which would not arrive as it was signed`, () => {
      assert.throws(() => presign({ ...options, path }), { name: 'AssertionError' })
    })
  }
})

describe('U1 time', () => {
  const url = target({ expiresSeconds: 60 })

  test('the last second is good, the next is not', async () => {
    await assertAccepted(url, { atMs: nowMs + 60_000 })
    await assertAccepted(url, { atMs: nowMs + 60_999 })
    await assertRefused(url, expired, { atMs: nowMs + 61_000 })
  })
  for (const [given, message] of [
    ['0', 'X-Amz-Expires must be at least 1 second'],
    ['-1', 'X-Amz-Expires must be at least 1 second'],
    ['3601', 'X-Amz-Expires must be at most 3600 seconds'],
    ['604801', 'X-Amz-Expires must be at most 3600 seconds'],
    ['text', 'X-Amz-Expires should be a number'],
    ['60.5', 'X-Amz-Expires should be a number'],
    ['6e1', 'X-Amz-Expires should be a number'],
    ['9'.repeat(400), 'X-Amz-Expires should be a number'],
  ] as const) {
    test(`X-Amz-Expires ${given.slice(0, 10)}`, () =>
      assertRefused(url.replace('Expires=60&', `Expires=${given}&`), badParameter(message)))
  }
  test('lengthened by its holder', () => assertRefused(url.replace('Expires=60&', 'Expires=61&'), mismatch))
  test('a key that expired before its URL', () => {
    const headers: HeaderPairs = [host]
    const path = `${layer}?X-Amz-Security-Token=token%2F%3D%3D`
    const own = presignedTarget({ target: path, headers }, { service: 'layers', key: temporary })
    return assertAccepted(own).then(() => assertRefused(own, expired, { atMs: nowMs + 60_000 }))
  })
})

test('U2 no character of path, query or host can be changed', async () => {
  const url = target()
  for (let i = 1; i < url.length; i++) {
    const changed = `${url.slice(0, i)}${url[i] === 'x' ? 'y' : 'x'}${url.slice(i + 1)}`
    const verdict = await verify(changed)
    assert.equal(verdict.ok, false, changed)
  }
  for (let i = 1; i < layer.length; i++) {
    await assertRefused(`${url.slice(0, i)}${url[i] === 'x' ? 'y' : 'x'}${url.slice(i + 1)}`, mismatch)
    await assertRefused(`${url.slice(0, i)}/${url.slice(i)}`, mismatch)
  }
  for (const name of ['localhost:4511', 'localhost', 'Localhost:4510', 'ocalhost:4510', '']) {
    await assertRefused(url, mismatch, { headers: [['Host', name]] })
  }
})

describe('U2 the credential must be for here', () => {
  const credential = (how: HowToSign, message: string) => assertRefused(target(how), badParameter(message))
  const parsing = 'Error parsing the X-Amz-Credential parameter;'

  test('another service', () =>
    credential({ service: 's3' }, `${parsing} incorrect service "s3". This endpoint belongs to "layers".`))
  test('another terminator', () =>
    credential({ terminator: 'aws4' }, `${parsing} incorrect terminal "aws4". This endpoint uses "aws4_request".`))
  test('another day', () =>
    credential(
      { scopeDate: '20261120' },
      'Invalid credential date "20261120". This date is not the same as X-Amz-Date: "20261121".',
    ))
  for (const region of ['a/b', '', 'US']) {
    test(`the region '${region}'`, () =>
      credential(
        { region },
        `${parsing} the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`,
      ))
  }
  test('an unknown key and an unknown secret look alike', async () => {
    await assertRefused(target({ key: { ...exampleKey, accessKeyId: 'AKIDOTHER' } }), mismatch)
    await assertRefused(target({ key: { ...exampleKey, secretAccessKey: 'other' } }), mismatch)
  })
  test('a malformed date', () =>
    assertRefused(
      target().replace('Date=20261121T100000Z', 'Date=20261121T100000'),
      badParameter(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`),
    ))
  test('another algorithm', () =>
    assertRefused(
      target().replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
      badParameter('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'),
    ))
  test('a body hash instead of UNSIGNED-PAYLOAD', () => assertRefused(target({ payloadHash: 'e3b0c442' }), mismatch))
})

test('U3 the digest of another layer', () =>
  assertRefused(target().replace('9f86d081884c7d659a2feaa0c55ad015', '60303ae22b998861bce3b28f33eec1be'), mismatch))

test('U4 any method but GET and HEAD', async () => {
  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'get', '']) {
    await assertRefused(target(), mismatch, { method })
    const own = presignedTarget({ method, target: layer, headers: [host] }, { service: 'layers' })
    await assertRefused(own, mismatch, { method })
    await assertRefused(layer, mismatch, { method })
  }
})

describe('U5 a parameter that was not signed', () => {
  for (const extra of ['response-content-type=text/html', 'versionId=1', 'x-id=GetObject', 'a', '=']) {
    test(`${extra} is refused`, () => assertRefused(`${target()}&${extra}`, mismatch))
  }
  test('and accepted when it was', () => assertAccepted(target({}, `${layer}?x-id=GetObject`)))
})

describe('U6 headers', () => {
  const unsigned = {
    kind: 'AccessDenied',
    status: 403,
    message: 'There were headers present in the request which were not signed',
  }
  test('an x-amz-* header that was not signed', () =>
    assertRefused(target(), unsigned, { headers: [host, ['X-Amz-Anything', '1']] }))
  test('one that was signed, and one that was signed and is absent', async () => {
    const headers: HeaderPairs = [host, ['X-Amz-Anything', '1']]
    const how = { service: 'layers', signedHeaders: ['host', 'x-amz-anything'] }
    const own = presignedTarget({ target: layer, headers }, how)
    await assertAccepted(own, { headers })
    await assertRefused(own, mismatch)
    const twice = [...headers, ['X-Amz-Anything', '1']] as const
    await assertRefused(own, mismatch, { headers: twice })
    await assertRefused(presignedTarget({ target: layer, headers: twice }, how), mismatch, { headers: twice })
  })
  for (const signedHeaders of [['range'], ['host', 'host'], ['Host']]) {
    test(`the signed headers ${signedHeaders.join(';')}`, () => {
      const headers: HeaderPairs = [host, ['Range', 'bytes=0-1']]
      const own = presignedTarget({ target: layer, headers }, { service: 'layers', signedHeaders })
      const message = 'X-Amz-SignedHeaders must be sorted lower-case header names and hold "host"'
      return assertRefused(own, badParameter(message), { headers })
    })
  }
  test('two hosts', () => assertRefused(target(), mismatch, { headers: [host, ['Host', 'elsewhere']] }))
})

test('S16 U6 an Authorization header beside the signature in the query', async () => {
  const fault = {
    kind: 'InvalidArgument',
    status: 400,
    message:
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the ' +
      'Authorization header should be specified',
  }
  await assertRefused(target(), fault, { headers: [host, ['Authorization', 'Basic QVdTOng=']] })
  const { headers } = signed({ method: 'GET', headers: [host] })
  await assertRefused(target(), fault, { headers })
})

describe('S19 U7 the form of the parameters', () => {
  const [path = '', query = ''] = target({}, `${layer}?a=1&a=2&b=%20%2B`).split('?')
  const parameters = query.split('&')
  const missing = badParameter(
    'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, ' +
      'X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
  )

  test('the order is free', () => assertAccepted(`${path}?${parameters.toReversed().join('&')}`))
  test('the way of encoding is free', () =>
    assertAccepted(
      `${path}?${query.replaceAll('%2F', '/').replace('%20%2B', '+%2b').replace('X-Amz-D', 'X%2dAmz%2DD')}`,
    ))
  test('double encoding is another value', () =>
    assertRefused(
      `${path}?${query.replaceAll('%2F', '%252F')}`,
      badParameter(
        'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting ' +
          '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      ),
    ))
  for (const parameter of parameters.filter((text) => text.startsWith('X-Amz-'))) {
    const [name = ''] = parameter.split('=')
    test(`${name} twice`, async () => {
      await assertRefused(`${path}?${query}&${parameter}`, mismatch)
      await assertRefused(`${path}?${parameter}x&${query}`, mismatch)
    })
    test(`${name} in another case beside it`, () =>
      assertRefused(`${path}?${query}&${parameter.toLowerCase()}`, mismatch))
    test(`${name} in another case alone`, () =>
      assertRefused(`${path}?${query.replace(name, name.toLowerCase())}`, missing))
    test(`without ${name}`, () =>
      assertRefused(`${path}?${parameters.filter((text) => text !== parameter).join('&')}`, missing))
    test(`${name} empty`, () => assertRefused(`${path}?${query.replace(parameter, `${name}=`)}`, missing))
  }
  test('own repeated parameters may stand in any order, but not be fewer, more or others', async () => {
    await assertAccepted(`${path}?${query.replace('a=1&a=2', 'a=2&a=1')}`)
    for (const other of ['a=1', 'a=1&a=2&a=2', 'a=1&a=3', 'a=1&A=2']) {
      await assertRefused(`${path}?${query.replace('a=1&a=2', other)}`, mismatch)
    }
  })
  for (const extra of ['%', '%ff', '__proto__=1', 'é=1']) {
    test(`'${extra}' cannot be signed`, () => assertRefused(`${path}?${query}&${extra}`, mismatch))
  }
  test('a path that is no path', async () => {
    for (const odd of ['*', '', 'http://localhost:4510/', '/%', '/é']) await assertRefused(target({}, odd), mismatch)
  })
})

test('S20 a URL of temporary credentials holds with their token only', async () => {
  const headers: HeaderPairs = [host]
  const of = (path: string) => presignedTarget({ target: path, headers }, { service: 'layers', key: temporary })
  await assertAccepted(of(`${layer}?X-Amz-Security-Token=token%2F%3D%3D`))
  await assertRefused(of(`${layer}?X-Amz-Security-Token=token%2F%3D`), mismatch)
  await assertRefused(of(layer), mismatch)
  await assertRefused(target({}, `${layer}?X-Amz-Security-Token=token%2F%3D%3D`), mismatch)
})

test('U9 a URL that was signed ahead of the clock', async () => {
  const fault = {
    kind: 'RequestTimeTooSkewed',
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
  }
  await assertRefused(target({ amzDate: '20261121T101600Z' }), fault)
  await assertRefused(target({ amzDate: '20261121T100501Z' }), fault)
  await assertAccepted(target({ amzDate: '20261121T100500Z' }))
})
