// What an operator says of public registries: aliases beside the one that the service issues, the verified mark, the name shown. AWS has
// a console and people for it, and no API (user guide of Amazon ECR Public, "Registry aliases").

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { MetadataWrites, PublicRegistry, RegistryAlias } from '../ports/metadata.ts'
import { noteAlias } from './gallery-entries.ts'
import { ensurePublicRegistry, type NamedRegistry } from './registries.ts'
import { reservedBecause } from './reserved-aliases.ts'

export interface NewAlias {
  readonly name: string
  readonly accountId: string
  /** PENDING until the operator has looked at it: then nobody reaches the registry by it. */
  readonly status: 'ACTIVE' | 'PENDING'
  /** Words that AWS would refuse are allowed: an operator may be whom they name. Those that the server itself uses never are. */
  readonly allowReserved: boolean
}

/** Gives a registry one more name; the registry comes into being when it has none. Fails with InvalidRegistryAlias, RegistryAliasAlreadyExists. */
export async function addAlias(ctx: Context, wanted: NewAlias): Promise<RegistryAlias> {
  const { name, accountId, status } = wanted
  const reason = reservedBecause(name, wanted.allowReserved)
  if (reason !== undefined) fail('InvalidRegistryAliasException', { alias: name, reason })
  return ctx.metadata.write(async (tx) => {
    await ensurePublicRegistry(ctx, tx, accountId)
    // They are listed in the order they were made: two of one moment, the issued one and this, must not change places.
    const newest = (await tx.registries.aliases(accountId)).at(-1)
    const createdAtMs = Math.max(ctx.clock.now(), (newest?.createdAtMs ?? 0) + 1)
    const alias = { name, accountId, status, primary: false, default: false, createdAtMs } as const
    if (!(await tx.registries.createAlias(alias))) fail('RegistryAliasAlreadyExistsException', { alias: name })
    await noteAlias(tx, alias, true)
    return alias
  })
}

/** Approves, rejects or withdraws an alias that was asked for. Fails with RegistryAliasNotFound, InvalidRegistryAlias. */
export async function judgeAlias(ctx: Context, name: string, status: RegistryAlias['status']): Promise<RegistryAlias> {
  return ctx.metadata.write(async (tx) => {
    const alias = await getAlias(tx, name)
    if (alias.default) fail('InvalidRegistryAliasException', { alias: name, reason: 'the service issued it' })
    if (alias.primary && status !== 'ACTIVE') refusePrimary(name)
    await tx.registries.updateAlias(name, { status })
    const judged = { ...alias, status }
    await noteAlias(tx, judged, true)
    return judged
  })
}

/** Makes an active alias the one that addresses are printed with; the others go on working. Fails with RegistryAliasNotFound, InvalidRegistryAlias. */
export async function makePrimary(ctx: Context, name: string): Promise<RegistryAlias> {
  return ctx.metadata.write(async (tx) => {
    const alias = await getAlias(tx, name)
    if (alias.status !== 'ACTIVE') {
      fail('InvalidRegistryAliasException', { alias: name, reason: `it is ${alias.status}, not ACTIVE` })
    }
    for (const other of await tx.registries.aliases(alias.accountId)) {
      if (other.primary !== (other.name === name)) {
        await tx.registries.updateAlias(other.name, { primary: other.name === name })
      }
    }
    return { ...alias, primary: true }
  })
}

/** Takes a name away: addresses with it lead nowhere from now on. Fails with RegistryAliasNotFound, InvalidRegistryAlias. */
export async function removeAlias(ctx: Context, name: string): Promise<RegistryAlias> {
  return ctx.metadata.write(async (tx) => {
    const alias = await getAlias(tx, name)
    if (alias.default) fail('InvalidRegistryAliasException', { alias: name, reason: 'the service issued it' })
    if (alias.primary) refusePrimary(name)
    await tx.registries.removeAlias(name)
    await noteAlias(tx, alias, false)
    return alias
  })
}

/** Sets the verified mark, the name shown, or both; the registry comes into being when it is the first thing said of it. */
export async function describePublicly(
  ctx: Context,
  accountId: string,
  change: Partial<Pick<PublicRegistry, 'verified' | 'displayName'>>,
): Promise<NamedRegistry> {
  return ctx.metadata.write(async (tx) => {
    await ensurePublicRegistry(ctx, tx, accountId)
    const registry = await tx.registries.find(accountId)
    const changed = { accountId, displayName: undefined, verified: false, ...registry, ...change }
    await tx.registries.put(changed)
    await tx.gallery.verify(accountId, changed.verified)
    return { ...changed, aliases: await tx.registries.aliases(accountId) }
  })
}

async function getAlias(tx: MetadataWrites, name: string): Promise<RegistryAlias> {
  return (await tx.registries.alias(name)) ?? fail('RegistryAliasNotFoundException', { alias: name })
}

function refusePrimary(alias: string): never {
  fail('InvalidRegistryAliasException', { alias, reason: 'it is the primary one: make another one primary first' })
}
