// Ids and secrets in the forms of AWS's.

import type { Ids } from './ids.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** How ids begin. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes */
export const idPrefixes = {
  accessKey: 'AKIA',
  user: 'AIDA',
  group: 'AGPA',
  role: 'AROA',
  managedPolicy: 'ANPA',
} as const

/** A prefix and random characters of the base32 alphabet: 20 characters, as access key ids have. */
export function newAwsId(ids: Ids, prefix: string): string {
  const bytes = Buffer.from(ids.hex(20 - prefix.length), 'hex')
  return `${prefix}${Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('')}`
}

/** 40 characters, as AWS's; letters and digits only, since `/` and `+` of base64 invite mistakes in shells and URLs. */
export function newSecretAccessKey(ids: Ids): string {
  let secret = ''
  while (secret.length < 40) secret += Buffer.from(ids.hex(30), 'hex').toString('base64').replace(/[+/=]/g, '')
  return secret.slice(0, 40)
}
