// The text of a signature: the Authorization header and the credential scope.

import { algorithm } from './canonical.ts'
import type { Scope } from './credentials.ts'
import { rememberLast } from '../../lib/remember-last.ts'
import { headerFaults, type SigV4Fault } from './faults.ts'

const bytesMax = 16_384
const fieldNames = ['Credential', 'Signature', 'SignedHeaders'] as const

export interface Authorization {
  readonly credential: string
  readonly signedHeaders: string
  /** As sent; whether it is a signature at all is for the comparison to say. */
  readonly signature: string
}

/** As every signer of AWS writes it; any other form is read by its parts: 1 us instead of 5. */
const usual = /^AWS4-HMAC-SHA256 Credential=([^ =,]*), ?SignedHeaders=([^ =,]*), ?Signature=([^ =,]*)$/

/** Reads `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`, in any order, each exactly once. */
export const parseAuthorization: (text: string) => Authorization | SigV4Fault = rememberLast(readAuthorization)

// Remembered, as the scope in it is: each request asks twice, before its body is received and when its signature is checked.
function readAuthorization(text: string): Authorization | SigV4Fault {
  if (text.length > bytesMax) return headerFaults.tooLong(bytesMax)
  const [whole, credential = '', signedHeaders = '', signature = ''] = usual.exec(text) ?? []
  return whole === undefined ? parseFields(text) : { credential, signedHeaders, signature }
}

function parseFields(text: string): Authorization | SigV4Fault {
  if (text !== algorithm && !text.startsWith(`${algorithm} `)) return headerFaults.algorithm(text)
  const rest = text.slice(algorithm.length).trim()
  const fields = new Map<string, string>()
  for (const piece of rest === '' ? [] : rest.split(',', fieldNames.length + 1)) {
    const field = /^ *([A-Za-z]+)=([^ =]*) *$/.exec(piece)
    const [, name = '', value = ''] = field ?? []
    if (!fieldNames.some((known) => known === name) || fields.has(name)) return headerFaults.fields(text)
    fields.set(name, value)
  }
  const [credential, signature, signedHeaders] = fieldNames.map((name) => fields.get(name))
  if (credential === undefined || signature === undefined || signedHeaders === undefined) {
    return headerFaults.lacksFields(
      fieldNames.filter((name) => !fields.has(name)),
      text,
    )
  }
  return { credential, signedHeaders, signature }
}

export interface CredentialScope extends Scope {
  readonly accessKeyId: string
  readonly terminator: string
}

/** Reads `<access key id>/<date>/<region>/<service>/<terminator>`; what the parts say is not judged here. */
export const parseCredential: (text: string) => CredentialScope | undefined = rememberLast(readCredential)

function readCredential(text: string): CredentialScope | undefined {
  const parts = text.split('/', 6)
  const [accessKeyId, date, region, service, terminator] = parts
  if (parts.length !== 5 || !accessKeyId || !date || !region || !service || !terminator) return undefined
  return { accessKeyId, date, region, service, terminator }
}

/** Whether `name` has the form of a region's name. Any will do: which regions exist is not the signature's business. */
export function isRegionName(name: string): boolean {
  return /^[a-z0-9-]{2,25}$/.test(name)
}
