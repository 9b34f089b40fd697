// Passwords of `docker login`: nothing but what was minted here opens.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { mintToken, openToken } from '../../src/domain/authorisation/tokens.ts'

const keyOf = (byte: number) => Buffer.alloc(32, byte)
const secretsOf = (...bytes: readonly number[]) => ({
  pageKey: keyOf(0),
  tokenKeys: bytes.map(keyOf),
  identityKey: keyOf(0),
})

const secrets = secretsOf(1)
const now = Date.UTC(2026, 10, 21, 12)
const hourMs = 60 * 60 * 1000
const claims = { accessKeyId: 'AKIATEST', expiresAtMs: now + 12 * hourMs }
const token = mintToken(secrets, claims)
const invalid = { kind: 'invalid' }

test('what is minted opens to what was said', () => {
  assert.deepEqual(openToken(secrets, token, now), { kind: 'valid', claims })
})

test('the AWS CLI can split it from the user name: no colon, ASCII', () => {
  assert.match(token, /^[A-Za-z0-9._-]+$/)
})

test('T3 a token is good until its last moment, and then expired', () => {
  assert.deepEqual(openToken(secrets, token, claims.expiresAtMs - 1000), { kind: 'valid', claims })
  assert.deepEqual(openToken(secrets, token, claims.expiresAtMs - 1), { kind: 'valid', claims })
  assert.deepEqual(openToken(secrets, token, claims.expiresAtMs), { kind: 'expired', claims })
  assert.deepEqual(openToken(secrets, token, claims.expiresAtMs + 1000), { kind: 'expired', claims })
})

describe('T4 what is not a token of this installation', () => {
  test('one bit flipped anywhere', () => {
    const bytes = Buffer.from(token)
    for (let at = 0; at < bytes.length * 8; at++) {
      const flipped = Buffer.from(bytes)
      const byte = Math.floor(at / 8)
      flipped.writeUInt8(flipped.readUInt8(byte) ^ (1 << (at % 8)), byte)
      assert.deepEqual(openToken(secrets, flipped.toString('latin1'), now), invalid, `bit ${at}`)
    }
  })

  test('truncated anywhere, at either end', () => {
    for (let length = 0; length < token.length; length++) {
      assert.deepEqual(openToken(secrets, token.slice(0, length), now), invalid)
      assert.deepEqual(openToken(secrets, token.slice(token.length - length), now), invalid)
    }
  })

  const [version = '', body = '', mac = ''] = token.split('.')
  const otherClaims = mintToken(secrets, { ...claims, accessKeyId: 'AKIAOTHER' }).split('.')
  const signed = Buffer.from(mac, 'base64url')
  for (const [what, password] of [
    ['two glued', `${token}${token}`],
    ['two glued with a dot', `${token}.${token}`],
    ['a fourth piece', `${token}.x`],
    ['an empty fourth piece', `${token}.`],
    ['of another installation', mintToken(secretsOf(2), claims)],
    ['the claims of one and the signature of another', `${version}.${otherClaims[1]}.${mac}`],
    ['another version', `v2.${body}.${mac}`],
    ['no signature', `${version}.${body}.`],
    ['no claims', `${version}..${mac}`],
    ['an algorithm of none', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`],
    ['padded', `${token}=`],
    ['in the other alphabet of base64', `${version}.${body}.${signed.toString('base64')}`],
    ['in hex', `${version}.${body}.${signed.toString('hex')}`],
    ['white space around it', ` ${token} `],
    ['a line end behind it', `${token}\n`],
    ['the user name before it', `AWS:${token}`],
    ['in base64', Buffer.from(token).toString('base64')],
    ['empty', ''],
    ['__proto__', '__proto__'],
    ['a MiB of dots', '.'.repeat(1024 * 1024)],
    ['a MiB behind a token', `${token}${'A'.repeat(1024 * 1024)}`],
  ] as const) {
    test(what, () => assert.deepEqual(openToken(secrets, password, now), invalid))
  }
})

test('keys can rotate: the first one signs, all verify', () => {
  const rotated = secretsOf(2, 1)
  assert.deepEqual(openToken(rotated, token, now), { kind: 'valid', claims })
  const renewed = mintToken(rotated, claims)
  assert.equal(renewed, mintToken(secretsOf(2), claims))
  assert.deepEqual(openToken(secretsOf(2), renewed, now), { kind: 'valid', claims })
  assert.deepEqual(openToken(secretsOf(2), token, now), invalid)
})

test('without a key there are no tokens', () => {
  assert.throws(() => mintToken(secretsOf(), claims), { message: 'no token key' })
  assert.deepEqual(openToken(secretsOf(), token, now), invalid)
})
