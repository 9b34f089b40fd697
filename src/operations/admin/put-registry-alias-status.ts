import { judgeAlias } from '../../domain/public/aliases.ts'
import { struct } from '../../model/schema.ts'
import { aliasName, aliasStatus, registryAlias } from '../../model/shapes/admin.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentAlias } from './present-registry.ts'

/** Approves, rejects or withdraws an alias. Only an ACTIVE one leads to the registry. */
export const putRegistryAliasStatus = operation({
  service: stowage,
  name: 'PutRegistryAliasStatus',
  input: struct({ name: aliasName, status: aliasStatus }),
  output: struct({ registryAlias }),
  errors: ['InvalidParameterException', 'InvalidRegistryAliasException', 'RegistryAliasNotFoundException'],
  allow: onServer('PutRegistryAliasStatus'),
  handle: async (ctx, { name, status }) => ({ registryAlias: presentAlias(await judgeAlias(ctx, name, status)) }),
})
