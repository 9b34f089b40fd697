import { page } from '../../domain/paging.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { getRepositories } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { maxResults, nextToken, registryId, repository, repositoryName } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { refuseTogether } from '../refuse-together.ts'
import { presentRepositories } from './present-repository.ts'
import { onPublicRepositories } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DescribeRepositories.html */
export const describeRepositories = operation({
  service: ecrPublic,
  name: 'DescribeRepositories',
  input: struct({
    registryId: optional(registryId),
    repositoryNames: optional(list(repositoryName, { min: 1, max: 100 })),
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
  }),
  output: struct({ repositories: optional(list(repository)), nextToken: optional(nextToken) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepositories('DescribeRepositories'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    if (input.repositoryNames !== undefined) {
      refuseTogether('repositoryNames', input)
      return {
        repositories: await presentRepositories(ctx, await getRepositories(ctx, registry, input.repositoryNames)),
      }
    }
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['ecr-public DescribeRepositories', registry],
      (position, limit) => ctx.metadata.read.repositories.page(registry, position?.[0], limit),
      (item) => [item.name],
    )
    return { repositories: await presentRepositories(ctx, items), nextToken: next }
  },
})
