import { pagePolicies } from '../../../domain/identities/describe-identities.ts'
import { page } from '../../../domain/paging.ts'
import { list, optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { managedPolicy } from '../../../model/shapes/identities.ts'
import { maxResults, nextToken } from '../../../model/shapes/common.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentPolicy } from './present-identity.ts'

/** The managed policies of an account by name, with their texts. */
export const listPolicies = operation({
  service: stowage,
  name: 'ListPolicies',
  input: struct({ accountId, nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ policies: list(managedPolicy), nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException'],
  allow: onServer('ListPolicies'),
  handle: async (ctx, { accountId: inAccount, ...input }) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['stowage ListPolicies', inAccount],
      async (position, limit) => pagePolicies(ctx, inAccount, position?.[0], limit),
      ({ name }) => [name],
    )
    return { policies: items.map(presentPolicy), nextToken: next }
  },
})
