// What makes an image visible inside a transaction: everything that its manifest names is there, then one row and its references.

import type { Digest } from '../lib/digest.ts'
import { fail } from '../model/errors.ts'
import type { Context } from './context.ts'
import type { ParsedManifest } from './manifests.ts'
import type { Image, ImageSummary, Layer, LayerReference, MetadataWrites, Repository } from './ports/metadata.ts'
import { named } from './references.ts'

export interface GivenImage extends Pick<
  Image,
  'digest' | 'manifest' | 'manifestBytes' | 'pushedAtMs' | 'lastPulledAtMs'
> {
  readonly parsed: ParsedManifest
}

/** Stores a manifest with its references. Fails with LayersNotFound, ReferencedImagesNotFound, InvalidParameter, LimitExceeded. */
export async function addImage(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  given: GivenImage,
): Promise<ImageSummary> {
  const { digest, manifest, manifestBytes, parsed, pushedAtMs, lastPulledAtMs } = given
  const where = named(repository.registry, repository.name)
  const limit = ctx.limits.imagesPerRepository
  const layerDigests = [...new Set(parsed.layers.map((layer) => layer.digest))]
  const childDigests = [...new Set(parsed.children.map((child) => child.digest))]
  const [isBelow, presentLayers, children] = await Promise.all([
    tx.images.isBelow(repository.id, limit),
    layerDigests.length === 0 ? [] : tx.layers.findMany(repository.id, layerDigests),
    childDigests.length === 0 ? [] : tx.images.summaries(repository.id, childDigests),
  ])
  if (!isBelow) fail('LimitExceededException/images', { ...where, limit })
  const layers = requireLayers(repository, parsed, presentLayers)
  requireChildren(repository, parsed, children)
  const image: Image = {
    digest,
    mediaType: parsed.mediaType,
    artifactType: parsed.artifactType,
    subject: parsed.subject,
    manifestBytes,
    imageBytes: layers.bytes + Math.max(0, ...children.map((child) => child.imageBytes)),
    pushedAtMs,
    lastPulledAtMs,
    manifest,
  }
  await tx.images.put(repository.id, image, layers.references, [...new Set(children.map((child) => child.digest))])
  return image
}

/** Every layer must be a member of this repository, with the size the manifest says. */
function requireLayers(
  repository: Repository,
  parsed: ParsedManifest,
  found: readonly Layer[],
): { readonly references: readonly LayerReference[]; readonly bytes: number } {
  const wanted = new Map(parsed.layers.map((layer) => [layer.digest, layer]))
  const present = new Map(found.map((layer) => [layer.digest, layer.size]))
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
function requireChildren(repository: Repository, parsed: ParsedManifest, present: readonly ImageSummary[]): void {
  const wanted = [...new Set(parsed.children.map((child) => child.digest))]
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
}

/** An image may be given one more tag. Fails with LimitExceeded. */
export async function requireRoomForTag(
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
}
