import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { createIdentity } from '../../../domain/identities/users-groups-roles.ts'
import { optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { identity, identityName, path, policyArn, principalTags } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentIdentity } from './present-identity.ts'

/** Makes a user, who may do nothing until a policy says so. */
export const createUser = operation({
  service: stowage,
  name: 'CreateUser',
  input: struct({
    accountId,
    userName: identityName,
    path: optional(path),
    permissionsBoundary: optional(policyArn),
    tags: optional(principalTags),
  }),
  output: struct({ identity }),
  errors: [
    'InvalidParameterException',
    'EntityAlreadyExists',
    'NoSuchEntity',
    'LimitExceeded',
    'InvalidTagParameterException',
    'TooManyTagsException',
  ],
  allow: onServer('CreateUser'),
  handle: async (ctx, { userName, path: under = '/', ...input }) => {
    const made = await createIdentity(ctx, { ...input, type: 'user', name: userName, path: under })
    return { identity: presentIdentity(await describeIdentity(ctx, made)) }
  },
})
