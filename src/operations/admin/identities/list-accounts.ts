import { pageAccounts } from '../../../domain/identities/describe-identities.ts'
import { page } from '../../../domain/paging.ts'
import { list, optional, struct } from '../../../model/schema.ts'
import { account } from '../../../model/shapes/identities.ts'
import { maxResults, nextToken } from '../../../model/shapes/common.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentAccount } from './present-identity.ts'

/** The accounts that were made, by id. Those that have nothing but a root key are not among them. */
export const listAccounts = operation({
  service: stowage,
  name: 'ListAccounts',
  input: struct({ nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ accounts: list(account), nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException'],
  allow: onServer('ListAccounts'),
  handle: async (ctx, input) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['stowage ListAccounts'],
      async (position, limit) => pageAccounts(ctx, position?.[0], limit),
      ({ accountId }) => [accountId],
    )
    return { accounts: items.map(presentAccount), nextToken: next }
  },
})
