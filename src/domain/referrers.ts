// Referrers: images whose manifest names another as its subject. The subject need not exist (OCI distribution specification 1.1).

import type { Digest } from '../lib/digest.ts'
import { annotationsOf } from './manifests.ts'
import type { Context } from './context.ts'
import type { Repository } from './ports/metadata.ts'

export interface Referrer {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  /** Bytes of the manifest. */
  readonly size: number
  readonly annotations: Readonly<Record<string, string>> | undefined
}

/** Referrers of `subject` ordered by digest, those after `after`, at most `limit`. */
export async function referrersOf(
  ctx: Context,
  repository: Repository,
  subject: Digest,
  artifactTypes: readonly string[] | undefined,
  after: Digest | undefined,
  limit: number,
): Promise<readonly Referrer[]> {
  const images = await ctx.metadata.read.images.referrers(repository.id, subject, artifactTypes, after, limit)
  return images.map((image) => ({
    digest: image.digest,
    mediaType: image.mediaType,
    artifactType: image.artifactType,
    size: image.manifestBytes,
    annotations: annotationsOf(image.manifest),
  }))
}
