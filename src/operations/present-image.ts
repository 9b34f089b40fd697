import type { Context } from '../domain/context.ts'
import type { ImageSummary, Repository } from '../domain/ports/metadata.ts'

/** What every description of an image says, on both sides. */
export function presentImage(image: ImageSummary) {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.imageBytes,
    imagePushedAt: image.pushedAtMs,
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactType,
  }
}

/** What DescribeImages says of images on both sides; `more` is what one of them says beside it. */
export async function presentDetails<More extends object>(
  ctx: Context,
  repository: Repository,
  images: readonly ImageSummary[],
  more: (image: ImageSummary) => More,
) {
  const digests = images.map((image) => image.digest)
  const tags = await ctx.metadata.read.tags.of(repository.id, digests)
  return images.map((image) => ({
    registryId: repository.registry.accountId,
    repositoryName: repository.name,
    imageTags: tags.get(image.digest),
    ...presentImage(image),
    ...more(image),
  }))
}
