import { fail } from '../../model/errors.ts'
import { optional, string, struct } from '../../model/schema.ts'
import { operation, sts } from '../operation.ts'

/**
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
 * Of lasting keys that work: a temporary one is known to its session token only.
 */
export const getAccessKeyInfo = operation({
  service: sts,
  name: 'GetAccessKeyInfo',
  input: struct({ AccessKeyId: string({ min: 16, max: 128, pattern: '[\\w]*' }) }),
  output: struct({ Account: optional(string()) }),
  errors: ['ValidationError', 'InvalidParameterValue'],
  allow: { action: 'sts:GetAccessKeyInfo', resource: () => '*' },
  handle: async (ctx, { AccessKeyId }) => {
    const key = ctx.accessKeys.find(AccessKeyId)
    return key
      ? { Account: key.principal.accountId }
      : fail('InvalidParameterValue/accessKey', { accessKeyId: AccessKeyId })
  },
})
