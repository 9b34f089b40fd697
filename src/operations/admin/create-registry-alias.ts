import { addAlias } from '../../domain/public/aliases.ts'
import { boolean, optional, string, struct } from '../../model/schema.ts'
import { accountId, aliasName, registryAlias } from '../../model/shapes/admin.ts'
import { operation, stowage } from '../operation.ts'
import { onServer } from './operator.ts'
import { presentAlias } from './present-registry.ts'

/** Gives a public registry one more alias. `allowReserved` lets a word pass that AWS keeps to itself or thinks too generic. */
export const createRegistryAlias = operation({
  service: stowage,
  name: 'CreateRegistryAlias',
  input: struct({
    registryId: accountId,
    name: aliasName,
    status: optional(string({ values: ['ACTIVE', 'PENDING'] })),
    allowReserved: optional(boolean()),
  }),
  output: struct({ registryAlias }),
  errors: ['InvalidParameterException', 'InvalidRegistryAliasException', 'RegistryAliasAlreadyExistsException'],
  allow: onServer('CreateRegistryAlias'),
  handle: async (ctx, { registryId, name, status = 'ACTIVE', allowReserved = false }) => ({
    registryAlias: presentAlias(await addAlias(ctx, { name, accountId: registryId, status, allowReserved })),
  }),
})
