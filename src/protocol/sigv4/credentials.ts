// Whose secret signs: what the verifier asks for, the judgement of what it gets, and the signing keys derived from it.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** One access key. `P` is whatever the caller wants back for it once the signature holds. */
export interface Credential<P> {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Set for temporary credentials: the request must carry exactly this token, signed. */
  readonly sessionToken?: string
  readonly expiresAtMs?: number
  /** False when the key or its user is switched off: answered like an unknown key. */
  readonly active: boolean
  readonly principal: P
}

/** Finds an access key, by its id and the session token that came with it; `undefined` for one that is not known. Asked at most once for a request. */
export interface SigningKeySource<P> {
  readonly secretFor: (
    accessKeyId: string,
    sessionToken: string | undefined,
  ) => Promise<Credential<P> | undefined> | Credential<P> | undefined
}

/** The credential to verify with, or why there is none. An expired one is told apart only to the holder of its token. */
export async function findCredential<P>(
  source: SigningKeySource<P>,
  accessKeyId: string,
  sessionToken: string | undefined,
  nowMs: number,
): Promise<Credential<P> | 'unknown' | 'expired'> {
  // AWS's ids are 16 to 128 word characters; shorter ones occur with `--dev`. Others never reach the store.
  if (!/^[\w.-]{1,128}$/.test(accessKeyId)) return 'unknown'
  const found = source.secretFor(accessKeyId, sessionToken)
  // Most sources answer from memory; waiting for a value that is there costs a turn of the event loop's queue.
  const credential = found instanceof Promise ? await found : found
  if (credential === undefined || !credential.active) return 'unknown'
  if (!sameText(credential.sessionToken, sessionToken)) return 'unknown'
  if (credential.expiresAtMs !== undefined && credential.expiresAtMs <= nowMs) return 'expired'
  return credential
}

/** Compares secrets: equal lengths first, then without telling by time where they differ. */
function sameText(expected: string | undefined, given: string | undefined): boolean {
  if (expected === undefined || given === undefined) return expected === given
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}

/** A credential scope: what stands behind the access key id in `Credential=`. */
export interface Scope {
  readonly date: string
  readonly region: string
  readonly service: string
}

/** The signing key of one day, region and service. https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html */
export function deriveSigningKey(secretAccessKey: string, scope: Scope): KeyObject {
  const chain = [scope.date, scope.region, scope.service, 'aws4_request']
  const key = chain.reduce<Uint8Array>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  )
  // As node's crypto wants it: it would make one of bytes at each signature.
  return createSecretKey(key)
}

/** Derived signing keys, the least recently used dropped first. */
export interface SigningKeyCache {
  /**
   * What `check` says of the signing key of this credential and scope. A key is kept only when it says true: otherwise anyone who
   * knows an access key id could push out the keys in use.
   */
  readonly check: (credential: SigningSecret, scope: Scope, check: (key: KeyObject) => boolean) => boolean
}

export interface SigningSecret {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export function createSigningKeyCache(entriesMax: number): SigningKeyCache {
  // A Map keeps the order of insertion: what was used is put back at the end, what is in front goes first.
  const entries = new Map<string, { readonly secretAccessKey: string; readonly key: KeyObject }>()
  return {
    check({ accessKeyId, secretAccessKey }, scope, check) {
      const name = `${accessKeyId}/${scope.date}/${scope.region}/${scope.service}`
      const entry = entries.get(name)
      // The same id may have got a new secret since (deleted and made again): the old one must not open anything.
      const isKnown = entry?.secretAccessKey === secretAccessKey
      const key = isKnown ? entry.key : deriveSigningKey(secretAccessKey, scope)
      if (!check(key)) return false
      entries.delete(name)
      entries.set(name, isKnown ? entry : { secretAccessKey, key })
      const [oldest] = entries.keys()
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest)
      return true
    },
  }
}
