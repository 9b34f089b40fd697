import { mintToken } from '../../domain/authorisation/tokens.ts'
import { optional, string, struct, timestamp } from '../../model/schema.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onAnythingPublic } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
 * One object, where the private API answers a list. AWS asks for sts:GetServiceBearerToken as well.
 */
export const getAuthorizationToken = operation({
  service: ecrPublic,
  name: 'GetAuthorizationToken',
  input: struct({}),
  output: struct({
    authorizationData: optional(
      struct({
        authorizationToken: optional(string({ pattern: '^\\S+$' })),
        expiresAt: optional(timestamp()),
      }),
    ),
  }),
  errors: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  allow: onAnythingPublic('GetAuthorizationToken'),
  handle: async (ctx) => {
    const expiresAt = ctx.clock.now() + ctx.limits.tokenLifeMs
    const password = mintToken(ctx.secrets, { accessKeyId: ctx.caller.accessKeyId, expiresAtMs: expiresAt })
    return { authorizationData: { authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'), expiresAt } }
  },
})
