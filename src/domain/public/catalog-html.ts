// The HTML of catalog data's texts: made when they are written, so that looking at the gallery costs no rendering.

import type { Context } from '../context.ts'
import type { CatalogData, RegistryKey } from '../ports/metadata.ts'
import { getRepository } from '../repositories.ts'

type Texts = Pick<CatalogData, 'aboutText' | 'usageText'>

/** Catalog data with the HTML of its texts; a text for which the renderer has no room stays without. Not for a transaction: it takes a while. */
export async function withHtml<T extends Texts>(
  ctx: Context,
  data: T,
): Promise<T & Pick<CatalogData, 'aboutHtml' | 'usageHtml' | 'htmlRules'>> {
  if (data.aboutText === undefined && data.usageText === undefined) return data
  const htmlOf = async (text: string | undefined) => (text === undefined ? undefined : ctx.markdown.render(text))
  const [aboutHtml, usageHtml] = await Promise.all([htmlOf(data.aboutText), htmlOf(data.usageText)])
  return { ...data, aboutHtml, usageHtml, htmlRules: ctx.markdown.rules }
}

/**
 * Catalog data for the gallery, empty when there is none. A row whose HTML is missing, or made by other rules, is given it first, once
 * and for all. A text that is rendered for nobody just now has no HTML: its reader shows the text. Fails with RepositoryNotFound.
 */
export async function getShownCatalogData(ctx: Context, registry: RegistryKey, name: string): Promise<CatalogData> {
  const repository = await getRepository(ctx, registry, name)
  const data = (await ctx.metadata.read.catalog.find(repository.id)) ?? {}
  if (hasHtml(ctx, data)) return data
  const shown = await withHtml(ctx, data)
  if (hasHtml(ctx, shown)) await keepHtml(ctx, repository.id, shown)
  return shown
}

function hasHtml(ctx: Context, data: CatalogData): boolean {
  if (data.aboutText === undefined && data.usageText === undefined) return true
  const isOf = (text: string | undefined, html: string | undefined) => (text === undefined) === (html === undefined)
  return (
    data.htmlRules === ctx.markdown.rules &&
    isOf(data.aboutText, data.aboutHtml) &&
    isOf(data.usageText, data.usageHtml)
  )
}

/** The reader has what it asked for: where nothing can be written (a full disk) that is told, and done again for the next one. */
async function keepHtml(ctx: Context, repositoryId: string, shown: CatalogData): Promise<void> {
  const { aboutText, usageText, aboutHtml, usageHtml, htmlRules } = shown
  const keeping = ctx.metadata.write(async (tx) => {
    const now = await tx.catalog.find(repositoryId)
    // Meanwhile it may have been put anew, or be gone.
    if (!now || now.aboutText !== aboutText || now.usageText !== usageText) return
    await tx.catalog.put(repositoryId, { ...now, aboutHtml, usageHtml, htmlRules })
  })
  await keeping.catch((error: unknown) => ctx.onBackgroundError('keeping the HTML of catalog data', error))
}
