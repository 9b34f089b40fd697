import { removeUserFromGroup as remove } from '../../../domain/identities/group-members.ts'
import { struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { identityName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'

/** Takes a user out of a group. Removing who is no member is fine. */
export const removeUserFromGroup = operation({
  service: stowage,
  name: 'RemoveUserFromGroup',
  input: struct({ accountId, groupName: identityName, userName: identityName }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('RemoveUserFromGroup'),
  handle: async (ctx, input) => {
    await remove(ctx, input)
    return {}
  },
})
