import type { Context } from '../../domain/context.ts'
import type { CatalogData } from '../../domain/ports/metadata.ts'
import { getShownCatalogData } from '../../domain/public/catalog-html.ts'
import { getAddressedRepository } from '../../domain/public/gallery-look-ups.ts'
import { struct, type Infer } from '../../model/schema.ts'
import { inGalleryRepository, insightData, shownCatalogData } from '../../model/shapes/gallery.ts'
import { gallery, operation } from '../operation.ts'
import { openToAll } from './open-to-all.ts'
import { shownBadges } from './shown-badges.ts'

/** What the page of a repository shows. One that was given no catalog data has an empty one. */
export const getRepositoryCatalogData = operation({
  service: gallery,
  name: 'GetRepositoryCatalogData',
  input: struct(inGalleryRepository),
  output: struct({ catalogData: shownCatalogData, insightData }),
  errors: ['InvalidParameterException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException'],
  allow: openToAll('GetRepositoryCatalogData'),
  handle: async (ctx, input) => {
    const { repository, registry } = await getAddressedRepository(ctx, input.registryAliasName, input.repositoryName)
    const data = await getShownCatalogData(ctx, repository.registry, repository.name)
    const downloadCount = await ctx.metadata.read.gallery.downloads(repository.id)
    return { catalogData: present(ctx, data, registry.verified), insightData: { downloadCount } }
  },
})

function present(ctx: Context, data: CatalogData, verified: boolean): Infer<typeof shownCatalogData> {
  const { logo, htmlRules: _rules, ...given } = data
  return {
    ...given,
    ...shownBadges(data),
    logoUrl: verified && logo !== undefined ? ctx.links.logo(logo) : undefined,
  }
}
