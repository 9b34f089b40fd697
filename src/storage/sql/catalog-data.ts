// Catalog data of public repositories.

import type { Kysely } from 'kysely'
import type { CatalogData, CatalogReads, CatalogWrites } from '../../domain/ports/metadata.ts'
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

const findCatalog = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('catalog_data').select('data').where('repository_id', '=', is.repositoryId),
)

const putCatalog = statement((db, row: { readonly repository_id: string; readonly data: string }) =>
  db
    .insertInto('catalog_data')
    .values(row)
    .onConflict((on) => on.column('repository_id').doUpdateSet({ data: row.data })),
)
