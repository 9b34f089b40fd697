import { encryptionOf } from '../../domain/encryption.ts'
import { privateRegistry } from '../../domain/references.ts'
import { createRepository as create } from '../../domain/repositories.ts'
import { checkMutability } from '../../domain/tag-mutability.ts'
import { optional, struct } from '../../model/schema.ts'
import { resourceTagList } from '../../model/shapes/common.ts'
import {
  encryptionConfiguration,
  imageScanningConfiguration,
  imageTagMutability,
  imageTagMutabilityExclusionFilters,
  inRepository,
  repository,
} from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository, taggingAs } from '../resources.ts'
import { presentRepository } from './present-repository.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html */
export const createRepository = operation({
  service: ecr,
  name: 'CreateRepository',
  input: struct({
    ...inRepository,
    tags: optional(resourceTagList),
    imageTagMutability: optional(imageTagMutability),
    imageTagMutabilityExclusionFilters: optional(imageTagMutabilityExclusionFilters),
    imageScanningConfiguration: optional(imageScanningConfiguration),
    encryptionConfiguration: optional(encryptionConfiguration),
  }),
  output: struct({ repository: optional(repository) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'InvalidTagParameterException',
    'TooManyTagsException',
    'RepositoryAlreadyExistsException',
    'LimitExceededException',
    'KmsException',
  ],
  allow: { ...onRepository('CreateRepository'), ...taggingAs('ecr:TagResource') },
  note: '`scanOnPush` is kept and reported: there is no scanner yet. KMS encryption is kept and reported as ECR does: there is no key service, layers are not encrypted with it.',
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const tagMutability = input.imageTagMutability ?? 'MUTABLE'
    const filters = input.imageTagMutabilityExclusionFilters?.map(({ filter }) => filter)
    const created = await create(ctx, registry, {
      name: input.repositoryName,
      tagMutability,
      exclusionFilters: checkMutability(tagMutability, filters),
      scanOnPush: input.imageScanningConfiguration?.scanOnPush ?? false,
      encryption: encryptionOf(registry, input.encryptionConfiguration),
      tags: (input.tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
    })
    return { repository: presentRepository(ctx, created) }
  },
})
