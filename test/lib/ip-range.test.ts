// Against Node's own BlockList, which knows each notation of an address and is slow.

import assert from 'node:assert/strict'
import { BlockList, isIPv4 } from 'node:net'
import { test } from 'node:test'

import fc from 'fast-check'

import { parseIpRange } from '../../src/lib/ip-range.ts'

const v4 = fc.ipV4()
/** Near each other, or nothing would ever lie in anything. */
const near = fc
  .tuple(fc.constantFrom('192.0.2', '192.0.3'), fc.nat({ max: 255 }))
  .map(([net, host]) => `${net}.${host}`)
const v6 = fc.oneof(
  fc.ipV6(),
  near.map((address) => `::ffff:${address}`),
  fc
    .tuple(fc.constantFrom('2001:db8', '2001:DB8:0'), fc.nat({ max: 0xffff }))
    .map(([net, host]) => `${net}::${host.toString(16)}`),
)
const range = fc.oneof(
  fc.tuple(fc.oneof(v4, near), fc.nat({ max: 32 })),
  fc.tuple(v6, fc.oneof(fc.nat({ max: 128 }), fc.constantFrom(0, 16, 32, 96, 112, 120, 128))),
)

test('an address lies in a range when Node says so', () => {
  const found = { in: 0, out: 0 }
  fc.assert(
    fc.property(range, fc.oneof(v4, near, v6), ([address, bits], candidate) => {
      const list = new BlockList()
      const ofRange = isIPv4(address) ? 'ipv4' : 'ipv6'
      const its = isIPv4(candidate) ? 'ipv4' : 'ipv6'
      list.addSubnet(address, bits, ofRange)
      const expected = !(its === 'ipv4' && ofRange === 'ipv6') && list.check(candidate, its)
      found[expected ? 'in' : 'out'] += 1
      assert.equal(parseIpRange(`${address}/${bits}`)?.(candidate), expected, `${candidate} in ${address}/${bits}`)
    }),
    { numRuns: 5_000, seed: 1 },
  )
  assert.ok(found.in > 200 && found.out > 200, JSON.stringify(found))
})

test('what is no range is none, and what is no address lies nowhere', () => {
  for (const text of [
    '',
    'a',
    '1.2.3',
    '1.2.3.4/33',
    '::/129',
    '1.2.3.4/',
    '1.2.3.4/a',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
    '1.2.3.4/-1',
  ])
    assert.equal(parseIpRange(text), undefined, text)
  for (const text of ['', 'a', '1.2.3.4.5', 'fe80::1%eth0', '::1::'])
    assert.equal(parseIpRange('::/0')?.(text), false, text)
  assert.equal(parseIpRange('203.0.113.9')?.('203.0.113.9'), true)
  assert.equal(parseIpRange('203.0.113.9')?.('203.0.113.8'), false)
})
