import type { ImageSummary } from '../../domain/ports/metadata.ts'
import { getAddressedRepository } from '../../domain/public/gallery-look-ups.ts'
import { optional, struct, type Infer } from '../../model/schema.ts'
import { inGalleryRepository, shownImageTagDetails, type shownImageTagDetail } from '../../model/shapes/gallery.ts'
import { maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { pageImageTags } from '../image-tag-page.ts'
import { gallery, operation } from '../operation.ts'
import { openToAll } from './open-to-all.ts'

/** The public API's operation of this name for everyone, by alias, with times as text. Tags in byte order. */
export const describeImageTags = operation({
  service: gallery,
  name: 'DescribeImageTags',
  input: struct({ ...inGalleryRepository, nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ imageTagDetails: shownImageTagDetails, nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException'],
  allow: openToAll('DescribeImageTags'),
  handle: async (ctx, input) => {
    const { repository } = await getAddressedRepository(ctx, input.registryAliasName, input.repositoryName)
    const { items, nextToken: next } = await pageImageTags(ctx, input, 'gallery DescribeImageTags', repository)
    const details = items.map(({ tag, updatedAtMs, image }) => ({
      imageTag: tag,
      createdAt: toIso(updatedAtMs),
      imageDetail: present(image),
    }))
    return { imageTagDetails: details, nextToken: next }
  },
})

function present(image: ImageSummary): Infer<typeof shownImageTagDetail>['imageDetail'] {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.imageBytes,
    imagePushedAt: toIso(image.pushedAtMs),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactType,
  }
}

function toIso(ms: number): string {
  return new Date(ms).toISOString()
}
