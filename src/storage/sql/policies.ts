// Policies of repositories and registries, as they are shown.

import type { Kysely } from 'kysely'
import type { PolicyReads, PolicyWrites, RegistryKey } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function policyReads(db: Kysely<Tables>): PolicyReads {
  return {
    find: async (repositoryId) => (await findPolicy(db, { repositoryId })).rows[0]?.body,
    ofRegistry: async (registry) => (await findRegistryPolicy(db, registry)).rows[0]?.body,
    about: async (registry, name) => {
      const [found] = (await findAbout(db, { ...registry, name })).rows
      if (found)
        return {
          repositoryId: found.id,
          repository: found.body ?? undefined,
          registry: found.registryBody ?? undefined,
        }
      // A public registry has none.
      const ofRegistry = registry.kind === 'public' ? undefined : await findRegistryPolicy(db, registry)
      return { repositoryId: undefined, repository: undefined, registry: ofRegistry?.rows[0]?.body }
    },
  }
}

export function policyWrites(db: Kysely<Tables>): PolicyWrites {
  return {
    ...policyReads(db),
    put: async (repositoryId, text) => {
      await putPolicy(db, { repository_id: repositoryId, body: text })
    },
    remove: async (repositoryId) => {
      await removePolicy(db, { repositoryId })
    },
    putOfRegistry: async ({ kind, accountId, region }, text) => {
      await putRegistryPolicy(db, { kind, account_id: accountId, region, body: text })
    },
    removeOfRegistry: async (registry) => {
      await removeRegistryPolicy(db, registry)
    },
  }
}

type InRegistry = { readonly [M in keyof RegistryKey]: RegistryKey[M] }

/** In one statement: both are asked for at every request. */
const findAbout = statement((db, is: InRegistry & { readonly name: string }) =>
  db
    .selectFrom('repository')
    .leftJoin('repository_policy', 'repository_policy.repository_id', 'repository.id')
    .leftJoin('registry_policy', (join) =>
      join
        .onRef('registry_policy.kind', '=', 'repository.kind')
        .onRef('registry_policy.account_id', '=', 'repository.account_id')
        .onRef('registry_policy.region', '=', 'repository.region'),
    )
    .select(['repository.id', 'repository_policy.body', 'registry_policy.body as registryBody'])
    .where('repository.kind', '=', is.kind)
    .where('repository.account_id', '=', is.accountId)
    .where('repository.region', '=', is.region)
    .where('repository.name', '=', is.name),
)

const findRegistryPolicy = statement((db, is: InRegistry) =>
  db
    .selectFrom('registry_policy')
    .select('body')
    .where('kind', '=', is.kind)
    .where('account_id', '=', is.accountId)
    .where('region', '=', is.region),
)

const putRegistryPolicy = statement(
  (db, row: { readonly kind: string; readonly account_id: string; readonly region: string; readonly body: string }) =>
    db
      .insertInto('registry_policy')
      .values(row)
      .onConflict((on) => on.columns(['kind', 'account_id', 'region']).doUpdateSet({ body: row.body })),
)

const removeRegistryPolicy = statement((db, is: InRegistry) =>
  db
    .deleteFrom('registry_policy')
    .where('kind', '=', is.kind)
    .where('account_id', '=', is.accountId)
    .where('region', '=', is.region),
)

const findPolicy = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('repository_policy').select('body').where('repository_id', '=', is.repositoryId),
)

const putPolicy = statement((db, row: { readonly repository_id: string; readonly body: string }) =>
  db
    .insertInto('repository_policy')
    .values(row)
    .onConflict((on) => on.column('repository_id').doUpdateSet({ body: row.body })),
)

const removePolicy = statement((db, is: { readonly repositoryId: string }) =>
  db.deleteFrom('repository_policy').where('repository_id', '=', is.repositoryId),
)
