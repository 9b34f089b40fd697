import { describeIdentity } from '../../../domain/identities/describe-identities.ts'
import { updateRole as update } from '../../../domain/identities/users-groups-roles.ts'
import { optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import {
  identity,
  identityName,
  maxSessionDuration as maxSession,
  policyDocument,
} from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentIdentity } from './present-identity.ts'

/** Sets what is given of a role: who may open sessions of it, and how long they last at most. */
export const updateRole = operation({
  service: stowage,
  name: 'UpdateRole',
  input: struct({
    accountId,
    roleName: identityName,
    assumeRolePolicyDocument: optional(policyDocument),
    maxSessionDuration: optional(maxSession),
  }),
  output: struct({ identity }),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded', 'MalformedPolicyDocument'],
  allow: onServer('UpdateRole'),
  handle: async (ctx, { accountId: inAccount, roleName, assumeRolePolicyDocument, maxSessionDuration }) => {
    const change = { trustPolicy: assumeRolePolicyDocument, maxSessionSeconds: maxSessionDuration }
    const updated = await update(ctx, { accountId: inAccount, type: 'role', name: roleName }, change)
    return { identity: presentIdentity(await describeIdentity(ctx, updated)) }
  },
})
