// What is different about public repositories: the first one makes the registry, and catalog data comes and goes with them.

import type { Context } from '../context.ts'
import type { CatalogData, Repository, ResourceTag } from '../ports/metadata.ts'
import type { RegistryKey } from '../ports/metadata.ts'
import { publicRegistryOf } from '../references.ts'
import { removeRepository, removeRest } from '../remove-repository.ts'
import { addRepository, notFound } from '../repositories.ts'
import type { NewCatalogData } from './catalog-data.ts'
import { withHtml } from './catalog-html.ts'
import { dropLogo, keepLogo } from './logos.ts'
import { ensurePublicRegistry } from './registries.ts'

export interface NewPublicRepository {
  readonly name: string
  readonly catalogData: NewCatalogData | undefined
  readonly tags: readonly ResourceTag[]
}

/**
 * Creates a public repository of the caller, all or nothing. Fails with RepositoryAlreadyExists, LimitExceeded, TooManyTags,
 * InvalidTagParameter, InvalidParameter.
 */
export async function createPublicRepository(
  ctx: Context,
  { name, catalogData, tags }: NewPublicRepository,
): Promise<{ readonly repository: Repository; readonly catalogData: CatalogData }> {
  const { logo: bytes, ...texts } = await withHtml(ctx, catalogData ?? {})
  const registry = publicRegistryOf(ctx.caller.accountId)
  return keepLogo(ctx, bytes, (logo) =>
    ctx.metadata.write(async (tx) => {
      const repository = await addRepository(ctx, tx, registry, { ...fixedSettings, name, tags })
      await ensurePublicRegistry(ctx, tx, registry.accountId)
      const data: CatalogData = { ...texts, logo }
      if (catalogData) await tx.catalog.put(repository.id, data)
      return { repository, catalogData: data }
    }),
  )
}

/** What private repositories may choose and public ones may not. */
const fixedSettings = {
  tagMutability: 'MUTABLE',
  exclusionFilters: [],
  scanOnPush: false,
  encryption: { encryptionType: 'AES256' },
} as const

/** Deletes a repository with all it holds when `force`, otherwise only an empty one. Fails with RepositoryNotFound, RepositoryNotEmpty. */
export async function deletePublicRepository(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  force: boolean,
): Promise<Repository> {
  const { repository, logo } = await ctx.metadata.write(async (tx) => {
    const found = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    const data = await tx.catalog.find(found.id)
    await removeRepository(ctx, tx, found, force)
    return { repository: found, logo: data?.logo }
  }, 'makes room')
  await removeRest(ctx, repository)
  await dropLogo(ctx, logo)
  return repository
}
