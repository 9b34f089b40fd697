import { putImage as put } from '../../domain/put-image.ts'
import { privateRegistry } from '../../domain/references.ts'
import { optional, struct } from '../../model/schema.ts'
import { mediaType } from '../../model/shapes/common.ts'
import { image, imageDigest, imageManifest, imageTag } from '../../model/shapes/image.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { imageTagsOf, onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html */
export const putImage = operation({
  service: ecr,
  name: 'PutImage',
  input: struct({
    ...inRepository,
    imageManifest,
    imageManifestMediaType: optional(mediaType),
    imageTag: optional(imageTag),
    imageDigest: optional(imageDigest),
  }),
  output: struct({ image: optional(image) }),
  errors: [
    'ServerException',
    'InvalidParameterException',
    'RepositoryNotFoundException',
    'ImageAlreadyExistsException',
    'LayersNotFoundException',
    'ReferencedImagesNotFoundException',
    'LimitExceededException',
    'ImageTagAlreadyExistsException',
    'ImageDigestDoesNotMatchException',
    'KmsException',
  ],
  allow: {
    ...onRepository('PutImage'),
    circumstances: (input) => imageTagsOf([input]),
  },
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    const stored = await put(ctx, registry, input.repositoryName, {
      manifest: input.imageManifest,
      mediaType: input.imageManifestMediaType,
      tag: input.imageTag,
      expectedDigest: input.imageDigest,
    })
    return {
      image: {
        registryId: registry.accountId,
        repositoryName: input.repositoryName,
        imageId: { imageDigest: stored.digest, imageTag: input.imageTag },
        imageManifest: input.imageManifest,
        imageManifestMediaType: stored.mediaType,
      },
    }
  },
})
