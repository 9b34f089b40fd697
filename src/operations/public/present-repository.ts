import type { Context } from '../../domain/context.ts'
import type { CatalogData, Repository } from '../../domain/ports/metadata.ts'
import { primaryAlias } from '../../domain/public/registries.ts'
import { repositoryArn } from '../../domain/references.ts'
import type { Infer } from '../../model/schema.ts'
import type { repositoryCatalogData } from '../../model/shapes/public/catalog.ts'
import type { repository as shape } from '../../model/shapes/public/common.ts'

/** A public repository as the API shows it: its address has the registry's primary alias. */
export async function presentRepository(ctx: Context, repository: Repository): Promise<Infer<typeof shape>> {
  return present(ctx, repository, await primaryAlias(ctx, repository.registry.accountId))
}

/** Several repositories of one registry. */
export async function presentRepositories(
  ctx: Context,
  repositories: readonly Repository[],
): Promise<readonly Infer<typeof shape>[]> {
  const [first] = repositories
  if (!first) return [] // a registry without repositories may have no alias
  const alias = await primaryAlias(ctx, first.registry.accountId)
  return repositories.map((repository) => present(ctx, repository, alias))
}

function present(ctx: Context, { registry, name, createdAtMs }: Repository, alias: string): Infer<typeof shape> {
  return {
    repositoryArn: repositoryArn(registry, name),
    registryId: registry.accountId,
    repositoryName: name,
    repositoryUri: `${ctx.links.registryHost(registry)}/${alias}/${name}`,
    createdAt: createdAtMs,
  }
}

/** Catalog data as the API shows it: what was never given is absent. */
export function presentCatalogData(ctx: Context, data: CatalogData): Infer<typeof repositoryCatalogData> {
  // HTML is for the gallery: AWS's clients are given the texts.
  const { logo, aboutHtml: _about, usageHtml: _usage, htmlRules: _rules, ...given } = data
  return { ...given, logoUrl: logo === undefined ? undefined : ctx.links.logo(logo) }
}
