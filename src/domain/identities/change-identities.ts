import type { Context } from '../context.ts'
import type { MetadataWrites } from '../ports/metadata.ts'

/** Changes identities in one transaction. When this resolves the change is durable, and this process answers by it. */
export async function changeIdentities<T>(ctx: Context, work: (tx: MetadataWrites) => Promise<T>): Promise<T> {
  const result = await ctx.metadata.write(work)
  await ctx.identities.refresh()
  return result
}
