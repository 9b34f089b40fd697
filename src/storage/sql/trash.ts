import { sql, type Kysely } from 'kysely'
import type { TrashItem, TrashReads, TrashWrites } from '../../domain/ports/metadata.ts'
import { listsOf, statement } from './statement.ts'
import type { Tables, TrashRow } from './tables.ts'

export function trashReads(db: Kysely<Tables>): TrashReads {
  return {
    due: async (nowMs, limit, after) => {
      // Every time is after the least one, and no name is empty.
      const from = { afterMs: after?.notBeforeMs ?? Number.MIN_SAFE_INTEGER, afterPhys: after?.phys ?? '' }
      return (await findDue(db, { nowMs, ...from, limit })).rows.map(toItem)
    },
  }
}

export function trashWrites(db: Kysely<Tables>): TrashWrites {
  return {
    ...trashReads(db),
    put: async (phys, reason, notBeforeMs, bytes = 0) => {
      await insertTrash(db, { rows: [{ phys, digest: null, reason, not_before_ms: notBeforeMs, size: bytes }] })
    },
    remove: async (names) => {
      let removed = 0
      for (const some of listsOf(names)) removed += (await removeTrash(db, { names: some })).rows.length
      return removed
    },
  }
}

/** Puts names into the trash; one that is there already stays as it is. */
export const insertTrash = statement(
  (db, is: { readonly rows: readonly { readonly [C in keyof TrashRow]: TrashRow[C] }[] }) =>
    db
      .insertInto('trash')
      .values(is.rows)
      .onConflict((on) => on.column('phys').doNothing()),
)

const findDue = statement(
  (db, is: { readonly nowMs: number; readonly afterMs: number; readonly afterPhys: string; readonly limit: number }) =>
    db
      .selectFrom('trash')
      .select(['phys', 'not_before_ms', 'size'])
      .where('not_before_ms', '<=', is.nowMs)
      .where((of) => sql<boolean>`(${of.ref('not_before_ms')}, ${of.ref('phys')}) > (${is.afterMs}, ${is.afterPhys})`)
      .orderBy('not_before_ms')
      .orderBy('phys')
      .limit(is.limit),
)

const removeTrash = statement((db, is: { readonly names: readonly string[] }) =>
  db.deleteFrom('trash').where('phys', 'in', is.names).returning('phys'),
)

const toItem = (row: Pick<TrashRow, 'phys' | 'not_before_ms' | 'size'>): TrashItem => ({
  phys: row.phys,
  notBeforeMs: row.not_before_ms,
  bytes: row.size,
})
