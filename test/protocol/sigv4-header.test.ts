// SigV4 in the Authorization header: whose signatures hold, over what, and for how long.

import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'

import { createSigningKeyCache } from '../../src/protocol/sigv4/credentials.ts'
import { authorizationFor, sha256, toRequest } from '../support/sign.ts'
import {
  alice,
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

test('a request signed as the specification says is accepted, and tells who signed it for which region and service', () =>
  assertAccepted(signedCall()))

test('S1 a request without Authorization', () =>
  assertRefused(call, 'MissingAuthenticationTokenException', 'Missing Authentication Token'))

describe('S2 an Authorization header that lacks or repeats a field', () => {
  const lacks = (names: string[]) => names.map((name) => `Authorization header requires '${name}' parameter.`).join(' ')
  const form = `Authorization header must consist of 'Credential', 'SignedHeaders' and 'Signature', each once, as key=value.`
  const date = '20261121/us-east-1/ecr/aws4_request'
  const rows: readonly (readonly [header: string, message: string])[] = [
    ['AWS4-HMAC-SHA256', lacks(['Credential', 'Signature', 'SignedHeaders'])],
    ['AWS4-HMAC-SHA256 ', lacks(['Credential', 'Signature', 'SignedHeaders'])],
    [`AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${date}, SignedHeaders=host`, lacks(['Signature'])],
    [`AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${date}, Signature=ab`, lacks(['SignedHeaders'])],
    ['AWS4-HMAC-SHA256 SignedHeaders=host, Signature=ab', lacks(['Credential'])],
    [`AWS4-HMAC-SHA256 Credential=A/${date}, SignedHeaders=host, Signature=ab, Signature=ab`, form],
    [`AWS4-HMAC-SHA256 Credential=A/${date}, Credential=B/${date}, SignedHeaders=host, Signature=ab`, form],
    [`AWS4-HMAC-SHA256 Credential=A/${date}, SignedHeaders=host, Signature=ab, More=1`, form],
    [`AWS4-HMAC-SHA256 Credential=A/${date}, SignedHeaders=host, Signature=ab,`, form],
    [`AWS4-HMAC-SHA256 Credential=A/${date} SignedHeaders=host Signature=ab`, form],
    [`AWS4-HMAC-SHA256 credential=A/${date}, SignedHeaders=host, Signature=ab`, form],
    ['AWS4-HMAC-SHA256 nothing', form],
  ]
  for (const [header, message] of rows) {
    test(header, () =>
      assertRefused(
        withAuthorization(signedCall(), () => header),
        'IncompleteSignatureException',
        `${message} ${hashed(header.trim())}`,
      ),
    )
  }
})

describe('S3 another algorithm than AWS4-HMAC-SHA256', () => {
  for (const name of [
    'AWS4-HMAC-SHA1',
    'AWS4-ECDSA-P256-SHA256',
    'AWS',
    'aws4-hmac-sha256',
    'Basic',
    'AWS4-HMAC-SHA2567',
    '',
  ]) {
    test(`'${name}'`, () => {
      const header = authorizationFor(call).replace('AWS4-HMAC-SHA256', name)
      return assertRefused(
        withAuthorization(signedCall(), () => header),
        'IncompleteSignatureException',
        `Authorization header requires algorithm 'AWS4-HMAC-SHA256'. ${hashed(header.trim())}`,
      )
    })
  }
})

describe('S4 an access key that is not known or not active', () => {
  for (const accessKeyId of ['AKIDUNKNOWN', 'AKIAINACTIVE', 'AKID%EXAMPLE', 'A'.repeat(129)]) {
    test(accessKeyId, () =>
      assertRefused(signedCall({ key: { ...alice, accessKeyId } }), 'UnrecognizedClientException', unrecognized),
    )
  }
})

test('S4 what cannot be an access key id is not even looked up', async () => {
  const asked: string[] = []
  const secretFor = (accessKeyId: string) => void asked.push(accessKeyId)
  for (const accessKeyId of ['AKID%EXAMPLE', "'--", 'A'.repeat(129), 'A'.repeat(128)]) {
    await verify(signedCall({ key: { ...alice, accessKeyId } }), { credentials: { secretFor } })
  }
  assert.deepEqual(asked, ['A'.repeat(128)])
})

describe('S5 a signature that is not the one calculated', () => {
  const rows: readonly (readonly [what: string, change: (digits: string) => string])[] = [
    ['the first digit changed', (digits) => (digits.startsWith('0') ? '1' : '0') + digits.slice(1)],
    ['the last digit changed', (digits) => digits.slice(0, -1) + (digits.endsWith('0') ? '1' : '0')],
    ['empty', () => ''],
    ['63 digits', (digits) => digits.slice(0, 63)],
    ['65 digits', (digits) => `${digits}0`],
    ['upper case', (digits) => digits.toUpperCase()],
    ['not hexadecimal', (digits) => `g${digits.slice(1)}`],
    ['of another secret', () => authorizationFor(call, { key: { ...alice, secretAccessKey: 'other' } }).slice(-64)],
  ]
  for (const [what, change] of rows) {
    test(what, () =>
      assertRefused(
        withAuthorization(signedCall(), (value) => value.slice(0, -64) + change(value.slice(-64))),
        'InvalidSignatureException',
        mismatch,
      ),
    )
  }
})

describe('S6 a body other than the one signed', () => {
  const withHash = (hash: string) => signedCall({}, withHeaders(call, ['X-Amz-Content-Sha256', hash]))

  test('changed after signing', () => assertRefused(signedCall(), 'InvalidSignatureException', mismatch, '{ }'))
  test('emptied after signing', () => assertRefused(signedCall(), 'InvalidSignatureException', mismatch, ''))
  test('changed, with its own hash declared and signed', () =>
    assertRefused(withHash(sha256(body)), 'InvalidSignatureException', mismatch, '{ }'))
  test('a declared and signed hash that is not of the body', () =>
    assertRefused(withHash(sha256('other')), 'InvalidSignatureException', mismatch))
  test('that hash taken into the signature', () =>
    assertRefused(
      signedCall({ payloadHash: sha256('other') }, withHeaders(call, ['X-Amz-Content-Sha256', sha256('other')])),
      'InvalidSignatureException',
      mismatch,
    ))
  test('the right hash declared is accepted', () => assertAccepted(withHash(sha256(body))))
})

describe('S7 a payload that is declared as not signed', () => {
  for (const payloadHash of [
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    '',
  ]) {
    test(`'${payloadHash}'`, () =>
      assertRefused(
        signedCall({ payloadHash }, withHeaders(call, ['X-Amz-Content-Sha256', payloadHash])),
        'InvalidSignatureException',
        mismatch,
      ))
  }
})

describe('S8 a date outside the tolerance', () => {
  test('6 minutes old', () =>
    assertRefused(
      signedCall({ amzDate: '20261121T095400Z' }),
      'InvalidSignatureException',
      'Signature expired: 20261121T095400Z is now earlier than 20261121T095500Z (20261121T100000Z - 5 min.)',
    ))
  test('6 minutes ahead', () =>
    assertRefused(
      signedCall({ amzDate: '20261121T100600Z' }),
      'InvalidSignatureException',
      'Signature not yet current: 20261121T100600Z is still later than 20261121T100500Z (20261121T100000Z + 5 min.)',
    ))
  test('the tolerance is a setting', async () => {
    const early = signedCall({ amzDate: '20261121T095400Z' })
    assert.equal((await verify(early, { maxSkewMs: 360_000 })).ok, true)
    assert.equal((await verify(early, { maxSkewMs: 359_000 })).ok, false)
  })
})

describe('S9 a date at the limit', () => {
  const at = (time: string) => ({ clock: { now: () => Date.parse(time) } })
  const rows: readonly (readonly [amzDate: string, clock: string, ok: boolean])[] = [
    ['20261121T095500Z', '2026-11-21T10:00:00Z', true],
    ['20261121T095501Z', '2026-11-21T10:00:00Z', true],
    ['20261121T095459Z', '2026-11-21T10:00:00Z', false],
    ['20261121T095500Z', '2026-11-21T10:00:00.999Z', true],
    ['20261121T095500Z', '2026-11-21T10:00:01Z', false],
    ['20261121T100500Z', '2026-11-21T10:00:00Z', true],
    ['20261121T100501Z', '2026-11-21T10:00:00Z', false],
    ['20261121T100501Z', '2026-11-21T10:00:01Z', true],
    ['20261231T235959Z', '2027-01-01T00:04:59Z', true],
    ['20261231T235959Z', '2027-01-01T00:05:00Z', false],
    ['20270101T000000Z', '2026-12-31T23:55:00Z', true],
    ['20161231T235960Z', '2017-01-01T00:05:00Z', true],
    ['20161231T235960Z', '2017-01-01T00:05:01Z', false],
    ['20280229T000000Z', '2028-02-29T00:00:00Z', true],
  ]
  for (const [amzDate, clock, ok] of rows) {
    test(`${amzDate} at ${clock} is ${ok ? 'accepted' : 'refused'}`, async () => {
      assert.equal((await verify(signedCall({ amzDate }), at(clock))).ok, ok)
    })
  }
})

test('S21 a request sent again within the tolerance is accepted again', async () => {
  const { verifyHeader } = verifier()
  const request = toRequest(signedCall())
  for (const time of ['first', 'second']) {
    assert.equal((await verifyHeader(request, Buffer.from(body), { services: ['ecr'] })).ok, true, time)
  }
})

describe('S22 a request sent to another place', () => {
  test('another host', () => {
    const good = signedCall()
    const headers = good.headers.map(([name, value]) => [name, name === 'Host' ? 'elsewhere:4510' : value] as const)
    return assertRefused({ ...good, headers }, 'InvalidSignatureException', mismatch)
  })
  test('another region', () =>
    assertRefused(
      withAuthorization(signedCall(), (value) => value.replace('us-east-1', 'eu-west-1')),
      'InvalidSignatureException',
      mismatch,
    ))
  test('another key', () => {
    const other = { ...alice, accessKeyId: 'AKIDOTHER', secretAccessKey: 'other' }
    const message = withAuthorization(signedCall(), (value) => value.replace('AKIDEXAMPLE', 'AKIDOTHER'))
    return verify(message, { credentials: { secretFor: () => other } }).then((verdict) =>
      assert.equal(verdict.ok, false),
    )
  })
})

describe('signing keys that are kept', () => {
  test('an old secret opens nothing once the key has a new one', async () => {
    let credential = alice
    const { verifyHeader } = verifier({ credentials: { secretFor: async () => credential } })
    const old = toRequest(signedCall())
    const check = async () => (await verifyHeader(old, Buffer.from(body), { services: ['ecr'] })).ok
    assert.equal(await check(), true)
    credential = { ...alice, secretAccessKey: 'rotated' }
    assert.equal(await check(), false)
    const rotated = toRequest(signedCall({ key: credential }))
    assert.equal((await verifyHeader(rotated, Buffer.from(body), { services: ['ecr'] })).ok, true)
    assert.equal(await check(), false)
  })
  test('are derived once, the least recently used dropped first, and none kept that did not fit', () => {
    const cache = createSigningKeyCache(2)
    const check = (region: string, fits = true) => {
      const keysSeen: KeyObject[] = []
      cache.check(alice, { date: '20261121', region, service: 'ecr' }, (key) => (keysSeen.push(key), fits))
      return keysSeen[0]
    }
    const first = check('r-1')
    const second = check('r-2')
    assert.equal(check('r-1'), first)
    check('r-3', false)
    assert.equal(check('r-2'), second)
    assert.equal(check('r-1'), first)
    check('r-3')
    assert.equal(check('r-1'), first)
    assert.notEqual(check('r-2'), second)
    assert.deepEqual(check('r-2')?.export(), second?.export())
  })
  test('a cache of one entry serves many regions, before and after it drops one', async () => {
    const { verifyHeader } = verifier({ keyCacheEntries: 1 })
    for (const region of ['us-east-1', 'eu-west-1', 'us-east-1', 'us-east-1']) {
      const verdict = await verifyHeader(toRequest(signedCall({ region })), Buffer.from(body), { services: ['ecr'] })
      assert.equal(verdict.ok && verdict.region, region)
    }
  })
})
