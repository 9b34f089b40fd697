import { restoreImage as restore } from '../../domain/deleted-images.ts'
import { checkImageDigest } from '../../domain/image-ids.ts'
import { list, optional, struct } from '../../model/schema.ts'
import { inAnyRegistry } from '../../model/shapes/admin.ts'
import { imageDigest, imageTag } from '../../model/shapes/image.ts'
import { operation, stowage } from '../operation.ts'
import { anyRegistry, onServer } from './operator.ts'

/**
 * Puts a deleted image back, with `imageTags`, or else those of its former tags that no image has taken meanwhile: `takenImageTags` are the
 * others.
 */
export const restoreImage = operation({
  service: stowage,
  name: 'RestoreImage',
  input: struct({ ...inAnyRegistry, imageDigest, imageTags: optional(list(imageTag, { min: 0, max: 1000 })) }),
  output: struct({ imageDigest, imageTags: list(imageTag), takenImageTags: list(imageTag) }),
  errors: [
    'ImageAlreadyExistsException',
    'ImageNotFoundException',
    'ImageTagAlreadyExistsException',
    'InvalidParameterException',
    'LayersNotFoundException',
    'LimitExceededException',
    'ReferencedImagesNotFoundException',
    'RepositoryNotFoundException',
  ],
  allow: onServer('RestoreImage'),
  handle: async (ctx, input) => {
    const digest = checkImageDigest(input.imageDigest)
    const registry = anyRegistry(ctx, input)
    const { tags, takenTags } = await restore(ctx, registry, input.repositoryName, digest, input.imageTags)
    return { imageDigest: digest, imageTags: tags, takenImageTags: takenTags }
  },
})
