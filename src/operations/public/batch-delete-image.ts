import { deleteImages } from '../../domain/delete-images.ts'
import { publicRegistryWith } from '../../domain/public/registries.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { imageIdentifierList } from '../../model/shapes/image.ts'
import { inAnyRepository } from '../../model/shapes/public/common.ts'
import { imageFailure } from '../../model/shapes/public/image.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepositoryIfAny } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_BatchDeleteImage.html */
export const batchDeleteImage = operation({
  service: ecrPublic,
  name: 'BatchDeleteImage',
  input: struct({ ...inAnyRepository, imageIds: imageIdentifierList }),
  output: struct({ imageIds: optional(imageIdentifierList), failures: optional(list(imageFailure)) }),
  errors: [
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepositoryIfAny('BatchDeleteImage'),
  handle: async (ctx, input) => {
    // An alias that nobody has is a repository that nobody has: the model declares no RegistryNotFoundException here.
    const registry = await publicRegistryWith(ctx, input.registryId, input.repositoryName)
    const { deleted, failures } = await deleteImages(ctx, registry, input.repositoryName, input.imageIds)
    return { imageIds: deleted, failures }
  },
})
