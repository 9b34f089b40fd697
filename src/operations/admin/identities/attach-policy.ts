import { attachPolicy as attach } from '../../../domain/identities/managed-policies.ts'
import { struct } from '../../../model/schema.ts'
import { ofIdentity, policyArn } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'

/** Gives a user, a group or a role a managed policy of its account. Attaching it again is fine. */
export const attachPolicy = operation({
  service: stowage,
  name: 'AttachPolicy',
  input: struct({ ...ofIdentity, policyArn }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded'],
  allow: onServer('AttachPolicy'),
  handle: async (ctx, input) => {
    await attach(ctx, namedIdentity(input), input.policyArn)
    return {}
  },
})
