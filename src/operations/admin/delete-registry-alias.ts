import { removeAlias } from '../../domain/public/aliases.ts'
import { struct } from '../../model/schema.ts'
import { aliasName, registryAlias } from '../../model/shapes/admin.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentAlias } from './present-registry.ts'

/** Takes an alias away that is neither the issued one nor the primary one. */
export const deleteRegistryAlias = operation({
  service: stowage,
  name: 'DeleteRegistryAlias',
  input: struct({ name: aliasName }),
  output: struct({ registryAlias }),
  errors: ['InvalidParameterException', 'InvalidRegistryAliasException', 'RegistryAliasNotFoundException'],
  allow: onServer('DeleteRegistryAlias'),
  handle: async (ctx, { name }) => ({ registryAlias: presentAlias(await removeAlias(ctx, name)) }),
})
