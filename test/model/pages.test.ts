import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { openPage, sealPage } from '../../src/model/pages.ts'
import { anyText } from '../support/any-text.ts'

const key = Buffer.alloc(32, 1)
const binding = ['ListImages', 'arn:aws:iam::123456789012:root', 'us-east-1', { tagStatus: 'ANY' }]
const position = ['sha256:abc', 'latest']
const now = Date.UTC(2026, 10, 21)
const dayMs = 24 * 60 * 60 * 1000
const token = sealPage(key, binding, position, now)

describe('J13 a page token', () => {
  test('gives back its position', () => {
    assert.deepEqual(openPage(key, binding, token, now), position)
  })

  test('gives back any position for any binding', () => {
    fc.assert(
      fc.property(fc.array(anyText), fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }), (place, bound) => {
        const places = place.map((text) => text.toWellFormed())
        assert.deepEqual(openPage(key, bound, sealPage(key, bound, places, now), now), places)
      }),
    )
  })

  test('is good for a day, to the millisecond', () => {
    assert.deepEqual(openPage(key, binding, token, now + dayMs), position)
    assert.equal(openPage(key, binding, token, now + dayMs + 1), undefined)
  })

  test('can be put into a URL and into JSON, and shows nothing', () => {
    const shown = 'a-repository-that-nobody-may-see'
    const sealed = sealPage(key, binding, [shown, shown], now)
    assert.match(sealed, /^[A-Za-z0-9_-]+$/)
    assert.equal(Buffer.from(sealed, 'base64url').includes(shown.slice(0, 4)), false)
  })

  test('is another one each time', () => {
    assert.notEqual(sealPage(key, binding, position, now), token)
  })

  test('has room for the longest position: a digest of 512 bits and a tag of 300 characters, or a long name', () => {
    for (const longest of [[`sha512:${'f'.repeat(128)}`, 't'.repeat(300)], ['n'.repeat(256)]]) {
      assert.deepEqual(openPage(key, binding, sealPage(key, binding, longest, now), now), longest)
    }
  })

  test('of more than 4096 characters is none, even a genuine one: what a client sends has a limit', () => {
    const long = sealPage(key, binding, ['p'.repeat(3200)], now)
    assert.ok(long.length > 4096 && long.length < 4500)
    assert.equal(openPage(key, binding, long, now), undefined)
  })

  const [operation, caller, region] = binding
  const others: readonly (readonly [what: string, binding: readonly unknown[]])[] = [
    ['another operation', ['DescribeImages', caller, region, { tagStatus: 'ANY' }]],
    ['another principal', [operation, 'arn:aws:iam::210987654321:root', region, { tagStatus: 'ANY' }]],
    ['another region', [operation, caller, 'eu-west-1', { tagStatus: 'ANY' }]],
    ['another filter', [operation, caller, region, { tagStatus: 'TAGGED' }]],
    ['no filter', [operation, caller, region, undefined]],
    ['one argument more', [...binding, 'more']],
    ['one argument less', binding.slice(0, 3)],
    ['its arguments run together', [binding.map(String).join()]],
    ['nothing', []],
  ]
  for (const [what, other] of others) {
    test(`is worth nothing to a request of ${what}`, () => assert.equal(openPage(key, other, token, now), undefined))
  }

  test('of another installation is worth nothing', () => {
    assert.equal(openPage(Buffer.alloc(32, 2), binding, token, now), undefined)
  })

  test('is worth nothing with one bit flipped, anywhere', () => {
    const bytes = Buffer.from(token)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.equal(openPage(key, binding, flipped.toString('latin1'), now), undefined, `bit ${bit}`)
    }
  })

  test('is worth nothing when it is cut, at either end', () => {
    for (let at = 1; at < token.length; at++) {
      assert.equal(openPage(key, binding, token.slice(0, at), now), undefined, `the first ${at}`)
      assert.equal(openPage(key, binding, token.slice(at), now), undefined, `from ${at}`)
    }
  })

  const forged: readonly (readonly [what: string, text: string])[] = [
    ['an empty text', ''],
    ['a word', 'next'],
    ['JSON', JSON.stringify([now + dayMs, position])],
    ['JSON in base64', Buffer.from(JSON.stringify([now + dayMs, position])).toString('base64url')],
    ['twenty-eight zero bytes, nonce and tag of nothing', 'A'.repeat(38)],
    ['two tokens glued', token + token],
    ['a token and a padding', `${token}==`],
    ['a token and a line end', `${token}\n`],
    ['a token with a blank in it', `${token.slice(0, 9)} ${token.slice(9)}`],
    ['a token and a zero byte', `${token}\0`],
    ['a MiB', 'A'.repeat(1_048_576)],
    ['text that is not ASCII', '\u{1F40B}'.repeat(40)],
  ]
  for (const [what, text] of forged) {
    test(`is not ${what}`, () => assert.equal(openPage(key, binding, text, now), undefined))
  }
})
