// The canonical form of a request and its signature. The form itself is AWS's own code (the base class of the JavaScript SDK's
// signer); what stands here hands it the request as it was received, since that code is written for requests yet to be sent.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto'

import { SignatureV4Base } from '@smithy/signature-v4'

import { rememberLast } from '../../lib/remember-last.ts'
import type { Scope } from './credentials.ts'

export const algorithm = 'AWS4-HMAC-SHA256'

/** Decoded query parameters; a repeated one has all its values. Its prototype is null, so that `__proto__` is a name. */
export type QueryParameters = Record<string, string | string[]>

/** Header values in canonical form by lower-case name. */
export type CanonicalHeaders = Record<string, string>

/** The headers that are signed, as the canonical request has them. */
export interface HeadersToSign {
  /** `host;x-amz-date`: lower-case names, sorted, each once. */
  readonly names: string
  /** `host:localhost\nx-amz-date:20261121T100000Z\n`: their values in canonical form, in the order of `names`. */
  readonly lines: string
}

class Canonicaliser extends SignatureV4Base {
  constructor(uriEscapePath: boolean) {
    // The base wants all that a signer needs; making the canonical request uses none of it. `as never`: a hash we would have to
    // write for the base's string to sign, which is not called (see `signatureOf`).
    const unused = { service: '', region: '', credentials: { accessKeyId: '', secretAccessKey: '' } }
    super({ ...unused, sha256: undefined as never, uriEscapePath })
  }

  /** The second and the third line of the canonical request: neither has a line feed in it, or a byte that is not ASCII. */
  target(path: string, query: QueryParameters): string {
    const request = { method: '', path, query, headers: {}, protocol: '', hostname: '' }
    const [, canonicalPath = '', canonicalQuery = ''] = this.createCanonicalRequest(request, {}, '').split('\n', 3)
    return `${canonicalPath}\n${canonicalQuery}`
  }
}

/** Every service but S3 signs the path normalised and escaped once more. */
const ofService = new Canonicaliser(true)
/** S3 signs the path as it is: no dot segment or double slash is equal to another path. */
const ofObject = new Canonicaliser(false)

/** Nearly all calls of the APIs have this path and no query. */
const ofPath = rememberLast((path) => ofService.target(path, {}))

export interface RequestToSign {
  /** Which rule the path follows: that of services, or that of S3 objects for presigned URLs. */
  readonly pathRule: 'service' | 'object'
  readonly method: string
  readonly path: string
  readonly query: QueryParameters
  readonly headers: HeadersToSign
  readonly payloadHash: string
  readonly amzDate: string
  readonly scope: Scope
}

/** The signature's 32 bytes. */
export function signatureOf(request: RequestToSign, signingKey: KeyObject): Buffer {
  const { method, headers, payloadHash, scope } = request
  const canonical = `${method}\n${canonicalTarget(request)}\n${headers.lines}\n${headers.names}\n${payloadHash}`
  // Not the base's string to sign: it would encode as UTF-8 a second time. Node gives header values as Latin-1, one character a
  // byte; the client signed the bytes. All else in the canonical request is ASCII.
  const digest = hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')
  const text = `${algorithm}\n${request.amzDate}\n${scope.date}/${scope.region}/${scope.service}/aws4_request\n${digest}`
  // By way of hex, which takes 2.5 us where the bytes take 3.4: node makes a Buffer of its own for them.
  return Buffer.from(createHmac('sha256', signingKey).update(text).digest('hex'), 'hex')
}

function canonicalTarget({ pathRule, path, query }: RequestToSign): string {
  if (pathRule === 'object') return ofObject.target(escapeSegments(path), query)
  return Object.keys(query).length === 0 ? ofPath(path) : ofService.target(path, query)
}

/** For who signs: all of `headers`, whose values are in canonical form. */
export function headersToSign(headers: Readonly<CanonicalHeaders>): HeadersToSign {
  const names = Object.keys(headers).toSorted()
  return { names: names.join(';'), lines: names.map((name) => `${name}:${headers[name]}\n`).join('') }
}

/** Whether `given`, the client's 64 lower-case hex digits, is `expected`; how long it takes does not depend on the digits. */
export function isSignature(given: string, expected: Uint8Array): boolean {
  return /^[0-9a-f]{64}$/.test(given) && timingSafeEqual(Buffer.from(given, 'hex'), expected)
}

/** Each segment encoded once, whatever of it was encoded before: S3's rule. `isSignable` has been asked about the path. */
function escapeSegments(path: string): string {
  return path
    .split('/')
    .map((segment) => escapeUri(decodeURIComponent(segment)))
    .join('/')
}

function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** False for paths that no rule of canonicalisation covers: bytes outside ASCII, broken escapes. They are no request of a client. */
export function isSignable(path: string): boolean {
  return /^\/[\x21-\x7e]*$/.test(path) && decode(path) !== undefined
}

/**
 * The parameters of an undecoded query, `undefined` for one that has no canonical form: bytes outside ASCII, broken escapes, and
 * `__proto__`, which the base class would drop from what is signed. `+` is a blank as it is for S3.
 */
export function parseQuery(query: string): QueryParameters | undefined {
  // `as`: Object.create is declared to give `any`.
  const parameters = Object.create(null) as QueryParameters
  if (query === '') return parameters
  if (/[^\x21-\x7e]/.test(query)) return undefined
  for (const piece of query.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const name = decode((equals < 0 ? piece : piece.slice(0, equals)).replaceAll('+', ' '))
    const value = decode(equals < 0 ? '' : piece.slice(equals + 1).replaceAll('+', ' '))
    if (name === undefined || value === undefined || name === '__proto__') return undefined
    const before = parameters[name]
    parameters[name] = before === undefined ? value : [before, value].flat()
  }
  return parameters
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
