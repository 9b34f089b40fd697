import { detachPolicy as detach } from '../../../domain/identities/managed-policies.ts'
import { struct } from '../../../model/schema.ts'
import { ofIdentity, policyArn } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'

/** Takes a managed policy from a user, a group or a role. */
export const detachPolicy = operation({
  service: stowage,
  name: 'DetachPolicy',
  input: struct({ ...ofIdentity, policyArn }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('DetachPolicy'),
  handle: async (ctx, input) => {
    await detach(ctx, namedIdentity(input), input.policyArn)
    return {}
  },
})
