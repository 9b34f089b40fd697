// Row S25: what seals the secrets of access keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openSecret, sealSecret } from '../../src/domain/identities/seal-secret.ts'
import { randomIds } from '../../src/lib/ids.ts'

const secretsOf = (byte: number) => ({
  pageKey: Buffer.alloc(32),
  tokenKeys: [Buffer.alloc(32)],
  identityKey: Buffer.alloc(32, byte),
})
const secrets = secretsOf(1)
const id = 'AKIAIOSFODNN7EXAMPLE'
const secret = 'x'.repeat(40)

test('a secret opens with its key and for its access key only', () => {
  const sealed = sealSecret(secrets, randomIds, id, secret)
  assert.equal(openSecret(secrets, id, sealed), secret)
  assert.equal(openSecret(secretsOf(2), id, sealed), undefined)
  assert.equal(openSecret(secrets, 'AKIAI44QH8DHBEXAMPLE', sealed), undefined)
  assert.ok(!sealed.includes(secret))
  assert.notEqual(sealSecret(secrets, randomIds, id, secret), sealed)
})

test('one that was changed anywhere, cut or lengthened does not open', () => {
  const sealed = sealSecret(secrets, randomIds, id, secret)
  const bytes = Buffer.from(sealed.slice(3), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const other = Buffer.from(bytes)
    other[at] = (other[at] ?? 0) ^ 1
    assert.equal(openSecret(secrets, id, `v1.${other.toString('base64url')}`), undefined, `byte ${at}`)
  }
  const odd = ['', 'v1.', 'v1.AAAA', sealed.slice(0, -4), `${sealed}AAAA`, sealed.replace('v1.', 'v2.')]
  for (const text of odd) assert.equal(openSecret(secrets, id, text), undefined, text)
})
