import { boolean, list, optional, string, struct } from '../../schema.ts'
import { arn, nextToken, registryId, url } from './common.ts'

const registryAlias = struct({
  name: string({ min: 2, max: 50, pattern: '^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$' }),
  status: string({ values: ['ACTIVE', 'PENDING', 'REJECTED'] }),
  primaryRegistryAlias: boolean(),
  defaultRegistryAlias: boolean(),
})

export const registry = struct({
  registryId,
  registryArn: arn,
  registryUri: url,
  verified: boolean(),
  aliases: list(registryAlias),
})

export const describeRegistriesOutput = struct({
  registries: list(registry),
  nextToken: optional(nextToken),
})
