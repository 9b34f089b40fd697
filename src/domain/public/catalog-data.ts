// Catalog data of public repositories: what the gallery shows. Rules: user guide of Amazon ECR Public, "Repository catalog data".

import type { Context } from '../context.ts'
import type { CatalogData, RegistryKey } from '../ports/metadata.ts'
import { getRepository, notFound } from '../repositories.ts'

/** What was put, or nothing: a repository without catalog data answers an empty one (Terraform reads it right after creation). Fails with RepositoryNotFound. */
export async function getCatalogData(ctx: Context, registry: RegistryKey, name: string): Promise<CatalogData> {
  const repository = await getRepository(ctx, registry, name)
  return (await ctx.metadata.read.catalog.find(repository.id)) ?? {}
}

/** Replaces the catalog data. Fails with RepositoryNotFound. */
export async function putCatalogData(ctx: Context, registry: RegistryKey, name: string, data: CatalogData): Promise<void> {
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await tx.catalog.put(repository.id, data)
  })
}
