// Catalog data of public repositories.

import type { Kysely } from 'kysely'
import type { CatalogData, CatalogReads, CatalogWrites } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function catalogReads(db: Kysely<Tables>): CatalogReads {
  return {
    find: async (repositoryId) => {
      const { rows } = await findCatalog(db, { repositoryId })
      return rows[0] && toCatalogData(rows[0].data)
    },
    page: async (after, limit) => {
      const { rows } = await pageCatalog(db, { after: after ?? '', limit })
      return rows.map((row) => ({ repositoryId: row.repository_id, data: toCatalogData(row.data) }))
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

const findCatalog = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('catalog_data').select('data').where('repository_id', '=', is.repositoryId),
)

const pageCatalog = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db
    .selectFrom('catalog_data')
    .select(['repository_id', 'data'])
    .where('repository_id', '>', is.after)
    .orderBy('repository_id')
    .limit(is.limit),
)

const putCatalog = statement((db, row: { readonly repository_id: string; readonly data: string }) =>
  db
    .insertInto('catalog_data')
    .values(row)
    .onConflict((on) => on.column('repository_id').doUpdateSet({ data: row.data })),
)

const toCatalogData = (text: string) => JSON.parse(text) as CatalogData // Only `put` writes the column.
