import { getImages } from '../../domain/get-images.ts'
import { getRepository } from '../../domain/repositories.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { mediaType } from '../../model/shapes/common.ts'
import { image, imageFailure, imageIdentifierList } from '../../model/shapes/image.ts'
import { operation } from '../operation.ts'
import { imageTagsOf } from '../resources.ts'
import { privateSide, type Side } from '../side.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html */
export const batchGetImageOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'BatchGetImage',
    input: struct({
      ...side.inRepository,
      imageIds: imageIdentifierList,
      acceptedMediaTypes: optional(list(mediaType, { min: 1, max: 100 })),
    }),
    output: struct({ images: optional(list(image)), failures: optional(list(imageFailure)) }),
    errors: [
      'ServerException',
      'InvalidParameterException',
      'RepositoryNotFoundException',
      'LimitExceededException',
      'UnableToGetUpstreamImageException',
    ],
    allow: { ...side.toRead('BatchGetImage'), circumstances: ({ imageIds }) => imageTagsOf(imageIds) },
    note: 'Manifests are never converted between formats: an image whose media type is not in `acceptedMediaTypes` is not found.',
    handle: async (ctx, input) => {
      const registry = side.registry(ctx, input.registryId)
      const repository = await getRepository(ctx, registry, input.repositoryName)
      const { images, failures } = await getImages(ctx, repository, input.imageIds, input.acceptedMediaTypes)
      return {
        images: images.map(({ image: found, tag }) => ({
          registryId: registry.accountId,
          repositoryName: repository.name,
          imageId: { imageDigest: found.digest, imageTag: tag },
          imageManifest: found.manifest,
          imageManifestMediaType: found.mediaType,
        })),
        failures,
      }
    },
  })

export const batchGetImage = batchGetImageOn(privateSide)
