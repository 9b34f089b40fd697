import { mintToken } from '../../domain/authorisation/tokens.ts'
import { claimsOf } from '../../domain/sts/sessions.ts'
import { privateRegistry } from '../../domain/references.ts'
import { list, optional, string, struct, timestamp } from '../../model/schema.ts'
import { registryId, url } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onAnything } from '../resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 * One entry for each registry asked for (the ECS agent expects exactly one for one id), else one for the caller's own. All hold the
 * same identity: a token is good wherever its principal may go.
 */
export const getAuthorizationToken = operation({
  service: ecr,
  name: 'GetAuthorizationToken',
  input: struct({ registryIds: optional(list(registryId, { min: 1, max: 10 })) }),
  output: struct({
    authorizationData: optional(
      list(
        struct({
          authorizationToken: optional(string({ pattern: '^\\S+$' })),
          expiresAt: optional(timestamp()),
          proxyEndpoint: optional(url),
        }),
      ),
    ),
  }),
  errors: ['ServerException', 'InvalidParameterException'],
  allow: onAnything('GetAuthorizationToken'),
  handle: async (ctx, input) => {
    const claims = claimsOf(ctx.caller, ctx.clock.now() + ctx.limits.tokenLifeMs)
    const password = mintToken(ctx.secrets, claims)
    const expiresAt = claims.expiresAtMs
    const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64')
    const registryIds = [...new Set(input.registryIds ?? [ctx.caller.accountId])]
    return {
      authorizationData: registryIds.map((id) => ({
        authorizationToken,
        expiresAt,
        proxyEndpoint: ctx.links.proxyEndpoint(privateRegistry(ctx, id)),
      })),
    }
  },
})
