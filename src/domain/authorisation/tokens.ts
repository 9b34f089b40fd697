// Authorization tokens: the password of `docker login -u AWS`, and the bearer tokens of public registries. A token says who asked for
// it and until when, nothing about rights; one that a session asked for carries the session, deflated. Form
// `<form>.<base64url of the claims>[.<base64url of the session>].<base64url HMAC-SHA256>`: ASCII without ':' (the AWS
// CLI splits at every colon).

import { createHmac, timingSafeEqual } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

import type { Caller, Secrets } from '../context.ts'

/** What a token says. */
export interface TokenClaims {
  /** Empty in the bearer token of somebody who did not sign in. */
  readonly accessKeyId: string
  readonly expiresAtMs: number
  /** Whose it is, when temporary credentials asked for it: nothing of them is stored. Without their secret it signs nothing. */
  readonly session?: Caller
}

export type OpenedToken =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'expired'; readonly claims: TokenClaims }
  | { readonly kind: 'invalid' }

/** What a token is for: one of a kind is never taken for one of the other, because the MAC covers it. */
export type TokenForm = 'password' | 'bearer'
const prefixes: Readonly<Record<TokenForm, string>> = { password: 'v1', bearer: 'b1' }

/** The longest session makes about 5,000; the header that carries it in base64 has room for 6,000. */
const charactersMax = 6_000

/** The password or bearer token that stands for `claims`. */
export function mintToken(secrets: Secrets, claims: TokenClaims, form: TokenForm = 'password'): string {
  const prefix = prefixes[form]
  const [key] = secrets.tokenKeys
  if (!key) throw new Error('no token key')
  const { accessKeyId, expiresAtMs, session } = claims
  const parts = [Buffer.from(JSON.stringify([accessKeyId, expiresAtMs]))]
  if (session) parts.push(deflateRawSync(JSON.stringify(session)))
  const body = parts.map((part) => part.toString('base64url')).join('.')
  return `${prefix}.${body}.${macOf(key, prefix, body).toString('base64url')}`
}

/** What a password or bearer token stands for. Any key of `secrets.tokenKeys` verifies, so that keys can rotate. */
export function openToken(secrets: Secrets, token: string, nowMs: number, form: TokenForm = 'password'): OpenedToken {
  if (token.length > charactersMax) return { kind: 'invalid' }
  const [version, ...parts] = token.split('.', 5)
  const mac = parts.pop()
  const [said, carried] = parts
  const prefix = prefixes[form]
  if (version !== prefix || said === undefined || mac === undefined || parts.length > 2) return { kind: 'invalid' }
  const body = parts.join('.')
  const given = Buffer.from(mac, 'base64url')
  // Base64 has several spellings of the same bytes; only ours is a token (a flipped last bit must not pass).
  if (given.toString('base64url') !== mac) return { kind: 'invalid' }
  const genuine = secrets.tokenKeys.some((key) => {
    const expected = macOf(key, prefix, body)
    return expected.length === given.length && timingSafeEqual(expected, given)
  })
  if (!genuine) return { kind: 'invalid' }
  // Authenticated: only mintToken writes them.
  const [accessKeyId, expiresAtMs] = JSON.parse(Buffer.from(said, 'base64url').toString()) as [string, number]
  const session =
    carried === undefined
      ? {}
      : { session: JSON.parse(inflateRawSync(Buffer.from(carried, 'base64url')).toString()) as Caller }
  const claims = { accessKeyId, expiresAtMs, ...session }
  return { kind: nowMs < expiresAtMs ? 'valid' : 'expired', claims }
}

function macOf(key: Uint8Array, prefix: string, body: string): Buffer {
  return createHmac('sha256', key).update(`${prefix}.${body}`).digest()
}
