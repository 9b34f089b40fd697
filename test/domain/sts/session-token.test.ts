// Session tokens as texts: genuine, or nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Caller, Secrets } from '../../../src/domain/context.ts'
import { claimsOf } from '../../../src/domain/sts/sessions.ts'
import { openSession, sealSession } from '../../../src/domain/sts/session-token.ts'
import { mintToken, openToken } from '../../../src/domain/authorisation/tokens.ts'
import { randomIds } from '../../../src/lib/ids.ts'

const secretsOf = (...fills: readonly number[]): Secrets => ({
  pageKey: Buffer.alloc(32, 1),
  tokenKeys: fills.map((fill) => Buffer.alloc(32, fill)),
  identityKey: Buffer.alloc(32, 2),
})
const secrets = secretsOf(8)

const principal: Caller = {
  kind: 'session',
  accountId: '123456789012',
  arn: 'arn:aws:sts::123456789012:assumed-role/ci/job',
  userId: 'AROAEXAMPLE:job',
  accessKeyId: 'ASIAEXAMPLE',
  temporary: { issuedAtMs: 1_000, expiresAtMs: 9_000, roleArn: 'arn:aws:iam::123456789012:role/ci' },
}
const session = { secretAccessKey: 'hush', principal }

test('a token gives back what was sealed, and shows nothing of it', () => {
  const token = sealSession(secrets, randomIds, session)
  assert.deepEqual(openSession(secrets, token), session)
  assert.match(token, /^[A-Za-z0-9+/]+={0,2}$/)
  const bytes = Buffer.from(token, 'base64').toString('latin1')
  for (const part of ['hush', 'AROAEXAMPLE', 'job']) assert.ok(!bytes.includes(part), part)
  assert.notEqual(sealSession(secrets, randomIds, session), token)
})

test('a token can be asked to be longer than it has to be', () => {
  const least = sealSession(secrets, randomIds, session).length
  for (const min of [0, 1, least, least + 1, 1_000, 4_095, 4_096]) {
    const token = sealSession(secrets, randomIds, session, min)
    assert.ok(token.length >= min && token.length < Math.max(least, min) + 5, `${min}: ${token.length}`)
    assert.deepEqual(openSession(secrets, token), session)
  }
})

test('T4 one bit flipped anywhere, a cut, two glued, another spelling: no token', () => {
  const token = sealSession(secrets, randomIds, session)
  const bytes = Buffer.from(token, 'base64')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(openSession(secrets, flipped.toString('base64')), undefined, `bit ${bit}`)
  }
  const others = [
    token + token,
    `${token}=`,
    ` ${token}`,
    bytes.toString('base64url').concat('-'),
    '',
    'x',
    'A'.repeat(8_193),
  ]
  for (const other of others) assert.equal(openSession(secrets, other), undefined, other.slice(0, 40))
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(openSession(secrets, bytes.subarray(0, length).toString('base64')), undefined, `${length} bytes`)
  }
})

test('T4 another installation opens none; each token key does, so that keys can rotate', () => {
  const token = sealSession(secretsOf(8), randomIds, session)
  assert.equal(openSession(secretsOf(9), token), undefined)
  assert.deepEqual(openSession(secretsOf(9, 8), token), session)
})

test('what a token key seals is not what it signs: a docker password is no session token, nor the other way round', () => {
  const password = mintToken(secrets, claimsOf(principal, 5_000))
  assert.equal(openSession(secrets, password), undefined)
  const token = sealSession(secrets, randomIds, session)
  assert.equal(openToken(secrets, token, 2_000).kind, 'invalid')
})

test('T7 an authorization token ends with the session that asked for it, and carries it without its secret', () => {
  assert.deepEqual(claimsOf(principal, 5_000).expiresAtMs, 5_000)
  const claims = claimsOf(principal, 50_000)
  assert.deepEqual(claims, { accessKeyId: 'ASIAEXAMPLE', expiresAtMs: 9_000, session: principal })
  for (const form of ['password', 'bearer'] as const) {
    const token = mintToken(secrets, claims, form)
    assert.deepEqual(openToken(secrets, token, 8_999, form), { kind: 'valid', claims })
    assert.deepEqual(openToken(secrets, token, 9_000, form), { kind: 'expired', claims })
    assert.match(token, /^[\w.-]+$/)
    assert.ok(!token.includes(Buffer.from('hush').toString('base64url').slice(0, 5)))
  }
})

test('T4 a password that carries a session: every character changed, every part left out', () => {
  const token = mintToken(secrets, claimsOf(principal, 50_000))
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const changed = token.slice(0, at) + other + token.slice(at + 1)
    assert.equal(openToken(secrets, changed, 2_000).kind, 'invalid', `character ${at}`)
  }
  const [version, said, carried, mac] = token.split('.')
  for (const parts of [
    [version, said, mac],
    [version, carried, mac],
    [version, said, carried, carried, mac],
    [version, `${said}${carried}`, mac],
  ]) {
    assert.equal(openToken(secrets, parts.join('.'), 2_000).kind, 'invalid')
  }
})

test('the longest there can be fits into a header', () => {
  const tags = Array.from({ length: 15 }, () => ({ key: randomIds.hex(32), value: randomIds.hex(64) }))
  const path = `/${randomIds.hex(255)}/`
  const longest: Caller = {
    ...principal,
    arn: `arn:aws:sts::123456789012:assumed-role/${randomIds.hex(32)}/${randomIds.hex(32)}`,
    userId: `AROA${randomIds.hex(8)}:${randomIds.hex(32)}`,
    temporary: {
      issuedAtMs: 1_763_726_400_000,
      expiresAtMs: 1_763_730_000_000,
      roleArn: `arn:aws:iam::123456789012:role${path}${randomIds.hex(32)}`,
      tags,
      sourceIdentity: randomIds.hex(32),
    },
  }
  const token = sealSession(secrets, randomIds, { ...session, principal: longest })
  assert.ok(token.length < 5_000, `${token.length}`)
  const password = mintToken(secrets, claimsOf(longest, 2e12))
  assert.equal(openToken(secrets, password, 2_000).kind, 'valid')
  assert.ok(password.length < 6_000, `${password.length}`)
})
