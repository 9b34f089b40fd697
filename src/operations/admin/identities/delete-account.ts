import { deleteAccount as remove } from '../../../domain/identities/accounts.ts'
import { struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'

/** Deletes an account that holds no user, group, role or policy. Its repositories and its root keys stay. */
export const deleteAccount = operation({
  service: stowage,
  name: 'DeleteAccount',
  input: struct({ accountId }),
  output: struct({}),
  errors: ['InvalidParameterException', 'NoSuchEntity', 'DeleteConflict'],
  allow: onServer('DeleteAccount'),
  handle: async (ctx, { accountId: id }) => {
    await remove(ctx, id)
    return {}
  },
})
