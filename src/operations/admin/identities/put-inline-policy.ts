import { putInlinePolicy as put } from '../../../domain/identities/inline-policies.ts'
import { struct } from '../../../model/schema.ts'
import { ofIdentity, policyDocument, policyName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'

/** Makes or replaces a policy that belongs to one user, group or role. */
export const putInlinePolicy = operation({
  service: stowage,
  name: 'PutInlinePolicy',
  input: struct({ ...ofIdentity, policyName, policyDocument }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded', 'MalformedPolicyDocument'],
  allow: onServer('PutInlinePolicy'),
  handle: async (ctx, input) => {
    await put(ctx, namedIdentity(input), input.policyName, input.policyDocument)
    return {}
  },
})
