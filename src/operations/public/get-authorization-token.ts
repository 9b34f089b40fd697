import { mintToken } from '../../domain/authorisation/tokens.ts'
import { claimsOf } from '../../domain/sts/sessions.ts'
import { optional, string, struct, timestamp } from '../../model/schema.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onAnythingPublic } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
 * One object, where the private API answers a list. The right to a bearer token of a service is asked for as well.
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
  allow: {
    ...onAnythingPublic('GetAuthorizationToken'),
    circumstances: () => ({ keys: new Map([['sts:awsservicename', 'ecr-public.amazonaws.com']]) }),
    also: () => ['sts:GetServiceBearerToken'],
  },
  handle: async (ctx) => {
    const claims = claimsOf(ctx.caller, ctx.clock.now() + ctx.limits.tokenLifeMs)
    const password = mintToken(ctx.secrets, claims)
    const expiresAt = claims.expiresAtMs
    return { authorizationData: { authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'), expiresAt } }
  },
})
