// The gallery's search: public repositories of all registries that hold an image.

import { termsOf } from '../../lib/search-words.ts'
import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { page, type Page, type PageRequest } from '../paging.ts'
import { queryWordsMax, type GalleryPosition, type GalleryQuery, type GalleryRow } from '../ports/gallery.ts'
import { registryMark } from './gallery-entries.ts'
import { getNamedRegistry } from './gallery-look-ups.ts'

export interface GallerySearch extends Omit<GalleryQuery, 'words'> {
  /** Beginnings of words of the name, the alias, or the description, in any order: each has to be there. Without any, all repositories. */
  readonly term: string
  /** Only this registry, by any of its active aliases. */
  readonly alias: string | undefined
}

/** One is for the mark of a registry. */
const termsMax = queryWordsMax - 1
const sizeByDefault = 100

/** One page of what is found, and how much that is in all. Fails with InvalidParameter, RegistryNotFound. */
export async function searchGallery(
  ctx: Context,
  request: PageRequest,
  { term, alias, ...search }: GallerySearch,
): Promise<Page<GalleryRow> & { readonly total: number }> {
  const terms = termsOf(term)
  if (terms.length > termsMax) {
    fail('InvalidParameterException', {
      parameter: 'searchTerm',
      constraint: `Member must have at most ${termsMax} words`,
    })
  }
  const mark = alias === undefined ? [] : [registryMark((await getNamedRegistry(ctx, alias)).accountId)]
  const query: GalleryQuery = { ...search, words: [...mark, ...terms] }
  const { gallery } = ctx.metadata.read
  const total = await gallery.count(query)
  const found = await page(
    ctx,
    request,
    sizeByDefault,
    ['gallery SearchRepositoryCatalogData', query],
    async (position, limit) => (total === 0 ? [] : gallery.page(query, total, position && toPosition(position), limit)),
    ({ position: { key, name, number } }) => [String(key), name, String(number)],
  )
  return { ...found, total }
}

/** As the token of a page holds it, which only `searchGallery` writes. */
function toPosition([key = '', name = '', number = '']: readonly string[]): GalleryPosition {
  return { key: Number(key), name, number: Number(number) }
}
