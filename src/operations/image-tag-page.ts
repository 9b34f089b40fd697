import type { Context } from '../domain/context.ts'
import { page, type Page, type PageRequest } from '../domain/paging.ts'
import type { ImageSummary, Repository } from '../domain/ports/metadata.ts'

export interface TaggedImage {
  readonly tag: string
  /** When the tag was given to its present image. */
  readonly updatedAtMs: number
  readonly image: ImageSummary
}

/** One page of a repository's tags with their images, in byte order, so that it costs the same wherever it starts. */
export async function pageImageTags(
  ctx: Context,
  request: PageRequest,
  operation: string,
  repository: Repository,
): Promise<Page<TaggedImage>> {
  const reads = ctx.metadata.read
  const { items, nextToken } = await page(
    ctx,
    request,
    100,
    [operation, repository.id],
    (position, limit) => reads.tags.page(repository.id, position?.[0], limit),
    ({ tag }) => [tag],
  )
  const images = await reads.images.summaries(repository.id, [...new Set(items.map(({ digest }) => digest))])
  const byDigest = new Map(images.map((image) => [image.digest, image]))
  // A tag whose image went between the two readings is left out.
  const tagged = items.flatMap(({ tag, digest, updatedAtMs }) => {
    const image = byDigest.get(digest)
    return image ? [{ tag, updatedAtMs, image }] : []
  })
  return { items: tagged, nextToken }
}
