import type { ImageSummary } from '../../domain/ports/metadata.ts'

/** What DescribeImages and DescribeImageTags say of an image alike. */
export function presentImage(image: ImageSummary) {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.imageBytes,
    imagePushedAt: image.pushedAtMs,
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactType,
  }
}
