import { putAccount as put } from '../../../domain/identities/accounts.ts'
import { optional, string, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { account } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentAccount } from './present-identity.ts'

/** Makes an account, or gives one another name and organization; what is not given is taken away. */
export const putAccount = operation({
  service: stowage,
  name: 'PutAccount',
  input: struct({
    accountId,
    accountName: optional(string({ min: 1, max: 50 })),
    organizationId: optional(string({ pattern: 'o-[a-z0-9]{10,32}' })),
  }),
  output: struct({ account }),
  errors: ['InvalidParameterException'],
  allow: onServer('PutAccount'),
  handle: async (ctx, { accountId: id, accountName, organizationId }) => ({
    account: presentAccount(await put(ctx, { accountId: id, name: accountName, organizationId })),
  }),
})
