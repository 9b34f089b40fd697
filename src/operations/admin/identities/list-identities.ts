import { pageIdentities } from '../../../domain/identities/describe-identities.ts'
import { page } from '../../../domain/paging.ts'
import { list, optional, struct } from '../../../model/schema.ts'
import { accountId } from '../../../model/shapes/admin.ts'
import { identity, identityType as type } from '../../../model/shapes/identities.ts'
import { maxResults, nextToken } from '../../../model/shapes/common.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentIdentity } from './present-identity.ts'

/** The users, groups or roles of an account by name, with their policies and without any secret. */
export const listIdentities = operation({
  service: stowage,
  name: 'ListIdentities',
  input: struct({ accountId, identityType: type, nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ identities: list(identity), nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException'],
  allow: onServer('ListIdentities'),
  handle: async (ctx, { accountId: inAccount, identityType, ...input }) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['stowage ListIdentities', inAccount, identityType],
      (position, limit) => pageIdentities(ctx, inAccount, identityType, position?.[0], limit),
      ({ name }) => [name],
    )
    return { identities: items.map(presentIdentity), nextToken: next }
  },
})
