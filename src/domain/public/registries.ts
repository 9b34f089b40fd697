// Public registries: one an account, known by aliases. Rules: user guide of Amazon ECR Public, "Registry aliases".

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { Ids } from '../../lib/ids.ts'
import type { MetadataWrites, PublicRegistry, RegistryAlias, RegistryKey } from '../ports/metadata.ts'
import { publicRegistryOf } from '../references.ts'

/** A registry with its aliases in the order they were made. */
export interface NamedRegistry extends PublicRegistry {
  readonly aliases: readonly RegistryAlias[]
}

/** The public registry that a request means: the caller's own, that of an account, or the one an active alias names. Fails with RegistryNotFound. */
export async function publicRegistry(ctx: Context, registryIdOrAlias: string | undefined): Promise<RegistryKey> {
  if (registryIdOrAlias === undefined) return publicRegistryOf(ctx.caller.accountId)
  return (await resolve(ctx, registryIdOrAlias)) ?? fail('RegistryNotFoundException', { registryId: registryIdOrAlias })
}

/**
 * The same for operations that declare no RegistryNotFound: an alias that nobody has is a repository that nobody has. Fails with
 * RepositoryNotFound, which then prints the alias as the registry's id (as the data plane does).
 */
export async function publicRegistryWith(
  ctx: Context,
  registryIdOrAlias: string | undefined,
  repositoryName: string,
): Promise<RegistryKey> {
  if (registryIdOrAlias === undefined) return publicRegistryOf(ctx.caller.accountId)
  const registry = await resolve(ctx, registryIdOrAlias)
  return registry ?? fail('RepositoryNotFoundException', { repositoryName, registryId: registryIdOrAlias })
}

async function resolve(ctx: Context, registryIdOrAlias: string): Promise<RegistryKey | undefined> {
  // An alias begins with a letter: an account's number is never one.
  if (/^[0-9]{12}$/.test(registryIdOrAlias)) return publicRegistryOf(registryIdOrAlias)
  const alias = await ctx.metadata.read.registries.alias(registryIdOrAlias)
  return alias?.status === 'ACTIVE' ? publicRegistryOf(alias.accountId) : undefined
}

/** The caller's public registry; `undefined` while its account has never had a public repository. */
export async function findPublicRegistry(ctx: Context): Promise<NamedRegistry | undefined> {
  const { registries } = ctx.metadata.read
  const registry = await registries.find(ctx.caller.accountId)
  return registry && { ...registry, aliases: await registries.aliases(registry.accountId) }
}

/** The public registries of all accounts, ordered by account, those after `after`. */
export async function pagePublicRegistries(
  ctx: Context,
  after: string | undefined,
  limit: number,
): Promise<readonly NamedRegistry[]> {
  const { registries } = ctx.metadata.read
  const some = await registries.page(after, limit)
  return Promise.all(
    some.map(async (registry) => ({ ...registry, aliases: await registries.aliases(registry.accountId) })),
  )
}

/** The alias that addresses of this registry are printed with. */
export async function primaryAlias(ctx: Context, accountId: string): Promise<string> {
  const aliases = await ctx.metadata.read.registries.aliases(accountId)
  const primary = aliases.find((alias) => alias.primary)
  if (!primary) throw new Error(`the public registry of ${accountId} has no primary alias`)
  return primary.name
}

/** Sets the name that the gallery shows for a verified registry; the registry comes into being when it is the first thing said of it. */
export async function putDisplayName(ctx: Context, displayName: string | undefined): Promise<void> {
  await ctx.metadata.write(async (tx) => {
    await ensurePublicRegistry(ctx, tx, ctx.caller.accountId)
    const registry = await tx.registries.find(ctx.caller.accountId)
    await tx.registries.put({ accountId: ctx.caller.accountId, verified: registry?.verified ?? false, displayName })
  })
}

/** Makes the registry of an account, with the default alias that the service issues, unless it is there. */
export async function ensurePublicRegistry(ctx: Context, tx: MetadataWrites, accountId: string): Promise<void> {
  if (await tx.registries.find(accountId)) return
  await tx.registries.put({ accountId, displayName: undefined, verified: false })
  const made = { accountId, status: 'ACTIVE', primary: true, default: true, createdAtMs: ctx.clock.now() } as const
  // 2.6 * 10^6 names and more taken ones with time: a clash is tried again.
  while (!(await tx.registries.createAlias({ ...made, name: defaultAlias(ctx.ids) })));
}

/** Eight characters, letter and digit in turn, as the service issues them: `u7m1j8y0`. */
function defaultAlias(ids: Ids): string {
  const bytes = Buffer.from(ids.hex(8), 'hex')
  return [...bytes]
    .map((byte, index) => (index % 2 === 0 ? String.fromCharCode(97 + (byte % 26)) : String(byte % 10)))
    .join('')
}
