import { updatePolicy as update } from '../../../domain/identities/managed-policies.ts'
import { struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { managedPolicy, policyArn as arn, policyDocument as document } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentPolicy } from './present-identity.ts'

/** Replaces the text of a managed policy, for everybody who has it. Earlier versions are not kept. */
export const updatePolicy = operation({
  service: stowage,
  name: 'UpdatePolicy',
  input: struct({ accountId, policyArn: arn, policyDocument: document }),
  output: struct({ policy: managedPolicy }),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'LimitExceeded', 'MalformedPolicyDocument'],
  allow: onServer('UpdatePolicy'),
  handle: async (ctx, { accountId: inAccount, policyArn, policyDocument }) => ({
    policy: presentPolicy(await update(ctx, inAccount, policyArn, policyDocument)),
  }),
})
