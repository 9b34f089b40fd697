// Tags on repositories (AWS resource tags, not image tags). Rules: user guide, "Tagging a repository in Amazon ECR".

import { fail } from '../model/errors.ts'
import { checkResourceTagKey, checkResourceTags } from './check-resource-tags.ts'
import type { Context } from './context.ts'
import type { RegistryKey, ResourceTag } from './ports/metadata.ts'
import { getRepository, notFound } from './repositories.ts'

/** Adds tags or overwrites those of the same key. Fails with RepositoryNotFound, InvalidTagParameter, TooManyTags. */
export async function tagRepository(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  tags: readonly ResourceTag[],
): Promise<void> {
  checkResourceTags(tags)
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    const keys = new Set((await tx.repositories.tags(repository.id)).map((tag) => tag.key))
    for (const tag of tags) keys.add(tag.key)
    if (keys.size > ctx.limits.resourceTags) fail('TooManyTagsException', { limit: ctx.limits.resourceTags })
    await tx.repositories.putTags(repository.id, tags)
  })
}

/** Removes tags; a key that is not there is fine. Fails with RepositoryNotFound, InvalidTagParameter. */
export async function untagRepository(
  ctx: Context,
  registry: RegistryKey,
  name: string,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) checkResourceTagKey(key)
  await ctx.metadata.write(async (tx) => {
    const repository = (await tx.repositories.find(registry, name)) ?? notFound(registry, name)
    await tx.repositories.removeTags(repository.id, keys)
  })
}

/** Ordered by key. Fails with RepositoryNotFound. */
export async function resourceTagsOf(
  ctx: Context,
  registry: RegistryKey,
  name: string,
): Promise<readonly ResourceTag[]> {
  const repository = await getRepository(ctx, registry, name)
  return ctx.metadata.read.repositories.tags(repository.id)
}
