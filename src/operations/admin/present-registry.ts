import type { RegistryAlias } from '../../domain/ports/metadata.ts'
import type { NamedRegistry } from '../../domain/public/registries.ts'
import type { Infer } from '../../model/schema.ts'
import type { publicRegistry, registryAlias } from '../../model/shapes/admin.ts'

export function presentAlias(alias: RegistryAlias): Infer<typeof registryAlias> {
  return {
    name: alias.name,
    registryId: alias.accountId,
    status: alias.status,
    primaryRegistryAlias: alias.primary,
    defaultRegistryAlias: alias.default,
    createdAt: alias.createdAtMs,
  }
}

export function presentRegistry(registry: NamedRegistry): Infer<typeof publicRegistry> {
  return {
    registryId: registry.accountId,
    displayName: registry.displayName,
    verified: registry.verified,
    aliases: registry.aliases.map(presentAlias),
  }
}
