import { fail } from '../model/errors.ts'
import type { Context, Services } from './context.ts'
import type { MetadataWrites, Repository } from './ports/metadata.ts'
import { named } from './references.ts'

/** Images, or memberships, of one transaction: 10^5 images in a single one would keep every other write waiting for seconds. */
const batch = 100

/**
 * Removes a repository as a part of a transaction: it is gone for everyone, and the whole of it when it is small. What is left of a large one
 * goes by `removeRest`, after this transaction. Fails with RepositoryNotEmpty unless `force`.
 */
export async function removeRepository(
  ctx: Context,
  tx: MetadataWrites,
  repository: Repository,
  force: boolean,
): Promise<void> {
  if (!force && (await tx.images.any(repository.id)))
    fail('RepositoryNotEmptyException', named(repository.registry, repository.name))
  const now = ctx.clock.now()
  await tx.repositories.hide(repository.id, now)
  await removeMore(tx, repository.id, now)
}

/** Gives whether the last of the repository went. */
async function removeMore(tx: MetadataWrites, repositoryId: string, nowMs: number): Promise<boolean> {
  if ((await tx.repositories.removeSome(repositoryId, batch)) === batch) return false
  await tx.repositories.remove(repositoryId, nowMs)
  return true
}

/** After the transaction that deleted a repository. Whatever becomes of this, the repository is gone, and a sweep does what is left. */
export async function removeRest(ctx: Context, { id }: Repository): Promise<void> {
  try {
    await removeAll(ctx, id)
  } catch (error) {
    ctx.onBackgroundError('removing what a deleted repository held', error)
  }
}

/** Removes what is left of repositories whose removal was cut. It may be cut itself, and run twice at once. Gives how many it finished. */
export async function finishRemovals(services: Removing): Promise<number> {
  for (let finished = 0; ; finished++) {
    const [id] = await services.metadata.read.repositories.hidden(1)
    if (id === undefined) return finished
    await removeAll(services, id)
  }
}

type Removing = Pick<Services, 'metadata' | 'clock'>

async function removeAll({ metadata, clock }: Removing, repositoryId: string): Promise<void> {
  while (!(await metadata.write((tx) => removeMore(tx, repositoryId, clock.now()), 'makes room')));
}
