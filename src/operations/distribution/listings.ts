// Listings of the data plane: by name, from a name on, as the OCI distribution specification pages them.

import { privateRegistry } from '../../domain/references.ts'
import { getRepository } from '../../domain/repositories.ts'
import { boolean, integer, list, optional, string, struct } from '../../model/schema.ts'
import { registryId } from '../../model/shapes/common.ts'
import { ecr, operation } from '../operation.ts'
import { onRegistry } from '../resources.ts'
import { privateSide, type Side } from '../side.ts'

const paging = { last: optional(string()), n: integer({ min: 0, max: 1000 }) }

/** Tags of a repository in byte order. */
export const listTagsOn = (side: Side) =>
  operation({
    service: side.service,
    name: 'ListTags',
    input: struct({ ...side.inRepository, ...paging }),
    output: struct({ tags: list(string()), more: boolean() }),
    errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException'],
    allow: side.toRead('ListImages'),
    handle: async (ctx, input) => {
      const repository = await getRepository(ctx, side.registry(ctx, input.registryId), input.repositoryName)
      if (input.n === 0) return { tags: [], more: false }
      const rows = await ctx.metadata.read.tags.page(repository.id, input.last, input.n + 1)
      return { tags: rows.slice(0, input.n).flatMap((row) => row.tag ?? []), more: rows.length > input.n }
    },
  })

export const listTags = listTagsOn(privateSide)

/** Repositories of a registry in byte order. Public registries offer no such listing. */
export const listCatalog = operation({
  service: ecr,
  name: 'ListCatalog',
  input: struct({ registryId: optional(registryId), ...paging }),
  output: struct({ repositories: list(string()), more: boolean() }),
  errors: ['ServerException', 'InvalidParameterException'],
  allow: onRegistry('DescribeRepositories'),
  handle: async (ctx, input) => {
    if (input.n === 0) return { repositories: [], more: false }
    const registry = privateRegistry(ctx, input.registryId)
    const rows = await ctx.metadata.read.repositories.page(registry, input.last, input.n + 1)
    return { repositories: rows.slice(0, input.n).map((row) => row.name), more: rows.length > input.n }
  },
})
