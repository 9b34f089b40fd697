import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { createIdentity } from '../../../domain/identities/users-groups-roles.ts'
import { optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { identity, identityName, path } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentIdentity } from './present-identity.ts'

/** Makes a group: its policies are those of each of its users. */
export const createGroup = operation({
  service: stowage,
  name: 'CreateGroup',
  input: struct({ accountId, groupName: identityName, path: optional(path) }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'EntityAlreadyExists', 'NoSuchEntity', 'LimitExceeded'],
  allow: onServer('CreateGroup'),
  handle: async (ctx, { accountId: inAccount, groupName, path: under = '/' }) => {
    const made = await createIdentity(ctx, { accountId: inAccount, type: 'group', name: groupName, path: under })
    return { identity: presentIdentity(await describeIdentity(ctx, made)) }
  },
})
