// `stowage admin registry`: aliases, verified marks and names of public registries.

import type { Infer } from '../../model/schema.ts'
import type { publicRegistry, registryAlias } from '../../model/shapes/admin.ts'
import { createRegistryAlias } from '../../operations/admin/create-registry-alias.ts'
import { deleteRegistryAlias } from '../../operations/admin/delete-registry-alias.ts'
import { describePublicRegistries } from '../../operations/admin/describe-public-registries.ts'
import { putPrimaryRegistryAlias } from '../../operations/admin/put-primary-registry-alias.ts'
import { putPublicRegistry } from '../../operations/admin/put-public-registry.ts'
import { putRegistryAliasStatus } from '../../operations/admin/put-registry-alias-status.ts'
import { CommandError } from '../command-error.ts'
import type { AdminCall } from './admin-call.ts'

type Registry = Infer<typeof publicRegistry>
type Alias = Infer<typeof registryAlias>

const say = (text: string): void => void process.stdout.write(`${text}\n`)

export async function listRegistries({ call }: AdminCall, asJson: boolean): Promise<void> {
  const registries: Registry[] = []
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken !== undefined; isFirst = false) {
    const page = await call(describePublicRegistries, { nextToken })
    registries.push(...page.registries)
    nextToken = page.nextToken
  }
  if (asJson) return say(JSON.stringify(registries, undefined, 2))
  if (registries.length === 0) say('There is no public registry yet: the first public repository makes one.')
  for (const registry of registries) say(registryLines(registry).join('\n'))
}

function registryLines({ registryId, displayName, verified, aliases }: Registry): readonly string[] {
  const shown = displayName === undefined ? '' : `  ${JSON.stringify(displayName)}`
  return [`${registryId}${shown}${verified ? '  verified' : ''}`, ...aliases.map((alias) => `  ${aliasLine(alias)}`)]
}

function aliasLine({ name, status, primaryRegistryAlias, defaultRegistryAlias }: Alias): string {
  const marks = [status, primaryRegistryAlias ? 'primary' : '', defaultRegistryAlias ? 'issued' : '']
  return `${name.padEnd(24)} ${marks.filter((mark) => mark !== '').join(', ')}`
}

export async function verifyRegistry(
  { account, call }: AdminCall,
  registryId: string | undefined,
  verified: boolean,
): Promise<void> {
  const { registry } = await call(putPublicRegistry, { registryId: registryId ?? account, verified })
  say(registryLines(registry).join('\n'))
}

export async function nameRegistry(
  { account, call }: AdminCall,
  registryId: string | undefined,
  displayName: string,
): Promise<void> {
  const { registry } = await call(putPublicRegistry, { registryId: registryId ?? account, displayName })
  say(registryLines(registry).join('\n'))
}

export interface NewAliasOptions {
  readonly account: string | undefined
  readonly isPending: boolean
  readonly isPrimary: boolean
  readonly allowReserved: boolean
}

export async function addAlias({ account, call }: AdminCall, name: string, options: NewAliasOptions): Promise<void> {
  if (options.isPending && options.isPrimary) throw new CommandError('a pending alias can not be the primary one', 2)
  const { registryAlias: added } = await call(createRegistryAlias, {
    registryId: options.account ?? account,
    name,
    status: options.isPending ? 'PENDING' : 'ACTIVE',
    allowReserved: options.allowReserved,
  })
  if (!options.isPrimary) return say(aliasLine(added))
  const { registryAlias: primary } = await call(putPrimaryRegistryAlias, { name })
  say(aliasLine(primary))
}

const printed = (alias: Alias) => say(aliasLine(alias))

export const aliasVerbs = {
  approve: async ({ call }: AdminCall, name: string) =>
    printed((await call(putRegistryAliasStatus, { name, status: 'ACTIVE' })).registryAlias),
  reject: async ({ call }: AdminCall, name: string) =>
    printed((await call(putRegistryAliasStatus, { name, status: 'REJECTED' })).registryAlias),
  primary: async ({ call }: AdminCall, name: string) =>
    printed((await call(putPrimaryRegistryAlias, { name })).registryAlias),
  remove: async ({ call }: AdminCall, name: string) => {
    const { registryAlias: removed } = await call(deleteRegistryAlias, { name })
    say(`${removed.name} removed`)
  },
} as const
