// AWS Signature Version 4 as a server sees it: the way in for the rest of the protocols. It says who signed a request; what they may
// do is not its business. SigV4A, chunked uploads and unsigned payloads outside presigned URLs are refused.

import type { Clock } from '../../lib/clock.ts'
import type { HttpRequest } from '../message.ts'
import { createSigningKeyCache, type SigningKeySource } from './credentials.ts'
import { verifyHeader, type Payload, type SigV4Verdict } from './verify-header.ts'
import { verifyQuery, type QueryExpectation, type QueryVerdict } from './verify-query.ts'

export type { Credential, SigningKeySource } from './credentials.ts'
export type { Payload, SigV4Verdict } from './verify-header.ts'
export type { QueryVerdict } from './verify-query.ts'

export interface SigV4VerifierOptions<P> {
  readonly clock: Clock
  readonly credentials: SigningKeySource<P>
  /** How far a request's date may be from the clock, either way. */
  readonly maxSkewMs?: number
  /** How many derived signing keys are kept: one for each access key, day, region and service in use. */
  readonly keyCacheEntries?: number
}

export interface SigV4Verifier<P> {
  /** For the AWS JSON and Query protocols; `services` the signing names that are accepted. */
  readonly verifyHeader: (
    request: HttpRequest,
    payload: Payload,
    expect: { readonly services: readonly string[] },
  ) => Promise<SigV4Verdict<P>>
  /** For presigned GET and HEAD. The path is verified encoded: the caller must not decode it in any other way than once. */
  readonly verifyQuery: (request: HttpRequest, expect: QueryExpectation) => Promise<QueryVerdict<P>>
  /** Where the request says who it is; a request that does both has `header`, and is refused by either verification. */
  readonly hasCredentials: (request: HttpRequest) => 'header' | 'query' | 'none'
}

export function createSigV4Verifier<P>(options: SigV4VerifierOptions<P>): SigV4Verifier<P> {
  const { clock, credentials, maxSkewMs = 300_000, keyCacheEntries = 1_000 } = options
  const verifying = { clock, credentials, maxSkewMs, keys: createSigningKeyCache(keyCacheEntries) }
  return {
    verifyHeader: (request, payload, { services }) => verifyHeader(verifying, request, payload, services),
    verifyQuery: (request, expect) => verifyQuery(verifying, request, expect),
    hasCredentials(request) {
      if (request.headers['authorization'] !== undefined) return 'header'
      return /(?:^|&)X-Amz-(?:Signature|Algorithm|Credential)=/.test(request.query) ? 'query' : 'none'
    },
  }
}
