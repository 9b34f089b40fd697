import { privateRegistry } from '../../domain/references.ts'
import { deleteRepository as remove } from '../../domain/repositories.ts'
import { boolean, optional, struct } from '../../model/schema.ts'
import { inRepository, repository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'
import { presentRepository } from './present-repository.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html */
export const deleteRepository = operation({
  service: ecr,
  name: 'DeleteRepository',
  input: struct({ ...inRepository, force: optional(boolean()) }),
  output: struct({ repository: optional(repository) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'RepositoryNotEmptyException',
    'KmsException',
  ],
  allow: onRepository('DeleteRepository'),
  handle: async (ctx, input) => {
    const deleted = await remove(
      ctx,
      privateRegistry(ctx, input.registryId),
      input.repositoryName,
      input.force ?? false,
    )
    return { repository: presentRepository(ctx, deleted) }
  },
})
