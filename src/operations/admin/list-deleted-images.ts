import { deletedImages } from '../../domain/deleted-images.ts'
import { page } from '../../domain/paging.ts'
import type { DeletedImageSummary } from '../../domain/ports/metadata.ts'
import { parseDigest } from '../../lib/digest.ts'
import { list, optional, struct, type Infer } from '../../model/schema.ts'
import { deletedImage, inAnyRegistry } from '../../model/shapes/admin.ts'
import { maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { operation, stowage } from '../operation.ts'
import { anyRegistry, onServer } from './operator.ts'

/** Images of a repository that were deleted and may be restored, by digest. There are none while `undeleteHours` is 0. */
export const listDeletedImages = operation({
  service: stowage,
  name: 'ListDeletedImages',
  input: struct({ ...inAnyRegistry, nextToken: optional(nextToken), maxResults: optional(maxResults) }),
  output: struct({ deletedImages: list(deletedImage), nextToken: optional(nextToken) }),
  errors: ['InvalidParameterException', 'RepositoryNotFoundException'],
  allow: onServer('ListDeletedImages'),
  handle: async (ctx, input) => {
    const registry = anyRegistry(ctx, input)
    const { kind, accountId, region } = registry
    const { items, nextToken: next } = await page(
      ctx,
      input,
      100,
      ['stowage ListDeletedImages', kind, accountId, region, input.repositoryName],
      (position, limit) => deletedImages(ctx, registry, input.repositoryName, parseDigest(position?.[0] ?? ''), limit),
      (image) => [image.digest],
    )
    return { deletedImages: items.map(presentDeleted), nextToken: next }
  },
})

const presentDeleted = (image: DeletedImageSummary): Infer<typeof deletedImage> => ({
  imageDigest: image.digest,
  imageTags: image.tags,
  imageManifestMediaType: image.mediaType,
  artifactMediaType: image.artifactType,
  imageSizeInBytes: image.imageBytes,
  imagePushedAt: image.pushedAtMs,
  deletedAt: image.deletedAtMs,
  keptUntil: image.untilMs,
})
