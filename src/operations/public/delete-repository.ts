import { publicRegistry } from '../../domain/public/registries.ts'
import { deletePublicRepository } from '../../domain/public/repositories.ts'
import { optional, struct } from '../../model/schema.ts'
import { force, inRepository, repository } from '../../model/shapes/public/common.ts'
import { ecrPublic, operation } from '../operation.ts'
import { presentRepository } from './present-repository.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_DeleteRepository.html */
export const deleteRepository = operation({
  service: ecrPublic,
  name: 'DeleteRepository',
  input: struct({ ...inRepository, force: optional(force) }),
  output: struct({ repository: optional(repository) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotEmptyException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('DeleteRepository'),
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const deleted = await deletePublicRepository(ctx, registry, input.repositoryName, input.force ?? false)
    return { repository: await presentRepository(ctx, deleted) }
  },
})
