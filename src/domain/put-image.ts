// PutImage: the one transaction that makes an image visible. Everything it decides, it decides inside that transaction.

import { algorithmOf, digestOf, type Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'
import { addImage, requireRoomForTag } from './add-image.ts'
import type { Context } from './context.ts'
import { checkImageDigest, checkImageTag } from './image-ids.ts'
import { parseManifest } from './manifests.ts'
import type { ImageSummary, RegistryKey } from './ports/metadata.ts'
import { showPushed } from './public/gallery-entries.ts'
import { named } from './references.ts'
import { notFound } from './repositories.ts'
import { mayMove } from './tag-mutability.ts'

export interface NewImage {
  readonly manifest: string
  readonly mediaType: string | undefined
  readonly tag: string | undefined
  /** The digest the caller expects; its algorithm is the one the image is kept under. */
  readonly expectedDigest: string | undefined
}

/**
 * Stores a manifest, and gives it a tag when one is wanted.
 * Fails with RepositoryNotFound, InvalidParameter, ImageDigestDoesNotMatch, ImageAlreadyExists, ImageTagAlreadyExists,
 * LayersNotFound, ReferencedImagesNotFound, LimitExceeded; then nothing has changed.
 */
export async function putImage(
  ctx: Context,
  registry: RegistryKey,
  repositoryName: string,
  wanted: NewImage,
): Promise<ImageSummary> {
  if (wanted.tag !== undefined) checkImageTag(wanted.tag)
  const manifestBytes = Buffer.byteLength(wanted.manifest)
  if (manifestBytes > ctx.limits.manifestBytesMax) {
    const constraint = `must have length less than or equal to ${ctx.limits.manifestBytesMax}`
    fail('InvalidParameterException', { parameter: 'imageManifest', constraint })
  }
  const digest = digestFor(wanted)
  const parsed = parseManifest(wanted.manifest, wanted.mediaType)
  return ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, repositoryName)) ?? notFound(registry, repositoryName)
    const [existing, taken] = await Promise.all([
      tx.images.summary(repository.id, digest),
      wanted.tag === undefined ? undefined : tx.tags.find(repository.id, wanted.tag),
    ])
    if (existing && existing.mediaType !== parsed.mediaType) {
      // One digest has one media type for ever: the same bytes must not be read as two kinds (CVE-2021-41190).
      const constraint = `the image with digest '${digest}' has media type '${existing.mediaType}'`
      fail('InvalidParameterException', { parameter: 'imageManifestMediaType', constraint })
    }
    if (existing && (wanted.tag === undefined || taken === digest)) {
      fail('ImageAlreadyExistsException', {
        ...named(registry, repositoryName),
        imageDigest: digest,
        imageTag: wanted.tag,
      })
    }
    if (wanted.tag !== undefined && taken !== undefined && !mayMove(repository, wanted.tag)) {
      const sentence =
        repository.tagMutability === 'IMMUTABLE'
          ? 'ImageTagAlreadyExistsException'
          : 'ImageTagAlreadyExistsException/tagImmutable'
      fail(sentence, { imageTag: wanted.tag, repositoryName })
    }
    const { manifest } = wanted
    const pushed = { pushedAtMs: ctx.clock.now(), lastPulledAtMs: undefined }
    // Of an image that is there already: a new one has no tags to count.
    if (existing && wanted.tag !== undefined) await requireRoomForTag(ctx, tx, repository, digest, wanted.tag)
    const image =
      existing ?? (await addImage(ctx, tx, repository, { digest, manifest, manifestBytes, parsed, ...pushed }))
    if (wanted.tag !== undefined) await tx.tags.put(repository.id, wanted.tag, digest, ctx.clock.now())
    await showPushed(tx, repository, ctx.clock.now())
    return image
  })
}

function digestFor(wanted: NewImage): Digest {
  if (wanted.expectedDigest === undefined) return digestOf(wanted.manifest)
  const expected = checkImageDigest(wanted.expectedDigest)
  const calculated = digestOf(wanted.manifest, algorithmOf(expected))
  if (calculated !== expected) fail('ImageDigestDoesNotMatchException', { imageDigest: expected, calculated })
  return calculated
}
