import { openOwnSession } from '../../domain/sts/get-session-token.ts'
import { fail } from '../../model/errors.ts'
import { integer, optional, struct } from '../../model/schema.ts'
import { operation, sts } from '../operation.ts'
import {
  credentials,
  presentCredentials,
  presentTokenSizes,
  secondFactor,
  tokenSize,
  tokenSizes,
} from './credentials.ts'

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
export const getSessionToken = operation({
  service: sts,
  name: 'GetSessionToken',
  input: struct({
    DurationSeconds: optional(integer({ min: 900, max: 129_600 })),
    SerialNumber: optional(secondFactor.SerialNumber),
    TokenCode: optional(secondFactor.TokenCode),
    MinimumSessionTokenSize: optional(tokenSize),
  }),
  output: struct({ Credentials: optional(credentials), ...tokenSizes }),
  errors: ['ValidationError'],
  // Nobody needs a permission for it: it gives no more than the caller has.
  allow: { action: 'sts:GetSessionToken', anyone: true, resource: () => '*' },
  handle: async (ctx, { DurationSeconds, SerialNumber, TokenCode, MinimumSessionTokenSize }) => {
    if (SerialNumber !== undefined || TokenCode !== undefined) fail('AccessDeniedException/mfa')
    const given = openOwnSession(ctx, DurationSeconds, MinimumSessionTokenSize)
    return { Credentials: presentCredentials(given), ...presentTokenSizes(given) }
  },
})
