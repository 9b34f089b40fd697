import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Whether an address lies in the range; an IPv4 address may come in its IPv6 form (`::ffff:192.0.2.1`). What is no address lies nowhere. */
export type IpRange = (address: string) => boolean

/** A range in CIDR notation, or one address; `undefined` when the text is neither. */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = familyOf(address)
  if (family === undefined || rest.length > 0) return undefined
  const bitsMax = family === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? bitsMax : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity
  if (bits > bitsMax) return undefined
  const range = new BlockList()
  range.addSubnet(address, bits, family)
  return (candidate) => {
    const its = familyOf(candidate)
    // Node finds every IPv4 address in `::/0`; who allows the one family has not allowed the other.
    if (its === undefined || (its === 'ipv4' && family === 'ipv6')) return false
    return range.check(candidate, its)
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIPv4(address)) return 'ipv4'
  // With a zone it names an interface of this machine, not a place.
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined
}
