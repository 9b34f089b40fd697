// Session tokens: temporary credentials, whole, sealed with AES-256-GCM. Nothing is stored: whoever shows a token shows what it stands for, and
// whether that still holds is judged at each request (`sessions.ts`).

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

import type { Ids } from '../../lib/ids.ts'
import type { Caller, Secrets } from '../context.ts'

export interface Session {
  readonly secretAccessKey: string
  /** With `temporary`. */
  readonly principal: Caller
}

const form = 1
const nonceBytes = 12
const tagBytes = 16
/** A header takes 16 KiB with all others in it; the longest token is half of this (`packedBytesMax`). */
export const sessionTokenCharactersMax = 8_192

/** The session token of these credentials, in base64: as long as it has to be, and no shorter than `charactersMin`. */
export function sealSession(secrets: Secrets, ids: Ids, session: Session, charactersMin = 0): string {
  const [tokenKey] = secrets.tokenKeys
  if (!tokenKey) throw new Error('no token key')
  const head = Buffer.concat([Buffer.of(form), Buffer.from(ids.hex(nonceBytes), 'hex')])
  const cipher = createCipheriv('aes-256-gcm', sealingKey(tokenKey), head.subarray(1))
  cipher.setAAD(head)
  const deflated = deflateRawSync(JSON.stringify(session))
  const missing = Math.ceil(charactersMin / 4) * 3 - (head.length + deflated.length + tagBytes)
  // What follows the end of a deflated text is not read.
  const content = Buffer.concat([deflated, Buffer.alloc(Math.max(0, missing))])
  return Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** What a session token stands for, expired or not; `undefined` for a text that this server did not seal. */
export function openSession(secrets: Secrets, sessionToken: string): Session | undefined {
  if (sessionToken.length > sessionTokenCharactersMax) return undefined
  const sealed = Buffer.from(sessionToken, 'base64')
  // Base64 has several spellings of the same bytes; only ours is a token.
  if (sealed.toString('base64') !== sessionToken) return undefined
  if (sealed[0] !== form || sealed.length < 1 + nonceBytes + tagBytes) return undefined
  for (const tokenKey of secrets.tokenKeys) {
    const content = unseal(sealingKey(tokenKey), sealed)
    // Authenticated: only sealSession writes it.
    if (content) return JSON.parse(inflateRawSync(content).toString()) as Session
  }
  return undefined
}

function unseal(key: Uint8Array, sealed: Buffer): Buffer | undefined {
  const head = sealed.subarray(0, 1 + nonceBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(1), { authTagLength: tagBytes })
  decipher.setAAD(head)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(head.length, -tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/** Not the key that signs authorization tokens, but made of it: both rotate at once. */
function sealingKey(tokenKey: Uint8Array): Uint8Array {
  let key = sealingKeys.get(tokenKey)
  if (!key) sealingKeys.set(tokenKey, (key = Buffer.from(hkdfSync('sha256', tokenKey, '', 'session tokens', 32))))
  return key
}

const sealingKeys = new WeakMap<Uint8Array, Uint8Array>()
