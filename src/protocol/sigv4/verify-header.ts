// Verification of a signature in the Authorization header: what the AWS JSON and Query protocols use.

import { hash } from 'node:crypto'

import type { Clock } from '../../lib/clock.ts'
import type { HttpRequest } from '../message.ts'
import { isRegionName, parseAuthorization, parseCredential, type CredentialScope } from './authorization.ts'
import { isSignable, isSignature, parseQuery, signatureOf, type QueryParameters } from './canonical.ts'
import { findCredential, type SigningKeyCache, type SigningKeySource } from './credentials.ts'
import { headerFaults, scopeSentences, type SigV4Fault } from './faults.ts'
import { receiveHeaders, selectSignedHeaders, type SignedHeaders } from './signed-headers.ts'
import { parseAmzDate, wholeSeconds } from './time.ts'

/** What both ways of verifying share. */
export interface Verifying<P> {
  readonly clock: Clock
  readonly credentials: SigningKeySource<P>
  readonly maxSkewMs: number
  readonly keys: SigningKeyCache
}

/** The whole body of a request, or the SHA-256 of it in lower-case hex where it was not kept. */
export type Payload = Uint8Array | { readonly sha256: string }

/** Who signed, and for what. */
export interface Signed<P> {
  readonly ok: true
  readonly principal: P
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
  readonly signedAtMs: number
}

export type SigV4Verdict<P> = Signed<P> | { readonly ok: false; readonly fault: SigV4Fault }

/**
 * Whether the request carries a good signature over `payload`. What the request needs (form, date, scope) is judged
 * before its key is looked up, and the body is hashed last.
 */
export async function verifyHeader<P>(
  { clock, credentials, maxSkewMs, keys }: Verifying<P>,
  request: HttpRequest,
  payload: Payload,
  services: readonly string[],
): Promise<SigV4Verdict<P>> {
  const received = receiveHeaders(request.rawHeaders)
  const header = received.values['authorization']
  if (header === undefined) return refuse(headerFaults.missing())
  if (received.repeated !== undefined) return refuse(headerFaults.repeated(received.repeated))
  const query = parseQuery(request.query)
  if (query !== undefined && carriesSignature(query)) return refuse(headerFaults.twoSignatures())

  const authorization = parseAuthorization(header)
  if ('kind' in authorization) return refuse(authorization)
  const amzDate = received.values['x-amz-date']
  if (amzDate === undefined) return refuse(headerFaults.dateMissing(header))
  const signedAtMs = parseAmzDate(amzDate)
  if (signedAtMs === undefined) return refuse(headerFaults.dateForm(amzDate))
  const scope = parseCredential(authorization.credential)
  if (scope === undefined) return refuse(headerFaults.credentialForm(authorization.credential))
  const misplaced = scopeFault(scope, amzDate, services)
  if (misplaced !== undefined) return refuse(misplaced)
  const selected = selectSignedHeaders(authorization.signedHeaders, received)
  if (selected.kind !== 'signed') return refuse(signedHeadersFault(selected))

  const nowMs = clock.now()
  const credential = await findCredential(
    credentials,
    scope.accessKeyId,
    received.values['x-amz-security-token'],
    nowMs,
  )
  if (credential === 'unknown') return refuse(headerFaults.unrecognized())
  if (credential === 'expired') return refuse(headerFaults.tokenExpired())
  const untimely = timeFault(signedAtMs, wholeSeconds(nowMs), maxSkewMs)
  if (untimely !== undefined) return refuse(untimely)
  if (query === undefined || !isSignable(request.path)) return refuse(headerFaults.mismatch())

  // The declared hash must be the body's: neither UNSIGNED-PAYLOAD nor STREAMING-* is a hash, and no API here takes them.
  const payloadHash = payload instanceof Uint8Array ? hash('sha256', payload, 'hex') : payload.sha256
  const declaredHash = received.values['x-amz-content-sha256']
  if (declaredHash !== undefined && declaredHash !== payloadHash) return refuse(headerFaults.mismatch())
  const { method, path } = request
  const toSign = {
    pathRule: 'service',
    method,
    path,
    query,
    headers: selected.headers,
    payloadHash,
    amzDate,
    scope,
  } as const
  const matches = keys.check(credential, scope, (key) => isSignature(authorization.signature, signatureOf(toSign, key)))
  if (!matches) return refuse(headerFaults.mismatch())

  const { accessKeyId, region, service } = scope
  return { ok: true, principal: credential.principal, accessKeyId, region, service, signedAtMs }
}

function refuse(fault: SigV4Fault): { readonly ok: false; readonly fault: SigV4Fault } {
  return { ok: false, fault }
}

/** In any case of letters: the canonical form leaves every spelling of `X-Amz-Signature` out of what is signed. */
function carriesSignature(query: QueryParameters): boolean {
  return Object.keys(query).some((name) => name.toLowerCase() === 'x-amz-signature')
}

function scopeFault(scope: CredentialScope, amzDate: string, services: readonly string[]): SigV4Fault | undefined {
  const sentences: string[] = []
  if (!isRegionName(scope.region)) sentences.push(scopeSentences.region())
  if (!services.includes(scope.service)) sentences.push(scopeSentences.service(services))
  if (scope.terminator !== 'aws4_request') sentences.push(scopeSentences.terminator(scope.terminator))
  if (scope.date !== amzDate.slice(0, 8)) sentences.push(scopeSentences.date(scope.date, amzDate))
  return sentences.length === 0 ? undefined : headerFaults.scope(sentences)
}

function signedHeadersFault(selected: Exclude<SignedHeaders, { kind: 'signed' }>): SigV4Fault {
  switch (selected.kind) {
    case 'malformed':
      return headerFaults.signedHeadersForm(selected.namesMax)
    case 'host-unsigned':
      return headerFaults.hostNotSigned()
    case 'absent':
      return headerFaults.headerAbsent(selected.name)
    case 'unsigned':
      return headerFaults.headerNotSigned(selected.name)
  }
}

/** A request exactly at either limit is good. */
function timeFault(signedAtMs: number, nowMs: number, skewMs: number): SigV4Fault | undefined {
  if (signedAtMs < nowMs - skewMs) return headerFaults.expired(signedAtMs, nowMs, skewMs)
  if (signedAtMs > nowMs + skewMs) return headerFaults.notYet(signedAtMs, nowMs, skewMs)
  return undefined
}
