// Signers for the tests of SigV4: one written from the specification with node:crypto alone, every part of which a test may set
// wrong, and the requests that signers make as the values that the server sees. Shares no code with src/.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

import { createHash, createHmac } from 'node:crypto'

import type { HttpRequest } from '../../src/protocol/message.ts'

/** The key of AWS's published test suite. */
export const exampleKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}

export type HeaderPairs = readonly (readonly [name: string, value: string])[]

export interface Message {
  readonly method?: string
  readonly target?: string
  readonly headers: HeaderPairs
}

/** The message as `http.ts` would hand it over: header values one character a byte, names of `headers` in lower case. */
export function toRequest({ method = 'POST', target = '/', headers }: Message): HttpRequest {
  const received = headers.map(([name, value]) => [name, Buffer.from(value).toString('latin1')] as const)
  const [path = '', ...rest] = target.split('?')
  return {
    method,
    target,
    path,
    query: rest.join('?'),
    headers: Object.fromEntries(received.map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: received.flat(),
    body: (async function* () {})(),
    contentLength: undefined,
    remoteAddress: '127.0.0.1',
    secure: false,
    signal: new AbortController().signal,
    requestId: '00000000-0000-4000-8000-000000000000',
  }
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** What is signed when nothing else is said, each part open to be said otherwise. */
export interface HowToSign {
  readonly key?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly amzDate?: string
  readonly scopeDate?: string
  readonly region?: string
  readonly service?: string
  readonly terminator?: string
  readonly payload?: string | Uint8Array
  readonly payloadHash?: string
  /** In the order given; all headers of the message, sorted, when not given. */
  readonly signedHeaders?: readonly string[]
  /** The path as it stands in the canonical request; the message's own when not given. */
  readonly canonicalPath?: string
  readonly expiresSeconds?: number
}

const defaultAmzDate = '20261121T100000Z'

function plan(how: HowToSign) {
  const { key = exampleKey, amzDate = defaultAmzDate, region = 'us-east-1', service = 'ecr' } = how
  const { scopeDate = amzDate.slice(0, 8), terminator = 'aws4_request' } = how
  return {
    key,
    amzDate,
    region,
    service,
    scopeDate,
    terminator,
    scope: [scopeDate, region, service, terminator].join('/'),
  }
}

function signature(
  message: Message,
  how: HowToSign,
  query: string,
  signedHeaders: readonly string[],
  payloadHash: string,
) {
  const { key, amzDate, region, service, scopeDate, terminator, scope } = plan(how)
  const canonicalHeaders = signedHeaders.map((name) => {
    const values = message.headers
      .filter(([given]) => given.toLowerCase() === name.toLowerCase())
      .map(([, value]) => value)
    return `${name}:${values.map((value) => value.trim().replace(/[ \t]+/g, ' ')).join(',')}\n`
  })
  const path = how.canonicalPath ?? (message.target ?? '/').split('?')[0]
  const canonical = [
    message.method ?? 'POST',
    path,
    query.split('&').toSorted().join('&'),
    canonicalHeaders.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n')
  const signingKey = [scopeDate, region, service, terminator].reduce<string | Buffer>(
    hmac,
    `AWS4${key.secretAccessKey}`,
  )
  return hmac(signingKey, text).toString('hex')
}

/** The `Authorization` value for `message`, whose query must be in canonical encoding. */
export function authorizationFor(message: Message, how: HowToSign = {}): string {
  const { key, scope } = plan(how)
  const names = how.signedHeaders ?? [...new Set(message.headers.map(([name]) => name.toLowerCase()))].toSorted()
  const query = (message.target ?? '/').split('?')[1] ?? ''
  const payloadHash = how.payloadHash ?? sha256(how.payload ?? '')
  return (
    `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, ` +
    `Signature=${signature(message, how, query, names, payloadHash)}`
  )
}

/** `message` with `X-Amz-Date` as the plan says, and signed. */
export function signed(message: Message, how: HowToSign = {}): Message {
  const dated = { ...message, headers: [...message.headers, ['X-Amz-Date', plan(how).amzDate] as const] }
  return { ...dated, headers: [...dated.headers, ['Authorization', authorizationFor(dated, how)] as const] }
}

/** The target (path and query) of a presigned request for `message`, whose query must be in canonical encoding. */
export function presignedTarget(message: Message, how: HowToSign = {}): string {
  const { key, amzDate, scope } = plan(how)
  const names = how.signedHeaders ?? ['host']
  const [path, own] = (message.target ?? '/').split('?')
  const query = [
    ...(own === undefined ? [] : [own]),
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${key.accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${amzDate}`,
    `X-Amz-Expires=${how.expiresSeconds ?? 3600}`,
    `X-Amz-SignedHeaders=${names.map(encodeURIComponent).join('%3B')}`,
  ].join('&')
  const made = signature({ method: 'GET', ...message }, how, query, names, how.payloadHash ?? 'UNSIGNED-PAYLOAD')
  return `${path}?${query}&X-Amz-Signature=${made}`
}
