import type { Kysely } from 'kysely'
import type { PhysReads } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function physReads(db: Kysely<Tables>): PhysReads {
  return {
    blobs: async (after, limit) => {
      const { rows } = await pageBlobs(db, { after: after ?? '', limit })
      return rows.map((row) => ({ phys: row.phys, size: row.size, bad: row.bad === 1 }))
    },
    isOwned: async (phys) => (await findOwners(db, { phys })).rows.length > 0,
  }
}

const pageBlobs = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db.selectFrom('blob').select(['phys', 'size', 'bad']).where('phys', '>', is.after).orderBy('phys').limit(is.limit),
)

const findOwners = statement((db, is: { readonly phys: string }) =>
  db
    .selectFrom('blob')
    .select('phys')
    .where('phys', '=', is.phys)
    .unionAll(db.selectFrom('trash').select('phys').where('phys', '=', is.phys))
    .unionAll(db.selectFrom('upload').select('phys').where('phys', '=', is.phys)),
)
