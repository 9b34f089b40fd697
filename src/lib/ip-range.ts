import { isIPv4, isIPv6 } from 'node:net'

import { rememberLast } from './remember-last.ts'

/** Whether an address lies in the range; an IPv4 address may come in its IPv6 form (`::ffff:192.0.2.1`). What is no address lies nowhere. */
export type IpRange = (address: string) => boolean

/**
 * A range in CIDR notation, or one address; `undefined` when the text is neither. Numbers are compared, because a look into a `BlockList` of
 * `node:net` takes a microsecond, and policies have many ranges.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [written = '', prefix, ...rest] = text.split('/')
  const from = parseAddress(written)
  if (!from || rest.length > 0) return undefined
  const bitsMax = from.isV4 ? 32 : 128
  const bits = prefix === undefined ? bitsMax : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity
  if (bits > bitsMax) return undefined
  const masks = masksOf(from.isV4 ? 96 + bits : bits)
  const wanted = from.groups.map((group, index) => group & (masks[index] ?? 0))
  return (address) => {
    const its = parseCandidate(address)
    // Every IPv4 address lies in `::/0` by its numbers; who allows the one family has not allowed the other.
    if (!its || (its.isV4 && !from.isV4)) return false
    for (let index = 0; index < groupCount; index++) {
      if (((its.groups[index] ?? 0) & (masks[index] ?? 0)) !== wanted[index]) return false
    }
    return true
  }
}

interface Address {
  /** Written as one; its numbers are those of `::ffff:a.b.c.d`. */
  readonly isV4: boolean
  /** Eight of 16 bits. */
  readonly groups: readonly number[]
}

const groupCount = 8

const parseCandidate = rememberLast(parseAddress)

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { isV4: true, groups: [0, 0, 0, 0, 0, 0xffff, ...groupsOfV4(text)] }
  // With a zone it names an interface of this machine, not a place.
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::', 2)
  const before = groupsOfV6(head)
  if (tail === undefined) return { isV4: false, groups: before }
  const after = groupsOfV6(tail)
  const zeros = Array.from({ length: groupCount - before.length - after.length }, () => 0)
  return { isV4: false, groups: [...before, ...zeros, ...after] }
}

function groupsOfV6(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => (group.includes('.') ? groupsOfV4(group) : [Number.parseInt(group, 16)]))
}

function groupsOfV4(text: string): readonly number[] {
  const [first = 0, second = 0, third = 0, fourth = 0] = text.split('.').map(Number)
  return [first * 256 + second, third * 256 + fourth]
}

function masksOf(bits: number): readonly number[] {
  return Array.from({ length: groupCount }, (_, index) => {
    const own = Math.min(16, Math.max(0, bits - index * 16))
    return 0xffff & (0xffff << (16 - own))
  })
}
