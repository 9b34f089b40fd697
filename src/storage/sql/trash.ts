import type { Kysely } from 'kysely'
import type { TrashReads, TrashWrites } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { Tables, TrashRow } from './tables.ts'

export function trashReads(db: Kysely<Tables>): TrashReads {
  return {
    due: async (nowMs, limit) => {
      const { rows } = await findDue(db, { nowMs, limit })
      return rows.map((row) => ({ phys: row.phys, notBeforeMs: row.not_before_ms }))
    },
  }
}

export function trashWrites(db: Kysely<Tables>): TrashWrites {
  return {
    ...trashReads(db),
    put: async (phys, reason, notBeforeMs) => {
      await insertTrash(db, { phys, digest: null, reason, not_before_ms: notBeforeMs })
    },
    remove: async (phys) => {
      await removeTrash(db, { phys })
    },
  }
}

/** Puts a name into the trash; one that is there already stays as it is. */
export const insertTrash = statement((db, row: { readonly [C in keyof TrashRow]: TrashRow[C] }) =>
  db
    .insertInto('trash')
    .values(row)
    .onConflict((on) => on.column('phys').doNothing()),
)

const findDue = statement((db, is: { readonly nowMs: number; readonly limit: number }) =>
  db
    .selectFrom('trash')
    .select(['phys', 'not_before_ms'])
    .where('not_before_ms', '<=', is.nowMs)
    .orderBy('not_before_ms')
    .orderBy('phys')
    .limit(is.limit),
)

const removeTrash = statement((db, is: { readonly phys: string }) => db.deleteFrom('trash').where('phys', '=', is.phys))
