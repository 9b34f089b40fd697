// Which headers of a request are signed, judged by the headers as received: node:http drops or joins repeated ones.

import { rememberSome } from '../../lib/remember-some.ts'
import type { CanonicalHeaders, HeadersToSign } from './canonical.ts'

const namesMax = 100
/** Lists that are remembered; one may have a header's 16 KiB. */
const listsKept = 64

export interface ReceivedHeaders {
  /** Canonical values: repeated headers joined with a comma in their order, blanks collapsed, none at the ends. */
  readonly values: CanonicalHeaders
  /** The first header that came twice and must not: with two values, what was verified might not be what is obeyed. */
  readonly repeated: string | undefined
}

/** Reads name, value, name, value ... */
export function receiveHeaders(rawHeaders: readonly string[]): ReceivedHeaders {
  // `as`: Object.create is declared to give `any`; without a prototype every name is only a name.
  const values = Object.create(null) as CanonicalHeaders
  let repeated: string | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = canonicalValue(rawHeaders[i + 1] ?? '')
    const before = values[name]
    values[name] = before === undefined ? value : `${before},${value}`
    if (before !== undefined && repeated === undefined && isSingle(name)) repeated = name
  }
  return { values, repeated }
}

function isSingle(name: string): boolean {
  return name === 'host' || name === 'authorization' || name.startsWith('x-amz-')
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html: "convert sequential spaces to a single space". */
function canonicalValue(value: string): string {
  const isCanonical = !value.includes('  ') && !value.includes('\t') && !value.startsWith(' ') && !value.endsWith(' ')
  return isCanonical ? value : value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')
}

export type SignedHeaders =
  | { readonly kind: 'signed'; readonly headers: HeadersToSign }
  | { readonly kind: 'malformed'; readonly namesMax: number }
  | { readonly kind: 'host-unsigned' }
  | { readonly kind: 'absent'; readonly name: string }
  | { readonly kind: 'unsigned'; readonly name: string }

/**
 * The headers that `list` (`host;x-amz-date`) names. Every `x-amz-*` header of the request must be among them: they change what the
 * request does, and one added on the way must not be obeyed.
 */
export function selectSignedHeaders(list: string, received: ReceivedHeaders): SignedHeaders {
  const names = namesIn(list)
  if (names === undefined) return { kind: 'malformed', namesMax }
  let lines = ''
  for (const name of names) {
    const value = received.values[name]
    if (value === undefined) return { kind: 'absent', name }
    lines += `${name}:${value}\n`
  }
  if (!names.has('host')) return { kind: 'host-unsigned' }
  for (const name in received.values) {
    if (name.startsWith('x-amz-') && !names.has(name)) return { kind: 'unsigned', name }
  }
  return { kind: 'signed', headers: { names: list, lines } }
}

/** The names of a list, which every request of a client brings again; `undefined` for one that is none. */
const namesIn = rememberSome<ReadonlySet<string>>((list) => {
  const names = list.split(';', namesMax + 1)
  return names.length > namesMax || !names.every(isSortedName) ? undefined : new Set(names)
}, listsKept)

/** A lower-case token (RFC 9110, 5.6.2) that sorts after the one before it, so that each stands once. */
function isSortedName(name: string, index: number, names: readonly string[]): boolean {
  const before = names[index - 1]
  return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && (before === undefined || before < name)
}
