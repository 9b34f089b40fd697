import type { Context } from '../../domain/context.ts'
import { page } from '../../domain/paging.ts'
import { findPublicRegistry, type NamedRegistry } from '../../domain/public/registries.ts'
import { publicRegistryArn, publicRegistryOf } from '../../domain/references.ts'
import { optional, struct, type Infer } from '../../model/schema.ts'
import { maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { describeRegistriesOutput, type registry as shape } from '../../model/shapes/public/registry.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onAnythingPublic } from './public-resources.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DescribeRegistries.html
 * An account has one registry, and none before its first public repository: pages are never needed, and their tokens never given.
 */
export const describeRegistries = operation({
  service: ecrPublic,
  name: 'DescribeRegistries',
  input: struct({ nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: describeRegistriesOutput,
  errors: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  allow: onAnythingPublic('DescribeRegistries'),
  handle: async (ctx, input) => {
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['ecr-public DescribeRegistries'],
      async () => {
        const own = await findPublicRegistry(ctx)
        return own ? [own] : []
      },
      (item) => [item.accountId],
    )
    return { registries: items.map((item) => present(ctx, item)), nextToken: next }
  },
})

function present(ctx: Context, { accountId, verified, aliases }: NamedRegistry): Infer<typeof shape> {
  const primary = aliases.find((alias) => alias.primary)
  if (!primary) throw new Error(`the public registry of ${accountId} has no primary alias`)
  return {
    registryId: accountId,
    registryArn: publicRegistryArn(accountId),
    registryUri: `${ctx.links.registryHost(publicRegistryOf(accountId))}/${primary.name}`,
    verified,
    aliases: aliases.map((alias) => ({
      name: alias.name,
      status: alias.status,
      primaryRegistryAlias: alias.primary,
      defaultRegistryAlias: alias.default,
    })),
  }
}
