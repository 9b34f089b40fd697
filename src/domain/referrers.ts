// Referrers: images whose manifest names another as its subject. The subject need not exist (OCI distribution specification 1.1).

import type { Digest } from '../lib/digest.ts'
import { annotationsOf } from './manifests.ts'
import type { Context } from './context.ts'
import type { ImageSummary, Repository } from './ports/metadata.ts'

export interface Referrer {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  /** Bytes of the manifest. */
  readonly size: number
  readonly annotations: Readonly<Record<string, string>> | undefined
}

/**
 * As many of `images` as one answer describes, from the front: their manifests have, together, at most the bytes of the largest one there
 * may be. Annotations may fill a manifest, and a thousand such referrers would make an answer of gigabytes.
 */
export function fittingOneAnswer(ctx: Context, images: readonly ImageSummary[]): readonly ImageSummary[] {
  let bytes = 0
  const end = images.findIndex((image) => (bytes += image.manifestBytes) > ctx.limits.manifestBytesMax)
  // One always fits, or a listing could never pass it.
  return end === -1 ? images : images.slice(0, Math.max(end, 1))
}

/** Describes referrers, one manifest in memory at a time; one that was deleted meanwhile is left out. */
export async function describeReferrers(
  ctx: Context,
  repository: Repository,
  images: readonly ImageSummary[],
): Promise<readonly Referrer[]> {
  const referrers: Referrer[] = []
  for (const { digest } of images) {
    const image = await ctx.metadata.read.images.find(repository.id, digest)
    if (!image) continue
    const { mediaType, artifactType, manifestBytes: size, manifest } = image
    referrers.push({ digest, mediaType, artifactType, size, annotations: annotationsOf(manifest) })
  }
  return referrers
}
