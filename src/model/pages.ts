// Page tokens: where the next page starts, sealed so that a client can neither read nor make one, and bound to its request.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** How long a token may be used. AWS documents no figure; a day outlives every listing. */
const tokenLifeMs = 24 * 60 * 60 * 1000

/** What a token belongs to: operation, principal and every argument but the token and the page size. */
export type PageBinding = readonly unknown[]

/**
 * A token that says where the next page starts.
 * @param key 32 secret bytes of this installation
 */
export function sealPage(key: Uint8Array, binding: PageBinding, position: readonly string[], nowMs: number): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(boundTo(binding))
  const plain = JSON.stringify([nowMs + tokenLifeMs, position])
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** The position in a token, or `undefined` when it is forged, belongs to another request, or is too old. */
export function openPage(
  key: Uint8Array,
  binding: PageBinding,
  token: string,
  nowMs: number,
): readonly string[] | undefined {
  if (token.length > 4096) return undefined
  const bytes = Buffer.from(token, 'base64url')
  // Node reads several spellings of the same bytes, and skips what is not base64; only ours is a token.
  if (bytes.length < 29 || bytes.toString('base64url') !== token) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(boundTo(binding))
  decipher.setAuthTag(bytes.subarray(12, 28))
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    const [expiresAtMs, position] = JSON.parse(plain) as [number, readonly string[]] // authenticated: only sealPage writes it
    return expiresAtMs >= nowMs ? position : undefined
  } catch {
    return undefined // GCM says that it is not ours
  }
}

function boundTo(binding: PageBinding): Buffer {
  return createHash('sha256').update(JSON.stringify(binding)).digest()
}
