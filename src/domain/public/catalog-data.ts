// Catalog data of public repositories: what the gallery shows. Rules: user guide of Amazon ECR Public, "Repository catalog data".

import type { Context } from '../context.ts'
import type { CatalogData, RegistryKey } from '../ports/metadata.ts'
import { getRepository, notFound } from '../repositories.ts'
import { withHtml } from './catalog-html.ts'
import { redescribe } from './gallery-entries.ts'
import { dropLogo, isSameLogo, keepLogo } from './logos.ts'

/** What a client puts: as it is shown, but for the logo, whose bytes come along, and the HTML, which is made of the texts. */
export interface NewCatalogData extends Omit<CatalogData, 'logo' | 'aboutHtml' | 'usageHtml' | 'htmlRules'> {
  /** A PNG; an empty one is none. */
  readonly logo?: Uint8Array | undefined
}

/** What was put, or nothing: a repository without catalog data answers an empty one (Terraform reads it right after creation). Fails with RepositoryNotFound. */
export async function getCatalogData(ctx: Context, registry: RegistryKey, name: string): Promise<CatalogData> {
  const repository = await getRepository(ctx, registry, name)
  return (await ctx.metadata.read.catalog.find(repository.id)) ?? {}
}

/** Replaces all of the catalog data: what is not given is gone, the logo too. Fails with RepositoryNotFound, InvalidParameter. */
export async function putCatalogData(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  given: NewCatalogData,
): Promise<CatalogData> {
  const { logo: bytes, ...texts } = await withHtml(ctx, given)
  return keepLogo(ctx, bytes, async (newLogo) => {
    const { data, unused } = await ctx.metadata.write(async (tx) => {
      const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
      const oldLogo = (await tx.catalog.find(repository.id))?.logo
      // The same image keeps its address.
      const [logo, other] = isSameLogo(oldLogo, newLogo) ? [oldLogo, newLogo] : [newLogo, oldLogo]
      const replaced: CatalogData = { ...texts, logo }
      await tx.catalog.put(repository.id, replaced)
      await redescribe(tx, repository, replaced)
      return { data: replaced, unused: other }
    })
    await dropLogo(ctx, unused)
    return data
  })
}
