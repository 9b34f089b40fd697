// Secrets of access keys at rest: AES-256-GCM under a key that is not in the database (row S25). The id of the access key is
// authenticated with it, so that a secret that was moved to another row opens nothing.

import { createCipheriv, createDecipheriv } from 'node:crypto'

import type { Ids } from '../../lib/ids.ts'
import type { Secrets } from '../context.ts'

const form = 'v1.'
const nonceBytes = 12
const tagBytes = 16

export function sealSecret(secrets: Secrets, ids: Ids, accessKeyId: string, secretAccessKey: string): string {
  const nonce = Buffer.from(ids.hex(nonceBytes), 'hex')
  const cipher = createCipheriv('aes-256-gcm', secrets.identityKey, nonce)
  cipher.setAAD(Buffer.from(accessKeyId))
  const sealed = Buffer.concat([nonce, cipher.update(secretAccessKey, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${form}${sealed.toString('base64url')}`
}

/** `undefined` for what was sealed with another key, or for another access key. */
export function openSecret(secrets: Secrets, accessKeyId: string, sealedSecret: string): string | undefined {
  const sealed = Buffer.from(sealedSecret.slice(form.length), 'base64url')
  if (!sealedSecret.startsWith(form) || sealed.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', secrets.identityKey, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.from(accessKeyId))
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}
