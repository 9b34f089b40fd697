import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import { checkImageDigest, checkImageTag, distinctImageIds, resolveImageId, type ImageIdentifier } from './image-ids.ts'
import type { ImageSummary, Repository } from './ports/metadata.ts'
import { named } from './references.ts'

/**
 * The images that `imageIds` name, each once, in that order. Unlike the batch operations, one that cannot be had fails the whole call:
 * ImageNotFound, or InvalidParameter for a malformed one.
 */
export async function describeImages(
  ctx: Context,
  repository: Repository,
  imageIds: readonly ImageIdentifier[],
): Promise<readonly ImageSummary[]> {
  const reads = ctx.metadata.read
  const found = new Map<string, ImageSummary>()
  for (const imageId of distinctImageIds(imageIds)) {
    if (imageId.imageDigest !== undefined) checkImageDigest(imageId.imageDigest)
    if (imageId.imageTag !== undefined) checkImageTag(imageId.imageTag)
    const resolved = await resolveImageId(reads, repository, imageId)
    if ('failure' in resolved && resolved.failure.failureCode === 'MissingDigestAndTag') {
      fail('InvalidParameterException', { parameter: 'imageId', constraint: 'both tag and digest cannot be null' })
    }
    const image = 'failure' in resolved ? undefined : await reads.images.summary(repository.id, resolved.digest)
    if (!image) {
      const { imageDigest, imageTag } = imageId
      return fail('ImageNotFoundException', { ...named(repository.registry, repository.name), imageDigest, imageTag })
    }
    found.set(image.digest, image)
  }
  return [...found.values()]
}
