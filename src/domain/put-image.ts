// PutImage: the one transaction that makes an image visible. Everything it decides, it decides inside that transaction.

import { algorithmOf, digestOf, type Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import { checkImageDigest, checkImageTag } from './image-ids.ts'
import { parseManifest, type ParsedManifest } from './manifests.ts'
import type { Image, ImageSummary, LayerReference, MetadataWrites, RegistryKey, Repository } from './ports/metadata.ts'
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
    const existing = await tx.images.summary(repository.id, digest)
    if (existing && existing.mediaType !== parsed.mediaType) {
      // One digest has one media type for ever: the same bytes must not be read as two kinds (CVE-2021-41190).
      const constraint = `the image with digest '${digest}' has media type '${existing.mediaType}'`
      fail('InvalidParameterException', { parameter: 'imageManifestMediaType', constraint })
    }
    const taken = wanted.tag === undefined ? undefined : await tx.tags.find(repository.id, wanted.tag)
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
    const image =
      existing ?? (await addImage(ctx, tx, repository, { digest, manifest: wanted.manifest, manifestBytes, parsed }))
    if (wanted.tag !== undefined) await giveTag(ctx, tx, repository, digest, wanted.tag)
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

async function addImage(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  given: {
    readonly digest: Digest
    readonly manifest: string
    readonly manifestBytes: number
    readonly parsed: ParsedManifest
  },
): Promise<ImageSummary> {
  const { digest, manifest, manifestBytes, parsed } = given
  const where = named(repository.registry, repository.name)
  const limit = ctx.limits.imagesPerRepository
  if ((await tx.images.count(repository.id)) >= limit) fail('LimitExceededException/images', { ...where, limit })
  const layers = await requireLayers(tx, repository, parsed)
  const children = await requireChildren(tx, repository, parsed)
  const image: Image = {
    digest,
    mediaType: parsed.mediaType,
    artifactType: parsed.artifactType,
    subject: parsed.subject,
    manifestBytes,
    imageBytes: layers.bytes + Math.max(0, ...children.map((child) => child.imageBytes)),
    pushedAtMs: ctx.clock.now(),
    lastPulledAtMs: undefined,
    manifest,
  }
  await tx.images.put(repository.id, image, layers.references, [...new Set(children.map((child) => child.digest))])
  return image
}

/** Every layer must be a member of this repository, with the size the manifest says. */
async function requireLayers(
  tx: MetadataWrites,
  repository: Repository,
  parsed: ParsedManifest,
): Promise<{ readonly references: readonly LayerReference[]; readonly bytes: number }> {
  const wanted = new Map(parsed.layers.map((layer) => [layer.digest, layer]))
  if (wanted.size === 0) return { references: [], bytes: 0 }
  const present = new Map(
    (await tx.layers.findMany(repository.id, [...wanted.keys()])).map((layer) => [layer.digest, layer.size]),
  )
  const missing = [...wanted.keys()].filter((digest) => !present.has(digest))
  if (missing.length > 0) {
    fail('LayersNotFoundException', { ...named(repository.registry, repository.name), layerDigests: missing })
  }
  for (const layer of parsed.layers) {
    if (present.get(layer.digest) !== layer.size) {
      const constraint = `the size of the layer with digest '${layer.digest}' is not the stored one`
      fail('InvalidParameterException', { parameter: 'ImageManifest', constraint })
    }
  }
  const references = [...wanted.values()].map(({ digest, mediaType }) => ({ digest, mediaType }))
  return { references, bytes: [...wanted.values()].reduce((sum, layer) => sum + layer.size, 0) }
}

/** Every manifest that an index names must be an image of this repository (ECR; the OCI specification leaves it open). */
async function requireChildren(
  tx: MetadataWrites,
  repository: Repository,
  parsed: ParsedManifest,
): Promise<readonly ImageSummary[]> {
  const wanted = [...new Set(parsed.children.map((child) => child.digest))]
  if (wanted.length === 0) return []
  const present = await tx.images.summaries(repository.id, wanted)
  const found = new Map(present.map((image) => [image.digest, image.manifestBytes]))
  const missing = wanted.filter((digest) => !found.has(digest))
  if (missing.length > 0) {
    fail('ReferencedImagesNotFoundException', { ...named(repository.registry, repository.name), imageDigests: missing })
  }
  for (const child of parsed.children) {
    if (found.get(child.digest) !== child.size) {
      const constraint = `the size of the image with digest '${child.digest}' is not the stored one`
      fail('InvalidParameterException', { parameter: 'ImageManifest', constraint })
    }
  }
  return present
}

async function giveTag(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  digest: Digest,
  tag: string,
): Promise<void> {
  const limit = ctx.limits.tagsPerImage
  if ((await tx.tags.countOf(repository.id, digest)) >= limit) {
    fail('LimitExceededException/imageTags', { ...named(repository.registry, repository.name), imageTag: tag, limit })
  }
  await tx.tags.put(repository.id, tag, digest, ctx.clock.now())
}
