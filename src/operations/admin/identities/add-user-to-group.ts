import { addUserToGroup as add } from '../../../domain/identities/group-members.ts'
import { struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { identityName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'

/** Puts a user into a group. Adding a member again is fine. */
export const addUserToGroup = operation({
  service: stowage,
  name: 'AddUserToGroup',
  input: struct({ accountId, groupName: identityName, userName: identityName }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded'],
  allow: onServer('AddUserToGroup'),
  handle: async (ctx, input) => {
    await add(ctx, input)
    return {}
  },
})
