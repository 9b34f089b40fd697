import { createPublicRepository } from '../../domain/public/repositories.ts'
import { publicRegistryOf, repositoryArn } from '../../domain/references.ts'
import { optional, struct } from '../../model/schema.ts'
import { repositoryCatalogData, repositoryCatalogDataInput } from '../../model/shapes/public/catalog.ts'
import { repository, repositoryName, resourceTagList } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { taggingAs } from '../resources.ts'
import { catalogDataOf } from './catalog-data-of.ts'
import { presentCatalogData, presentRepository } from './present-repository.ts'
import { resourceTagsOf } from './resource-tags-of.ts'

/**
 * https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_CreateRepository.html
 * Always in the caller's registry: there is no registryId.
 */
export const createRepository = operation({
  service: ecrPublic,
  name: 'CreateRepository',
  input: struct({
    repositoryName,
    catalogData: optional(repositoryCatalogDataInput),
    tags: optional(resourceTagList),
  }),
  output: struct({ repository: optional(repository), catalogData: optional(repositoryCatalogData) }),
  errors: [
    'InvalidParameterException',
    'InvalidTagParameterException',
    'LimitExceededException',
    'RepositoryAlreadyExistsException',
    'ServerException',
    'TooManyTagsException',
    'UnsupportedCommandException',
  ],
  allow: {
    action: 'ecr-public:CreateRepository',
    resource: (ctx, input) => repositoryArn(publicRegistryOf(ctx.caller.accountId), input.repositoryName),
    ...taggingAs('ecr-public:TagResource'),
  },
  handle: async (ctx, input) => {
    const created = await createPublicRepository(ctx, {
      name: input.repositoryName,
      catalogData: input.catalogData && catalogDataOf(input.catalogData),
      tags: resourceTagsOf(input.tags ?? []),
    })
    return {
      repository: await presentRepository(ctx, created.repository),
      catalogData: presentCatalogData(ctx, created.catalogData),
    }
  },
})
