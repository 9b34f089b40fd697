import type { AccessKey } from '../../domain/context.ts'
import { sessionTokenCharactersMax } from '../../domain/sts/session-token.ts'
import { integer, optional, string, struct, timestamp } from '../../model/schema.ts'

/** Temporary credentials in an answer. */
export const credentials = struct({
  AccessKeyId: string({ min: 16, max: 128, pattern: '[\\w]*' }),
  SecretAccessKey: string(),
  SessionToken: string(),
  Expiration: timestamp(),
})

export function presentCredentials({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: Required<AccessKey>) {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiresAtMs,
  }
}

/** A device's serial number and its code: there are no devices here, and who asks for a second factor must not get less. */
export const secondFactor = {
  SerialNumber: string({ min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' }),
  TokenCode: string({ min: 6, max: 6, pattern: '[\\d]*' }),
}

/** How long a session token is at least, for who tests whether theirs would fit. */
export const tokenSize = integer({ min: 0, max: 4_096 })

/** How long the token of an answer is, and how much of the longest that is taken. */
export const tokenSizes = {
  SessionTokenUtilization: optional(integer()),
  SessionTokenSize: optional(integer()),
}

export function presentTokenSizes({ sessionToken: { length } }: Pick<Required<AccessKey>, 'sessionToken'>) {
  return { SessionTokenUtilization: Math.ceil((length * 100) / sessionTokenCharactersMax), SessionTokenSize: length }
}
