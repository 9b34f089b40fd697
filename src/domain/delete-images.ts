// BatchDeleteImage: untagging and deleting, with a failure for each item that cannot go.

import type { Digest } from '../lib/digest.ts'
import { failureReasons } from '../model/errors.ts'
import type { Context } from './context.ts'
import { distinctImageIds, failed, resolveImageId, type ImageFailure, type ImageIdentifier } from './image-ids.ts'
import type { MetadataWrites, RegistryKey, Repository } from './ports/metadata.ts'
import { removeImage } from './remove-image.ts'
import { hideEmpty } from './public/gallery-entries.ts'
import { notFound } from './repositories.ts'

export interface DeletedImages {
  readonly deleted: readonly ImageIdentifier[]
  readonly failures: readonly ImageFailure[]
}

/** Parents named in the reason of a refusal; an image may have thousands. */
const parentsShown = 10

/**
 * Deletes by digest (the image and all its tags) or by tag (the tag, and the image when it was the last one: API reference of
 * BatchDeleteImage). On the data plane in its OCI form a tag is deleted alone. Items are taken in the order given, each on its own,
 * in one transaction. Fails with RepositoryNotFound.
 */
export async function deleteImages(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  imageIds: readonly ImageIdentifier[],
): Promise<DeletedImages> {
  return ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, repositoryName)) ?? notFound(registry, repositoryName)
    const deleted: ImageIdentifier[] = []
    const failures: ImageFailure[] = []
    for (const imageId of distinctImageIds(imageIds)) {
      const outcome = await deleteOne(ctx, tx, repository, imageId)
      if ('failure' in outcome) failures.push(outcome.failure)
      else deleted.push(...outcome)
    }
    await hideEmpty(tx, repository)
    return { deleted, failures }
  }, 'makes room')
}

async function deleteOne(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  imageId: ImageIdentifier,
): Promise<readonly ImageIdentifier[] | { readonly failure: ImageFailure }> {
  const resolved = await resolveImageId(tx, repository, imageId)
  if ('failure' in resolved) return resolved
  const { digest, tag } = resolved
  return tag === undefined
    ? deleteByDigest(ctx, tx, repository, imageId, digest)
    : deleteTag(ctx, tx, repository, digest, tag)
}

async function deleteByDigest(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  imageId: ImageIdentifier,
  digest: Digest,
): Promise<readonly ImageIdentifier[] | { readonly failure: ImageFailure }> {
  if (!(await tx.images.summary(repository.id, digest))) return failed(imageId, 'ImageNotFound')
  const parents = await tx.images.parents(repository.id, digest, parentsShown)
  if (parents.length > 0) {
    const code = 'ImageReferencedByManifestList'
    return { failure: { imageId, failureCode: code, failureReason: failureReasons[code].text({ parents }) } }
  }
  const tags = await tx.tags.removeOf(repository.id, digest)
  await removeImage(ctx, tx, repository, digest, tags)
  return tags.length === 0 ? [{ imageDigest: digest }] : tags.map((imageTag) => ({ imageDigest: digest, imageTag }))
}

async function deleteTag(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  digest: Digest,
  tag: string,
): Promise<readonly ImageIdentifier[]> {
  await tx.tags.remove(repository.id, tag)
  const tagAlone = ctx.plane === 'distribution' && !ctx.ecrQuirks
  const last = !tagAlone && (await tx.tags.countOf(repository.id, digest)) === 0
  // A child of an index keeps its place when it loses its last tag: the index still needs it.
  if (last && (await tx.images.parents(repository.id, digest, 1)).length === 0) {
    await removeImage(ctx, tx, repository, digest, [tag])
  }
  return [{ imageDigest: digest, imageTag: tag }]
}
