// What the gallery is asked for by address: `<alias>/<repository>`, by any active alias. Its errors print the alias where others print the
// account, as the data plane's do.

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { PublicRegistry, RegistryAlias, Repository } from '../ports/metadata.ts'
import { publicRegistryOf } from '../references.ts'

export interface AddressedRegistry extends PublicRegistry {
  readonly primaryAlias: RegistryAlias
}

/** Fails with RegistryNotFound. */
export async function getNamedRegistry(ctx: Context, alias: string): Promise<AddressedRegistry> {
  const { registries } = ctx.metadata.read
  const found = await registries.alias(alias)
  if (found?.status !== 'ACTIVE') return fail('RegistryNotFoundException', { registryId: alias })
  const registry = await registries.find(found.accountId)
  const primaryAlias = (await registries.aliases(found.accountId)).find(({ primary }) => primary)
  if (!registry || !primaryAlias) throw new Error(`the alias ${alias} leads to no whole registry`)
  return { ...registry, primaryAlias }
}

/** Fails with RegistryNotFound, RepositoryNotFound. */
export async function getAddressedRepository(
  ctx: Context,
  alias: string,
  name: string,
): Promise<{ readonly repository: Repository; readonly registry: AddressedRegistry }> {
  const registry = await getNamedRegistry(ctx, alias)
  const repository = await ctx.metadata.read.repositories.find(publicRegistryOf(registry.accountId), name)
  if (!repository) return fail('RepositoryNotFoundException', { repositoryName: name, registryId: alias })
  return { repository, registry }
}

/** What the gallery shows of a registry's own: the name and the logos of those whose owner is known to be who it says. */
export function displayNameOf({
  verified,
  displayName,
}: Pick<PublicRegistry, 'verified' | 'displayName'>): string | undefined {
  return verified ? displayName : undefined
}
