import { optional, string, struct } from '../../model/schema.ts'
import { operation, sts } from '../operation.ts'

/**
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 * Terraform and the CDK ask for the account id before anything else.
 */
export const getCallerIdentity = operation({
  service: sts,
  name: 'GetCallerIdentity',
  input: struct({}),
  output: struct({ UserId: optional(string()), Account: optional(string()), Arn: optional(string()) }),
  errors: [],
  // Nobody needs a permission for it, and no policy can deny it.
  allow: { action: 'sts:GetCallerIdentity', anyone: true, resource: () => '*' },
  handle: async (ctx) => ({ UserId: ctx.caller.userId, Account: ctx.caller.accountId, Arn: ctx.caller.arn }),
})
