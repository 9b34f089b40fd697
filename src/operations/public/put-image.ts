import { putImage as put } from '../../domain/put-image.ts'
import { publicRegistry } from '../../domain/public/registries.ts'
import { optional, struct } from '../../model/schema.ts'
import { mediaType } from '../../model/shapes/common.ts'
import { imageDigest, imageManifest, imageTag } from '../../model/shapes/image.ts'
import { inAnyRepository } from '../../model/shapes/public/common.ts'
import { image } from '../../model/shapes/public/image.ts'
import { ecrPublic, operation } from '../operation.ts'
import { imageTagsOf } from '../resources.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_PutImage.html */
export const putImage = operation({
  service: ecrPublic,
  name: 'PutImage',
  input: struct({
    ...inAnyRepository,
    imageManifest,
    imageManifestMediaType: optional(mediaType),
    imageTag: optional(imageTag),
    imageDigest: optional(imageDigest),
  }),
  output: struct({ image: optional(image) }),
  errors: [
    'ImageAlreadyExistsException',
    'ImageDigestDoesNotMatchException',
    'ImageTagAlreadyExistsException',
    'InvalidParameterException',
    'LayersNotFoundException',
    'LimitExceededException',
    'ReferencedImagesNotFoundException',
    'RegistryNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: {
    ...onPublicRepository('PutImage'),
    circumstances: (input) => imageTagsOf([input]),
  },
  handle: async (ctx, input) => {
    const registry = await publicRegistry(ctx, input.registryId)
    const stored = await put(ctx, registry, input.repositoryName, {
      manifest: input.imageManifest,
      mediaType: input.imageManifestMediaType,
      tag: input.imageTag,
      expectedDigest: input.imageDigest,
    })
    return {
      image: {
        registryId: input.registryId ?? registry.accountId,
        repositoryName: input.repositoryName,
        imageId: { imageDigest: stored.digest, imageTag: input.imageTag },
        imageManifest: input.imageManifest,
        imageManifestMediaType: stored.mediaType,
      },
    }
  },
})
