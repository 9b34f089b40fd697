// Documents that a repository has at most one of: its catalog data and its policy.

import type { Kysely } from 'kysely'
import type {
  CatalogData,
  CatalogReads,
  CatalogWrites,
  PolicyReads,
  PolicyWrites,
} from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function catalogReads(db: Kysely<Tables>): CatalogReads {
  return {
    find: async (repositoryId) => {
      const { rows } = await findCatalog(db, { repositoryId })
      return rows[0] && (JSON.parse(rows[0].data) as CatalogData) // Only `put` writes the column.
    },
  }
}

export function catalogWrites(db: Kysely<Tables>): CatalogWrites {
  return {
    ...catalogReads(db),
    put: async (repositoryId, data) => {
      await putCatalog(db, { repository_id: repositoryId, data: JSON.stringify(data) })
    },
  }
}

export function policyReads(db: Kysely<Tables>): PolicyReads {
  return {
    find: async (repositoryId) => (await findPolicy(db, { repositoryId })).rows[0]?.body,
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
  }
}

const findCatalog = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('catalog_data').select('data').where('repository_id', '=', is.repositoryId),
)

const putCatalog = statement((db, row: { readonly repository_id: string; readonly data: string }) =>
  db
    .insertInto('catalog_data')
    .values(row)
    .onConflict((on) => on.column('repository_id').doUpdateSet({ data: row.data })),
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
