import { createPolicy as create } from '../../../domain/identities/managed-policies.ts'
import { optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { managedPolicy, path, policyDocument, policyName } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentPolicy } from './present-identity.ts'

/** Makes a managed policy of an account. */
export const createPolicy = operation({
  service: stowage,
  name: 'CreatePolicy',
  input: struct({ accountId, policyName, path: optional(path), policyDocument }),
  output: struct({ policy: managedPolicy }),
  errors: [
    'InvalidParameterException',
    'EntityAlreadyExists',
    'NoSuchEntity',
    'LimitExceeded',
    'MalformedPolicyDocument',
  ],
  allow: onServer('CreatePolicy'),
  handle: async (ctx, { accountId: inAccount, policyName: name, path: under = '/', policyDocument: document }) => ({
    policy: presentPolicy(await create(ctx, { accountId: inAccount, name, path: under, document })),
  }),
})
