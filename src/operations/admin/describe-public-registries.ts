import { page } from '../../domain/paging.ts'
import { pagePublicRegistries } from '../../domain/public/registries.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { publicRegistry } from '../../model/shapes/admin.ts'
import { maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentRegistry } from './present-registry.ts'

/** The public registries of all accounts, by account, with their aliases. */
export const describePublicRegistries = operation({
  service: stowage,
  name: 'DescribePublicRegistries',
  input: struct({ nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ registries: list(publicRegistry), nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException'],
  allow: onServer('DescribePublicRegistries'),
  handle: async (ctx, input) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['stowage DescribePublicRegistries'],
      (position, limit) => pagePublicRegistries(ctx, position?.[0], limit),
      (registry) => [registry.accountId],
    )
    return { registries: items.map(presentRegistry), nextToken: next }
  },
})
