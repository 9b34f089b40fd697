import { deleteInlinePolicy as remove } from '../../../domain/identities/inline-policies.ts'
import { struct } from '../../../model/schema.ts'
import { ofIdentity, policyName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'

/** Deletes a policy that belongs to one user, group or role. */
export const deleteInlinePolicy = operation({
  service: stowage,
  name: 'DeleteInlinePolicy',
  input: struct({ ...ofIdentity, policyName }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('DeleteInlinePolicy'),
  handle: async (ctx, input) => {
    await remove(ctx, namedIdentity(input), input.policyName)
    return {}
  },
})
