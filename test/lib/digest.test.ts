import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { algorithmOf, digestOf, hexOf, parseDigest } from '../../src/lib/digest.ts'

const hex64 = '0123456789abcdef'.repeat(4)

describe('J11 a digest', () => {
  for (const text of [`sha256:${hex64}`, `sha512:${hex64}${hex64}`]) {
    test(`${text.slice(0, 20)}… is one`, () => assert.equal(parseDigest(text), text))
  }

  for (const text of [
    '',
    'sha256:',
    hex64,
    `sha256:${hex64.slice(1)}`,
    `sha256:${hex64}0`,
    `sha256:${hex64.toUpperCase()}`,
    `SHA256:${hex64}`,
    `sha256:${hex64.slice(1)}g`,
    `sha256:${hex64}\n`,
    ` sha256:${hex64}`,
    `sha512:${hex64}`,
    `sha256:${hex64}${hex64}`,
    `md5:${hex64.slice(32)}`,
    `sha384:${hex64}${hex64.slice(32)}`,
    `sha256+b64:${hex64}`,
    'sha256:../../etc/passwd',
    `sha256:${'../'.repeat(21)}a`,
    `sha256:${hex64.slice(1)}\0`,
    `sha256:${hex64.slice(1)}０`,
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(parseDigest(text), undefined))
  }
})

test('digests of the published test vectors', () => {
  // https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values (SHA-256 and SHA-512 of "abc")
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const sha512 =
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'
  assert.equal(digestOf('abc'), `sha256:${sha256}`)
  assert.equal(digestOf(Buffer.from('abc')), `sha256:${sha256}`)
  assert.equal(digestOf('abc', 'sha512'), `sha512:${sha512}`)
  assert.equal(hexOf(digestOf('abc', 'sha512')), sha512)
  assert.equal(algorithmOf(digestOf('abc')), 'sha256')
  assert.equal(algorithmOf(digestOf('abc', 'sha512')), 'sha512')
})
