// Shapes of the operator's own API, which AWS does not have. Names follow those of the APIs beside it.

import { boolean, list, optional, string, struct, timestamp } from '../schema.ts'

export const accountId = string({ pattern: '^[0-9]{12}$' })
/** The pattern of ECR Public's PrimaryRegistryAliasName. */
export const aliasName = string({ min: 2, max: 50, pattern: '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$' })
export const aliasStatus = string({ values: ['ACTIVE', 'PENDING', 'REJECTED'] })

export const registryAlias = struct({
  name: aliasName,
  registryId: accountId,
  status: aliasStatus,
  primaryRegistryAlias: boolean(),
  defaultRegistryAlias: boolean(),
  createdAt: timestamp(),
})

export const publicRegistry = struct({
  registryId: accountId,
  displayName: optional(string()),
  verified: boolean(),
  aliases: list(registryAlias),
})
