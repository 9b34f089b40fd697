// BatchGetImage and its look-ups: manifests by tag or digest, byte for byte.

import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import { distinctImageIds, failed, resolveImageId, type ImageFailure, type ImageIdentifier } from './image-ids.ts'
import type { Image, ImageSummary, Repository } from './ports/metadata.ts'
import { StorageFullError } from './ports/storage-errors.ts'

/** lastRecordedPullTime is refreshed once a day, not at each pull (API reference, ImageDetail). */
const pullTimePrecisionMs = 24 * 60 * 60 * 1000

/**
 * The manifests of one answer, in largest ones: a hundred ids may be a hundred tags of one image of 4 MiB, and no answer can be made of
 * that. ECR documents no figure; a hundred usual manifests are far below.
 */
const largestManifestsMax = 8

export interface FoundImage {
  readonly image: Image
  readonly tag: string | undefined
}

/**
 * The images that `imageIds` name, and a failure for each that cannot be had. An image whose media type is not among
 * `acceptedMediaTypes` counts as not found: we never convert between manifest formats (docs/differences.md). Fails with LimitExceeded when the
 * manifests are too large together.
 */
export async function getImages(
  ctx: Context,
  repository: Repository,
  imageIds: readonly ImageIdentifier[],
  acceptedMediaTypes: readonly string[] | undefined,
): Promise<{ readonly images: readonly FoundImage[]; readonly failures: readonly ImageFailure[] }> {
  const images: FoundImage[] = []
  const failures: ImageFailure[] = []
  const limit = largestManifestsMax * ctx.limits.manifestBytesMax
  let bytes = 0
  for (const imageId of distinctImageIds(imageIds)) {
    const found = await getImage(ctx, repository, imageId)
    if ('failure' in found) failures.push(found.failure)
    else if (acceptedMediaTypes && !acceptedMediaTypes.includes(found.image.mediaType))
      failures.push(failed(imageId, 'ImageNotFound').failure)
    else {
      images.push(found)
      bytes += found.image.manifestBytes
      if (bytes > limit) fail('LimitExceededException/answer', { limit })
    }
  }
  for (const found of images) {
    notePull(ctx, repository, found.image)
    if (repository.registry.kind === 'public') await countDownload(ctx, repository, found)
  }
  return { images, failures }
}

async function getImage(
  ctx: Context,
  repository: Repository,
  imageId: ImageIdentifier,
): Promise<FoundImage | { readonly failure: ImageFailure }> {
  // One look-up in place of two for what nearly every pull asks.
  const tagged = isTagAlone(imageId)
    ? await ctx.metadata.read.images.findByTag(repository.id, imageId.imageTag)
    : undefined
  if (tagged) return { image: tagged, tag: imageId.imageTag }
  const resolved = await resolveImageId(ctx.metadata.read, repository, imageId)
  if ('failure' in resolved) return resolved
  const image = await ctx.metadata.read.images.find(repository.id, resolved.digest)
  return image ? { image, tag: resolved.tag } : failed(imageId, 'ImageNotFound')
}

const isTagAlone = (id: ImageIdentifier): id is { readonly imageTag: string } =>
  id.imageTag !== undefined && id.imageDigest === undefined

/** A pull of an index is the index and then one of its images: those do not count again. */
async function countDownload(ctx: Context, repository: Repository, { image, tag }: FoundImage): Promise<void> {
  const isChild =
    tag === undefined && (await ctx.metadata.read.images.parents(repository.id, image.digest, 1)).length > 0
  if (!isChild) ctx.downloads.count(repository.id)
}

/** Records a pull after its answer, at most once a day for an image: a pull must not wait for a write. */
function notePull(ctx: Context, repository: Repository, image: ImageSummary): void {
  const now = ctx.clock.now()
  if (image.lastPulledAtMs !== undefined && now - image.lastPulledAtMs < pullTimePrecisionMs) return
  ctx.metadata
    .write((tx) => tx.images.notePull(repository.id, image.digest, now))
    .catch((error: unknown) => {
      // On a full disk each pull would say so; those who write are told.
      if (!(error instanceof StorageFullError)) ctx.onBackgroundError('recording the time of a pull', error)
    })
}
