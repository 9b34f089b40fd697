import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { putBoundary } from '../../../domain/identities/users-groups-roles.ts'
import { struct } from '../../../model/schema.ts'
import { identity, ofPrincipal } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'
import { presentIdentity } from './present-identity.ts'

/** Takes the permissions boundary of a user or a role away. */
export const deletePermissionsBoundary = operation({
  service: stowage,
  name: 'DeletePermissionsBoundary',
  input: struct({ ...ofPrincipal }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('DeletePermissionsBoundary'),
  handle: async (ctx, input) => {
    const changed = await putBoundary(ctx, namedIdentity(input), undefined)
    return { identity: presentIdentity(await describeIdentity(ctx, changed)) }
  },
})
