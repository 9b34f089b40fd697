import { list, optional, string, struct } from '../schema.ts'
import { registryId } from './common.ts'

const replicationDestination = struct({ region: string({ min: 2, max: 25, pattern: '[0-9a-z-]{2,25}' }), registryId })

const repositoryFilter = struct({
  filter: string({ min: 2, max: 256, pattern: '^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$' }),
  filterType: string({ values: ['PREFIX_MATCH'] }),
})

export const replicationConfiguration = struct({
  rules: list(
    struct({
      destinations: list(replicationDestination, { min: 0, max: 100 }),
      repositoryFilters: optional(list(repositoryFilter, { min: 1, max: 100 })),
    }),
    { min: 0, max: 25 },
  ),
})
