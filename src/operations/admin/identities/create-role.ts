import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { createIdentity } from '../../../domain/identities/users-groups-roles.ts'
import { optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import {
  identity,
  identityName,
  maxSessionDuration as maxSession,
  path,
  policyArn,
  policyDocument,
  principalTags,
} from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentIdentity } from './present-identity.ts'

/** Makes a role: its trust policy says who may open sessions of it. */
export const createRole = operation({
  service: stowage,
  name: 'CreateRole',
  input: struct({
    accountId,
    roleName: identityName,
    path: optional(path),
    assumeRolePolicyDocument: policyDocument,
    maxSessionDuration: optional(maxSession),
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
    'MalformedPolicyDocument',
  ],
  allow: onServer('CreateRole'),
  handle: async (
    ctx,
    { roleName, path: under = '/', assumeRolePolicyDocument, maxSessionDuration = 3_600, ...input },
  ) => {
    const role = { trustPolicy: assumeRolePolicyDocument, maxSessionSeconds: maxSessionDuration }
    const made = await createIdentity(ctx, { ...input, type: 'role', name: roleName, path: under, role })
    return { identity: presentIdentity(await describeIdentity(ctx, made)) }
  },
})
