// SigV4 in the Authorization header: the form of dates, scopes, headers, paths and queries.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Credential } from '../../src/protocol/sigv4/verify.ts'
import { authorizationFor, sha256, toRequest, type HowToSign } from '../support/sign.ts'
import {
  alice,
  temporary,
  body,
  call,
  verifier,
  verify,
  signedCall,
  withAuthorization,
  withHeaders,
  assertAccepted,
  assertRefused,
  mismatch,
  unrecognized,
  hashed,
} from '../support/sigv4-calls.ts'

describe('S10 a date that is malformed or missing', () => {
  const malformed = [
    '2026-11-21T10:00:00Z',
    '20261121T100000',
    '20261121T1000Z',
    '20261131T100000Z',
    '20261301T100000Z',
    '20260229T100000Z',
    '20261121T240000Z',
    '20261121T106000Z',
    '20261121T100060Z',
    'Sat, 21 Nov 2026 10:00:00 GMT',
    '',
    'x'.repeat(300),
  ]
  for (const amzDate of malformed) {
    test(`'${amzDate.slice(0, 30)}'`, () =>
      assertRefused(
        signedCall({ amzDate, scopeDate: '20261121' }),
        'IncompleteSignatureException',
        `Date must be in ISO-8601 'basic format'. Got '${amzDate.slice(0, 256)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
      ))
  }
  const dateMissing = `Authorization header requires existence of a 'X-Amz-Date' header.`

  test('missing', () => {
    const authorization = authorizationFor(call, { payload: body })
    return assertRefused(
      withHeaders(call, ['Authorization', authorization]),
      'IncompleteSignatureException',
      `${dateMissing} ${hashed(authorization)}`,
    )
  })
  test('Date only', () => {
    const dated = withHeaders(call, ['Date', '20261121T100000Z'])
    const authorization = authorizationFor(dated, { payload: body })
    return assertRefused(
      withHeaders(dated, ['Authorization', authorization]),
      'IncompleteSignatureException',
      `${dateMissing} ${hashed(authorization)}`,
    )
  })
  test('X-Amz-Date wins over a Date that disagrees', () =>
    assertAccepted(signedCall({}, withHeaders(call, ['Date', 'Sat, 21 Nov 2020 10:00:00 GMT']))))
})

test('S11 a scope of another day', () =>
  assertRefused(
    signedCall({ scopeDate: '20261120' }),
    'InvalidSignatureException',
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261120' != '20261121', ` +
      `from '20261121T100000Z'. `,
  ))

describe('S12 a scope that is not for here', () => {
  const service = `Credential should be scoped to correct service: 'ecr'. `
  const region = 'Credential should be scoped to a valid region. '
  const rows: readonly (readonly [how: HowToSign, message: string])[] = [
    [{ service: 's3' }, service],
    [{ service: 'ecr-public' }, service],
    [{ region: 'US-EAST-1' }, region],
    [{ region: 'x' }, region],
    [{ region: 'r'.repeat(26) }, region],
    [{ terminator: 'aws4' }, `Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'. `],
    [{ region: 'eu_west', service: 'sts' }, region + service],
  ]
  for (const [how, message] of rows) {
    test(JSON.stringify(how), () => assertRefused(signedCall(how), 'InvalidSignatureException', message))
  }
  const elements = 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '

  test('an extra slash', () =>
    assertRefused(
      signedCall({ region: 'us/east-1' }),
      'InvalidSignatureException',
      `${elements}'AKIDEXAMPLE/20261121/us/east-1/ecr/aws4_request'`,
    ))
  test('an empty part', () =>
    assertRefused(
      signedCall({ region: '' }),
      'InvalidSignatureException',
      `${elements}'AKIDEXAMPLE/20261121//ecr/aws4_request'`,
    ))
  test('no scope at all, and no more than 256 characters of it come back', () =>
    assertRefused(
      withAuthorization(signedCall(), (value) => value.replace(/Credential=[^,]*/, `Credential=${'x'.repeat(300)}`)),
      'InvalidSignatureException',
      `${elements}'${'x'.repeat(256)}'`,
    ))
  test('any region is good where its name could be one', async () => {
    const verdict = await verify(signedCall({ region: 'eusc-de-east-1' }))
    assert.equal(verdict.ok && verdict.region, 'eusc-de-east-1')
  })
})

describe('S13 a list of signed headers that is not good', () => {
  const form = `SignedHeaders must be at most 100 lower-case header names, sorted, each once, separated by ';'.`
  const rows: readonly (readonly [names: string[], message: string])[] = [
    [
      ['content-type', 'x-amz-date', 'x-amz-target'],
      `'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.`,
    ],
    [['host', 'x-amz-target'], `'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.`],
    [['host', 'x-absent', 'x-amz-date', 'x-amz-target'], `The signed header 'x-absent' is not in the request.`],
    [['host', 'x-amz-target', 'x-amz-date'], form],
    [['Host', 'x-amz-date', 'x-amz-target'], form],
    [['host', 'host', 'x-amz-date', 'x-amz-target'], form],
    [['host', '', 'x-amz-date', 'x-amz-target'], form],
    [[], form],
  ]
  for (const [signedHeaders, message] of rows) {
    test(signedHeaders.join(';'), () =>
      assertRefused(signedCall({ signedHeaders }), 'InvalidSignatureException', message),
    )
  }
  test('names of the prototype of objects are names of absent headers', () =>
    assertRefused(
      signedCall({ signedHeaders: ['__proto__', 'host', 'x-amz-date', 'x-amz-target'] }),
      'InvalidSignatureException',
      `The signed header '__proto__' is not in the request.`,
    ))
})

describe('S14 an x-amz-* header that is not signed', () => {
  for (const name of ['x-amz-security-token', 'X-Amz-User-Agent', 'x-amz-content-sha256', 'X-AMZ-ANYTHING']) {
    test(name, () =>
      assertRefused(
        withHeaders(signedCall(), [name, sha256(body)]),
        'InvalidSignatureException',
        `'${name.toLowerCase()}' must be a 'SignedHeader' in the AWS Authorization.`,
      ),
    )
  }
  test('x-amz-target', () =>
    assertRefused(
      signedCall({ signedHeaders: ['host', 'x-amz-date'] }),
      'InvalidSignatureException',
      `'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.`,
    ))
  test('a header that a load balancer adds is no such header', () =>
    assertAccepted(withHeaders(signedCall(), ['X-Amzn-Trace-Id', 'Root=1-67891233-abcdef012345678912345678'])))
})

describe('S15 a header twice', () => {
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['Authorization', 'AWS4-HMAC-SHA256 Credential=x'],
    ['Host', 'elsewhere:4510'],
    ['X-Amz-Target', 'AmazonEC2ContainerRegistry_V20150921.DeleteRepository'],
    ['X-Amz-Date', '20261121T100001Z'],
  ]
  for (const row of rows) {
    const message = `Header '${row[0].toLowerCase()}' must not be repeated.`
    test(`${row[0]}, the good one first`, () =>
      assertRefused(withHeaders(signedCall(), row), 'IncompleteSignatureException', message))
    test(`${row[0]}, the good one last`, () => {
      const good = signedCall()
      return assertRefused({ ...good, headers: [row, ...good.headers] }, 'IncompleteSignatureException', message)
    })
  }
  test('two targets that are signed together', () =>
    assertRefused(
      signedCall({}, withHeaders(call, ['x-amz-target', 'Other.Target'])),
      'IncompleteSignatureException',
      `Header 'x-amz-target' must not be repeated.`,
    ))
})

describe('S16 a signature in the header and in the query', () => {
  const message = 'Only one auth mechanism allowed; use either the Authorization header or the query string parameters.'
  for (const query of ['X-Amz-Signature=ab', 'a=b&x-amz-signature=ab', 'X%2DAmz-Signature']) {
    test(query, () =>
      assertRefused(signedCall({}, { ...call, target: `/?${query}` }), 'IncompleteSignatureException', message),
    )
  }
  test('where the credentials are said to be', () => {
    const { hasCredentials } = verifier()
    assert.equal(hasCredentials(toRequest(call)), 'none')
    assert.equal(hasCredentials(toRequest({ ...call, target: '/?X-Amz-Signature=ab' })), 'query')
    assert.equal(hasCredentials(toRequest({ ...call, target: '/?a=b&X-Amz-Algorithm=ab' })), 'query')
    assert.equal(hasCredentials(toRequest({ ...call, target: '/?NotX-Amz-Signature=ab' })), 'none')
    assert.equal(hasCredentials(toRequest({ ...signedCall(), target: '/?X-Amz-Signature=ab' })), 'header')
  })
})

describe('S17 header values', () => {
  for (const value of ['a  b   c', '  a', 'a  ', '\t a \t\t b\t', '', '   ', 'größer 漢字', '"a   b"', 'a,b', ' , ']) {
    test(JSON.stringify(value), () => assertAccepted(signedCall({}, withHeaders(call, ['My-Header1', value]))))
  }
  test('a header in several lines is signed with its values in their order', async () => {
    const several = signedCall({}, withHeaders(call, ['My-Header1', 'z'], ['My-Header1', ' a '], ['my-header1', 'm']))
    await assertAccepted(several)
    const swapped = several.headers.map(
      ([name, value]) => [name, value === 'z' ? ' a ' : value === ' a ' ? 'z' : value] as const,
    )
    await assertRefused({ ...several, headers: swapped }, 'InvalidSignatureException', mismatch)
  })
  test('two values that differ in bytes that are not UTF-8 differ', async () => {
    const message = signedCall({}, withHeaders(call, ['My-Header1', 'é']))
    const request = toRequest(message)
    const rawHeaders = request.rawHeaders.map((text) => text.replace('\u00c3\u00a9', '\u00c3\u00aa'))
    const verdict = await verifier().verifyHeader({ ...request, rawHeaders }, Buffer.from(body), { services: ['ecr'] })
    assert.equal(verdict.ok, false)
  })
})

describe('S18 paths and queries', () => {
  const rows: readonly (readonly [target: string, canonicalTarget: string])[] = [
    ['//', '/'],
    ['/./', '/'],
    ['/a/../', '/'],
    ['/a/../../b//c/', '/b/c/'],
    ['/%2F', '/%252F'],
    ['/%2f', '/%252f'],
    ['/%252F', '/%25252F'],
    ['/?b=2&a=1', '/?a=1&b=2'],
    ['/?a=b+c', '/?a=b%20c'],
    ['/?a=b%20c', '/?a=b%20c'],
    ['/?a=b%2Bc', '/?a=b%2Bc'],
    ['/?a', '/?a='],
    ['/?a=&b', '/?a=&b='],
    ['/?a=2&a=1&A=3', '/?A=3&a=1&a=2'],
    ['/?a+b=1', '/?a%20b=1'],
    ['/?a=%e6%bc%a2', '/?a=%E6%BC%A2'],
    ['/?&&a=1&', '/?a=1'],
    [`/?a=!'()*~-._`, '/?a=%21%27%28%29%2A~-._'],
    ['/?a=b=c', '/?a=b%3Dc'],
  ]
  for (const [target, canonicalTarget] of rows) {
    test(`${target} is signed as ${canonicalTarget}`, async () => {
      const [canonicalPath = ''] = canonicalTarget.split('?')
      const asSigned = signedCall({ canonicalPath }, { ...call, target: canonicalTarget })
      await assertAccepted({ ...asSigned, target })
      await assertRefused({ ...asSigned, target: `${target}x` }, 'InvalidSignatureException', mismatch)
    })
  }
  for (const [target, asSigned] of [
    // What AWS's canonicaliser makes of this name: a value that anyone could then exchange.
    ['/?__proto__=1', '/?[object Object]'],
    ['/?\u00e9=1', '/?%C3%83%C2%A9=1'],
  ] as const) {
    test(`'${target}' is not taken for '${asSigned}'`, () => {
      const message = signedCall({}, { ...call, target: asSigned })
      const request = {
        ...toRequest(message),
        target,
        path: '/',
        query: Buffer.from(target.slice(2)).toString('latin1'),
      }
      const verdict = verifier().verifyHeader(request, Buffer.from(body), { services: ['ecr'] })
      return verdict.then((refused) => assert.equal(refused.ok, false))
    })
  }
  for (const target of ['/?a=%', '/?a=%zz', '/?%ff=1', '/?__proto__=1', '/%ff', '/\u00e9', '/?\u00e9=1', '*', '']) {
    test(`'${target}' has no canonical form`, () =>
      assertRefused(signedCall({}, { ...call, target }), 'InvalidSignatureException', mismatch))
  }
})

describe('S20 temporary credentials', () => {
  const withToken = (key: Credential<string>, token: string) =>
    signedCall({ key }, withHeaders(call, ['X-Amz-Security-Token', token]))
  const token = temporary.sessionToken ?? ''

  test('with their token are accepted', async () => {
    const verdict = await verify(withToken(temporary, token))
    assert.equal(verdict.ok && verdict.principal, 'a session')
  })
  for (const [what, message] of [
    ['without token', signedCall({ key: temporary })],
    ['with the token of another key', withToken(temporary, 'FwoGZXIvYXdzE/other==')],
    ['with a truncated token', withToken(temporary, token.slice(0, -1))],
    ['with an empty token', withToken(temporary, '')],
    ['a token with a key that has none', withToken(alice, token)],
    ['expired, with a wrong token', withToken({ ...temporary, accessKeyId: 'ASIAEXPIRED' }, 'wrong')],
  ] as const) {
    test(what, () => assertRefused(message, 'UnrecognizedClientException', unrecognized))
  }
  test('expired, from the very millisecond on', () =>
    assertRefused(
      withToken({ ...temporary, accessKeyId: 'ASIAEXPIRED' }, token),
      'ExpiredTokenException',
      'The security token included in the request is expired',
    ))
})

describe('S23 more than anyone needs', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `x-h-${String(i).padStart(5, '0')}`)
  const withMany = (count: number) => withHeaders(call, ...many(count).map((name) => [name, 'v'] as const))

  test('an Authorization header of 1 MiB', () =>
    assertRefused(
      withAuthorization(signedCall(), (value) => `${value}${' '.repeat(1)}${'a'.repeat(1 << 20)}`),
      'IncompleteSignatureException',
      'Authorization header must not be longer than 16384 bytes.',
    ))
  test('5,000 signed headers', () => {
    const list = ['host', ...Array.from({ length: 4999 }, (_, i) => String.fromCharCode(105 + (i % 16)))].join(';')
    return assertRefused(
      withAuthorization(signedCall(), (value) => value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`)),
      'InvalidSignatureException',
      `SignedHeaders must be at most 100 lower-case header names, sorted, each once, separated by ';'.`,
    )
  })
  test('100 signed headers are accepted', () => assertAccepted(signedCall({}, withMany(96))))
  test('101 signed headers are refused', () =>
    assertRefused(
      signedCall({}, withMany(97)),
      'InvalidSignatureException',
      `SignedHeaders must be at most 100 lower-case header names, sorted, each once, separated by ';'.`,
    ))
})
