import { page } from '../../domain/paging.ts'
import { privateRegistry } from '../../domain/references.ts'
import { getRepositories } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { maxResults, nextToken, registryId, repositoryName } from '../../model/shapes/common.ts'
import { repository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { refuseTogether } from '../refuse-together.ts'
import { onRegistry } from '../resources.ts'
import { presentRepository } from './present-repository.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html */
export const describeRepositories = operation({
  service: ecr,
  name: 'DescribeRepositories',
  input: struct({
    registryId: optional(registryId),
    repositoryNames: optional(list(repositoryName, { min: 1, max: 100 })),
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
  }),
  output: struct({ repositories: optional(list(repository)), nextToken: optional(nextToken) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRegistry('DescribeRepositories'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    if (input.repositoryNames !== undefined) {
      refuseTogether('repositoryNames', input)
      const found = await getRepositories(ctx, registry, input.repositoryNames)
      return { repositories: found.map((item) => presentRepository(ctx, item)) }
    }
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['DescribeRepositories', registry],
      (position, limit) => ctx.metadata.read.repositories.page(registry, position?.[0], limit),
      (item) => [item.name],
    )
    return { repositories: items.map((item) => presentRepository(ctx, item)), nextToken: next }
  },
})
