import { makePrimary } from '../../domain/public/aliases.ts'
import { struct } from '../../model/schema.ts'
import { aliasName, registryAlias } from '../../model/shapes/admin.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentAlias } from './present-registry.ts'

/** Makes an active alias the one that `registryUri` and `repositoryUri` are printed with. */
export const putPrimaryRegistryAlias = operation({
  service: stowage,
  name: 'PutPrimaryRegistryAlias',
  input: struct({ name: aliasName }),
  output: struct({ registryAlias }),
  errors: ['InvalidParameterException', 'InvalidRegistryAliasException', 'RegistryAliasNotFoundException'],
  allow: onServer('PutPrimaryRegistryAlias'),
  handle: async (ctx, { name }) => ({ registryAlias: presentAlias(await makePrimary(ctx, name)) }),
})
