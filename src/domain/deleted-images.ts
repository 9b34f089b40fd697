// Images that were deleted and may still be restored: for how long is a setting, off by default (ECR has nothing of the kind).

import type { Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'
import { addImage, requireRoomForTag } from './add-image.ts'
import type { Context } from './context.ts'
import { checkImageTag } from './image-ids.ts'
import { parseManifest } from './manifests.ts'
import type {
  DeletedImage,
  DeletedImageSummary,
  ImageSummary,
  MetadataWrites,
  RegistryKey,
  Repository,
} from './ports/metadata.ts'
import { showPushed } from './public/gallery-entries.ts'
import { named } from './references.ts'
import { getRepository, notFound } from './repositories.ts'

/** Those that may be restored, by digest, after `after`, at most `limit`. Fails with RepositoryNotFound. */
export async function deletedImages(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  after: Digest | undefined,
  limit: number,
): Promise<readonly DeletedImageSummary[]> {
  const repository = await getRepository(ctx, registry, repositoryName)
  const now = ctx.clock.now()
  const found: DeletedImageSummary[] = []
  // What ended and was not collected yet is as good as gone, and must not make a page short.
  for (let position = after; found.length < limit;) {
    const rows = await ctx.metadata.read.deletedImages.page(repository.id, position, limit)
    found.push(...rows.filter((image) => image.untilMs > now))
    if (rows.length < limit) break
    position = rows.at(-1)?.digest
  }
  return found.slice(0, limit)
}

export interface RestoredImage {
  readonly image: ImageSummary
  /** The tags that it has now. */
  readonly tags: readonly string[]
  /** Tags that it had and that another image has now. */
  readonly takenTags: readonly string[]
}

/**
 * Puts a deleted image back as it was, references and times included, and gives it `tags`, or else those of its former tags that are free.
 * No tag is ever taken from another image, so that immutable ones stay what they are.
 * Fails with RepositoryNotFound, ImageNotFound, ImageAlreadyExists, LayersNotFound, ReferencedImagesNotFound, LimitExceeded,
 * ImageTagAlreadyExists (one of `tags`), InvalidParameter; then nothing has changed.
 */
export async function restoreImage(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  digest: Digest,
  tags: readonly string[] | undefined,
): Promise<RestoredImage> {
  for (const tag of tags ?? []) checkImageTag(tag)
  return ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, repositoryName)) ?? notFound(registry, repositoryName)
    const deleted = await getDeleted(ctx, tx, repository, digest)
    const { mediaType, manifest, manifestBytes, pushedAtMs, lastPulledAtMs } = deleted
    const parsed = parseManifest(manifest, mediaType)
    const given = { digest, manifest, manifestBytes, parsed, pushedAtMs, lastPulledAtMs }
    const image = await addImage(ctx, tx, repository, given)
    const taken = await takenAmong(tx, repository, tags ?? deleted.tags)
    const [conflict] = taken
    if (tags !== undefined && conflict !== undefined) {
      fail('ImageTagAlreadyExistsException/restore', { imageTag: conflict, repositoryName })
    }
    const free = [...new Set(tags ?? deleted.tags)].filter((tag) => !taken.includes(tag))
    for (const tag of free) {
      await requireRoomForTag(ctx, tx, repository, digest, tag)
      await tx.tags.put(repository.id, tag, digest, ctx.clock.now())
    }
    // A public repository that held no image any more is shown again.
    await showPushed(tx, repository, ctx.clock.now())
    return { image, tags: free, takenTags: taken }
  })
}

async function getDeleted(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  digest: Digest,
): Promise<DeletedImage> {
  const where = { ...named(repository.registry, repository.name), imageDigest: digest }
  if (await tx.images.summary(repository.id, digest)) {
    fail('ImageAlreadyExistsException', { ...where, imageTag: undefined })
  }
  const deleted = await tx.deletedImages.find(repository.id, digest)
  if (!deleted || deleted.untilMs <= ctx.clock.now()) return fail('ImageNotFoundException/deleted', where)
  return deleted
}

async function takenAmong(
  tx: MetadataWrites,
  repository: Repository,
  tags: readonly string[],
): Promise<readonly string[]> {
  const taken: string[] = []
  for (const tag of tags) if ((await tx.tags.find(repository.id, tag)) !== undefined) taken.push(tag)
  return taken
}
