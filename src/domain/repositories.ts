// Repositories: create, find, page, change, delete. Rules: API reference and user guide of Amazon ECR.

import { fail } from '../model/errors.ts'
import { checkResourceTags } from './check-resource-tags.ts'
import type { Context } from './context.ts'
import type {
  Encryption,
  MetadataWrites,
  RegistryKey,
  Repository,
  RepositorySettings,
  ResourceTag,
} from './ports/metadata.ts'
import { named } from './references.ts'
import { removeRepository, removeRest } from './remove-repository.ts'

export interface NewRepository extends RepositorySettings {
  readonly name: string
  readonly encryption: Encryption
  readonly tags: readonly ResourceTag[]
}

/** Fails with RepositoryAlreadyExists, LimitExceeded, TooManyTags, InvalidTagParameter. */
export async function createRepository(
  ctx: Context,
  registry: RegistryKey,
  wanted: NewRepository,
): Promise<Repository> {
  return ctx.metadata.write((tx) => addRepository(ctx, tx, registry, wanted))
}

/** `createRepository` as a part of a transaction. */
export async function addRepository(
  ctx: Context,
  tx: MetadataWrites,
  registry: RegistryKey,
  wanted: NewRepository,
): Promise<Repository> {
  const { tags, ...settings } = wanted
  checkResourceTags(tags)
  if (tags.length > ctx.limits.resourceTags) fail('TooManyTagsException', { limit: ctx.limits.resourceTags })
  const repository: Repository = { id: ctx.ids.uuid(), registry, createdAtMs: ctx.clock.now(), ...settings }
  if (await tx.repositories.find(registry, wanted.name)) {
    fail('RepositoryAlreadyExistsException', named(registry, wanted.name))
  }
  const limit = ctx.limits.repositoriesPerRegistry
  if ((await tx.repositories.count(registry)) >= limit) {
    fail('LimitExceededException/repositories', { registryId: registry.accountId, limit })
  }
  // Several processes may pass the look-up at once; the unique key decides.
  if (!(await tx.repositories.create(repository, tags))) {
    fail('RepositoryAlreadyExistsException', named(registry, wanted.name))
  }
  return repository
}

/** Fails with RepositoryNotFound. */
export async function getRepository(ctx: Context, registry: RegistryKey, name: string): Promise<Repository> {
  return (await ctx.metadata.read.repositories.find(registry, name)) ?? notFound(registry, name)
}

/** All of `names`, in that order; one that is absent fails the whole call (as ECR does). Duplicates are answered once. */
export async function getRepositories(
  ctx: Context,
  registry: RegistryKey,
  names: readonly string[],
): Promise<readonly Repository[]> {
  const found: Repository[] = []
  for (const name of new Set(names)) found.push(await getRepository(ctx, registry, name))
  return found
}

/** Fails with RepositoryNotFound. */
export async function changeRepository(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  settings: Partial<RepositorySettings>,
): Promise<void> {
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await tx.repositories.update(repository.id, settings)
  })
}

/** Deletes a repository with all it holds when `force`, otherwise only an empty one. Fails with RepositoryNotFound, RepositoryNotEmpty. */
export async function deleteRepository(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  force: boolean,
): Promise<Repository> {
  const deleted = await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await removeRepository(ctx, tx, repository, force)
    return repository
  }, 'makes room')
  await removeRest(ctx, deleted)
  return deleted
}

/** The one failure for a repository that is not there. */
export function notFound(registry: RegistryKey, name: string): never {
  return fail('RepositoryNotFoundException', named(registry, name))
}
