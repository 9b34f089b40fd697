import type { Context } from '../../domain/context.ts'
import { shownArchitectures, shownOperatingSystems, type GalleryRow } from '../../domain/ports/gallery.ts'
import { displayNameOf } from '../../domain/public/gallery-look-ups.ts'
import { searchGallery } from '../../domain/public/search-gallery.ts'
import { boolean, list, optional, string, struct, type Infer } from '../../model/schema.ts'
import { registryAliasName, searchResult, totalResults } from '../../model/shapes/gallery.ts'
import { maxResults, nextToken } from '../../model/shapes/public/common.ts'
import { gallery, operation } from '../operation.ts'
import { openToAll } from './open-to-all.ts'
import { shownBadges } from './shown-badges.ts'

const filters = struct({
  verified: optional(boolean()),
  architectures: optional(list(string({ values: shownArchitectures }), { min: 0, max: 10 })),
  operatingSystems: optional(list(string({ values: shownOperatingSystems }), { min: 0, max: 10 })),
})

/** Which way each order goes when nothing is said. */
const usualOrder = { POPULARITY: 'DESC', NAME: 'ASC', DATE: 'DESC' } as const

/**
 * Repositories of all registries, or of one. `searchTerm`, `sortConfiguration.sortKey` POPULARITY and the members of the answer are those
 * that clients of AWS's gallery were seen to use; `filters`, `registryAliasName` and the other orders are ours (docs/differences.md).
 */
export const searchRepositoryCatalogData = operation({
  service: gallery,
  name: 'SearchRepositoryCatalogData',
  input: struct({
    searchTerm: optional(string({ min: 0, max: 256 })),
    registryAliasName: optional(registryAliasName),
    filters: optional(filters),
    sortConfiguration: optional(
      struct({
        sortKey: optional(string({ values: ['POPULARITY', 'NAME', 'DATE'] })),
        sortOrder: optional(string({ values: ['ASC', 'DESC'] })),
      }),
    ),
    nextToken: optional(nextToken),
    maxResults: optional(maxResults),
  }),
  output: struct({
    repositoryCatalogSearchResultList: list(searchResult),
    totalResults,
    nextToken: optional(nextToken),
  }),
  errors: ['InvalidParameterException', 'RegistryNotFoundException', 'ServerException'],
  allow: openToAll('SearchRepositoryCatalogData'),
  handle: async (ctx, input) => {
    const { sortKey: order = 'POPULARITY', sortOrder } = input.sortConfiguration ?? {}
    const found = await searchGallery(ctx, input, {
      term: input.searchTerm ?? '',
      alias: input.registryAliasName,
      verified: input.filters?.verified,
      architectures: input.filters?.architectures ?? [],
      operatingSystems: input.filters?.operatingSystems ?? [],
      order,
      backwards: sortOrder !== undefined && sortOrder !== usualOrder[order],
    })
    return {
      repositoryCatalogSearchResultList: found.items.map((row) => present(ctx, row)),
      totalResults: found.total,
      nextToken: found.nextToken,
    }
  },
})

function present(ctx: Context, row: GalleryRow): Infer<typeof searchResult> {
  const { description, logo } = row.card
  return {
    repositoryName: row.name,
    primaryRegistryAliasName: row.alias,
    displayName: displayNameOf(row),
    logoUrl: row.verified && logo !== undefined ? ctx.links.logo(logo) : undefined,
    repositoryDescription: description,
    ...shownBadges(row.card),
    registryVerified: row.verified,
    downloadCount: row.downloads,
  }
}
