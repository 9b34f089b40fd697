import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { revokeSessions as revoke } from '../../../domain/identities/users-groups-roles.ts'
import { struct } from '../../../model/schema.ts'
import { identity, ofPrincipal } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'
import { presentIdentity } from './present-identity.ts'

/** Voids the temporary credentials of a user or a role that were issued until now. */
export const revokeSessions = operation({
  service: stowage,
  name: 'RevokeSessions',
  input: struct({ ...ofPrincipal }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('RevokeSessions'),
  handle: async (ctx, input) => {
    const changed = await revoke(ctx, namedIdentity(input))
    return { identity: presentIdentity(await describeIdentity(ctx, changed)) }
  },
})
