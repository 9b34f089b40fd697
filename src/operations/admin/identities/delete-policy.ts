import { deletePolicy as remove } from '../../../domain/identities/managed-policies.ts'
import { boolean, optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { policyArn as arn } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'

/** Deletes a managed policy. With `force` it is detached first; one that is a permissions boundary always stays. */
export const deletePolicy = operation({
  service: stowage,
  name: 'DeletePolicy',
  input: struct({ accountId, policyArn: arn, force: optional(boolean()) }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'DeleteConflict'],
  allow: onServer('DeletePolicy'),
  handle: async (ctx, { accountId: inAccount, policyArn, force = false }) => {
    await remove(ctx, inAccount, policyArn, force)
    return {}
  },
})
