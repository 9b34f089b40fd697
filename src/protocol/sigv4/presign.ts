// Makes presigned URLs of this server: links that carry their own permission for a while and need no header.

import assert from 'node:assert/strict'

import { algorithm, headersToSign, isSignable, parseQuery, signatureOf } from './canonical.ts'
import { deriveSigningKey } from './credentials.ts'
import { formatAmzDate } from './time.ts'

export interface PresignOptions {
  /** A URL for GET is accepted for HEAD too. */
  readonly method: 'GET' | 'HEAD'
  /** Scheme, host and port as clients write them, nothing more (`http://localhost:4510`). */
  readonly origin: string
  /** Begins with `/`, encoded where it needs to be. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly credential: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly region: string
  readonly service: string
  readonly expiresSeconds: number
  readonly nowMs: number
}

/** One URL that `verifyQuery` accepts for `expiresSeconds` from `nowMs`, for the host of `origin` only. */
export function presign(options: PresignOptions): string {
  const { method, path, credential, region, service } = options
  const { origin, host } = new URL(options.origin)
  assert(isSignable(path) && !/[?#]/.test(path), `not an encoded path: ${path}`)
  // Clients resolve dot segments before they send, and the signature would no longer fit.
  assert(new URL(path, origin).pathname === path, `not a path as clients send it: ${path}`)
  const amzDate = formatAmzDate(options.nowMs)
  const scope = { date: amzDate.slice(0, 8), region, service }
  const text = new URLSearchParams({
    ...options.query,
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${credential.accessKeyId}/${scope.date}/${region}/${service}/aws4_request`,
    'X-Amz-Date': amzDate,
    'X-Amz-Expires': String(options.expiresSeconds),
    'X-Amz-SignedHeaders': 'host',
  })
    .toString()
    .replaceAll('+', '%20')
  const query = parseQuery(text)
  assert(query !== undefined, 'a parameter that cannot be signed')
  const signature = signatureOf(
    {
      pathRule: 'object',
      method,
      path,
      query,
      headers: headersToSign({ host }),
      payloadHash: 'UNSIGNED-PAYLOAD',
      amzDate,
      scope,
    },
    deriveSigningKey(credential.secretAccessKey, scope),
  )
  return `${origin}${path}?${text}&X-Amz-Signature=${signature.toString('hex')}`
}
