import type { Digest } from '../lib/digest.ts'
import type { Context } from './context.ts'
import type { MetadataWrites, Repository } from './ports/metadata.ts'

/**
 * Removes an image whose tags are gone already, and keeps it for a restoration while that is offered. Its layers get a new lease: a push may
 * have been told that they exist, and a restoration needs them.
 * @param tags those it had
 */
export async function removeImage(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  digest: Digest,
  tags: readonly string[],
): Promise<void> {
  const now = ctx.clock.now()
  const { leaseMs, undeleteMs } = ctx.limits
  if (undeleteMs > 0) {
    await tx.deletedImages.keep(repository.id, digest, { tags, deletedAtMs: now, untilMs: now + undeleteMs })
  }
  await tx.images.remove(repository.id, digest, now + Math.max(leaseMs, undeleteMs))
}
