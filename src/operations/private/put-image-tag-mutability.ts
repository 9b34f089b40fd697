import { privateRegistry } from '../../domain/references.ts'
import { changeRepository } from '../../domain/repositories.ts'
import { checkMutability } from '../../domain/tag-mutability.ts'
import { optional, struct } from '../../model/schema.ts'
import {
  imageTagMutability,
  imageTagMutabilityExclusionFilters,
  inRepository,
  ofRepository,
} from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'
import { presentFilters } from './present-repository.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageTagMutability.html */
export const putImageTagMutability = operation({
  service: ecr,
  name: 'PutImageTagMutability',
  input: struct({
    ...inRepository,
    imageTagMutability,
    imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
  }),
  output: struct({
    ...ofRepository,
    imageTagMutability: optional(imageTagMutability),
    imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
  }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRepository('PutImageTagMutability'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const filters = input.imageTagMutabilityExclusionFilters?.map(({ filter }) => filter)
    const exclusionFilters = checkMutability(input.imageTagMutability, filters)
    await changeRepository(ctx, registry, input.repositoryName, {
      tagMutability: input.imageTagMutability,
      exclusionFilters,
    })
    return {
      registryId: registry.accountId,
      repositoryName: input.repositoryName,
      imageTagMutability: input.imageTagMutability,
      imageTagMutabilityExclusionFilters: presentFilters(exclusionFilters),
    }
  },
})
