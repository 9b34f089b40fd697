import { deleteIdentity as remove } from '../../../domain/identities/users-groups-roles.ts'
import { boolean, optional, struct } from '../../../model/schema.ts'
import { ofIdentity } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { namedIdentity } from './named-identity.ts'

/** Deletes a user, a group or a role. Without `force` what hangs on it has to be taken away first. */
export const deleteIdentity = operation({
  service: stowage,
  name: 'DeleteIdentity',
  input: struct({ ...ofIdentity, force: optional(boolean()) }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'DeleteConflict'],
  allow: onServer('DeleteIdentity'),
  handle: async (ctx, input) => {
    await remove(ctx, namedIdentity(input), input.force ?? false)
    return {}
  },
})
