// Verification of a presigned URL: a signature in the query that holds for a time and covers no body.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

import type { HttpRequest } from '../message.ts'
import { isRegionName, parseCredential, type CredentialScope } from './authorization.ts'
import { algorithm, isSignable, isSignature, parseQuery, signatureOf, type QueryParameters } from './canonical.ts'
import { findCredential } from './credentials.ts'
import { queryFaults, type QueryFault } from './faults.ts'
import { receiveHeaders, selectSignedHeaders } from './signed-headers.ts'
import { parseAmzDate, wholeSeconds } from './time.ts'
import type { Signed, Verifying } from './verify-header.ts'

export type QueryVerdict<P> =
  | (Signed<P> & { readonly expiresAtMs: number })
  | { readonly ok: false; readonly fault: QueryFault }

/** What a presigned URL says of itself, not yet believed. */
interface Presigned {
  readonly scope: CredentialScope
  readonly amzDate: string
  readonly signedAtMs: number
  readonly expiresAtMs: number
  readonly signedHeaders: string
  readonly signature: string
  readonly sessionToken: string | undefined
}

export interface QueryExpectation {
  readonly service: string
  readonly maxExpiresSeconds: number
}

/** Whether the URL of a GET or HEAD is one that a known key signed and that still holds. Any other method is refused. */
export async function verifyQuery<P>(
  { clock, credentials, maxSkewMs, keys }: Verifying<P>,
  request: HttpRequest,
  expect: QueryExpectation,
): Promise<QueryVerdict<P>> {
  const methods = signedMethods(request.method)
  const received = receiveHeaders(request.rawHeaders)
  const query = parseQuery(request.query)
  if (methods.length === 0 || received.repeated !== undefined || query === undefined || !isSignable(request.path)) {
    return refuse(queryFaults.mismatch())
  }
  // One of two parameters of the same name might be the one verified and the other the one obeyed.
  if (hasAmbiguousParameter(query)) return refuse(queryFaults.mismatch())
  if (received.values['authorization'] !== undefined) return refuse(queryFaults.twoSignatures())

  const presigned = readParameters(query, expect)
  if ('kind' in presigned) return refuse(presigned)
  const selected = selectSignedHeaders(presigned.signedHeaders, received)
  if (selected.kind === 'malformed' || selected.kind === 'host-unsigned') return refuse(queryFaults.signedHeadersForm())
  if (selected.kind === 'unsigned') return refuse(queryFaults.headersNotSigned())
  if (selected.kind === 'absent') return refuse(queryFaults.mismatch())

  const nowMs = clock.now()
  const { scope, amzDate, signedAtMs, expiresAtMs } = presigned
  if (wholeSeconds(nowMs) > expiresAtMs) return refuse(queryFaults.expired())
  if (signedAtMs > wholeSeconds(nowMs) + maxSkewMs) return refuse(queryFaults.tooEarly())
  // Not S3's InvalidAccessKeyId: these URLs are made by servers, whose key nobody needs to be told about.
  const credential = await findCredential(credentials, scope.accessKeyId, presigned.sessionToken, nowMs)
  if (credential === 'unknown') return refuse(queryFaults.mismatch())
  if (credential === 'expired') return refuse(queryFaults.expired())

  const { path } = request
  const { headers } = selected
  const toSign = { pathRule: 'object', path, query, headers, payloadHash: 'UNSIGNED-PAYLOAD', amzDate, scope } as const
  const matches = keys.check(credential, scope, (key) =>
    methods.some((method) => isSignature(presigned.signature, signatureOf({ ...toSign, method }, key))),
  )
  if (!matches) return refuse(queryFaults.mismatch())

  const { accessKeyId, region, service } = scope
  return { ok: true, principal: credential.principal, accessKeyId, region, service, signedAtMs, expiresAtMs }
}

/**
 * For which methods the URL may have been signed. S3 wants a URL of its own for HEAD; a layer URL is one URL for both, and HEAD tells
 * nothing that GET does not, so one signed for GET serves HEAD. Never the other way round.
 */
function signedMethods(method: string): readonly string[] {
  if (method === 'GET') return ['GET']
  return method === 'HEAD' ? ['GET', 'HEAD'] : []
}

function refuse(fault: QueryFault): { readonly ok: false; readonly fault: QueryFault } {
  return { ok: false, fault }
}

/** A repeated `X-Amz-*`, or two spellings of one; a lone misspelled one is a missing one, or refused as not signed. */
function hasAmbiguousParameter(query: QueryParameters): boolean {
  const seen = new Set<string>()
  return Object.entries(query).some(([name, value]) => {
    const lower = name.toLowerCase()
    if (!lower.startsWith('x-amz-')) return false
    if (typeof value !== 'string' || seen.has(lower)) return true
    seen.add(lower)
    return false
  })
}

function readParameters(query: QueryParameters, expect: QueryExpectation): Presigned | QueryFault {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : undefined)
  const given = text('X-Amz-Algorithm')
  const credential = text('X-Amz-Credential')
  const amzDate = text('X-Amz-Date')
  const expires = text('X-Amz-Expires')
  const signedHeaders = text('X-Amz-SignedHeaders')
  const signature = text('X-Amz-Signature')
  if (!given || !credential || !amzDate || !expires || !signedHeaders || !signature) return queryFaults.missing()
  if (given !== algorithm) return queryFaults.algorithm()

  const signedAtMs = parseAmzDate(amzDate)
  if (signedAtMs === undefined) return queryFaults.dateForm()
  if (!/^-?\d{1,15}$/.test(expires)) return queryFaults.expiresForm()
  if (Number(expires) < 1) return queryFaults.expiresTooSmall()
  if (Number(expires) > expect.maxExpiresSeconds) return queryFaults.expiresTooLarge(expect.maxExpiresSeconds)

  const scope = parseCredential(credential)
  if (scope === undefined || !isRegionName(scope.region)) return queryFaults.credentialForm()
  if (scope.service !== expect.service) return queryFaults.credentialService(scope.service, expect.service)
  if (scope.terminator !== 'aws4_request') return queryFaults.credentialTerminator(scope.terminator)
  if (scope.date !== amzDate.slice(0, 8)) return queryFaults.credentialDate(scope.date, amzDate)

  const expiresAtMs = signedAtMs + Number(expires) * 1000
  const sessionToken = text('X-Amz-Security-Token')
  return { scope, amzDate, signedAtMs, expiresAtMs, signedHeaders, signature, sessionToken }
}
