import { deleteImages } from '../../domain/delete-images.ts'
import { privateRegistry } from '../../domain/references.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { imageFailure, imageIdentifierList } from '../../model/shapes/image.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html */
export const batchDeleteImage = operation({
  service: ecr,
  name: 'BatchDeleteImage',
  input: struct({ ...inRepository, imageIds: imageIdentifierList }),
  output: struct({ imageIds: optional(imageIdentifierList), failures: optional(list(imageFailure)) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onRepository('BatchDeleteImage'),
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const { deleted, failures } = await deleteImages(ctx, registry, input.repositoryName, input.imageIds)
    return { imageIds: deleted, failures }
  },
})
