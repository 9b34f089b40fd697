import type { Kysely } from 'kysely'
import type { HoldReads, HoldWrites } from '../../domain/ports/metadata.ts'
import { statement } from './statement.ts'
import type { HoldRow, Tables } from './tables.ts'

export function holdReads(db: Kysely<Tables>): HoldReads {
  return {
    any: async (nowMs) => (await findHold(db, { nowMs })).rows.length > 0,
  }
}

export function holdWrites(db: Kysely<Tables>): HoldWrites {
  return {
    ...holdReads(db),
    put: async ({ id, reason, untilMs }) => {
      await putHold(db, { id, reason, until_ms: untilMs })
    },
    remove: async (id) => {
      await removeHold(db, { id })
    },
    removeEnded: async (nowMs) => {
      await removeEnded(db, { nowMs })
    },
  }
}

const findHold = statement((db, is: { readonly nowMs: number }) =>
  db.selectFrom('hold').select('id').where('until_ms', '>', is.nowMs).limit(1),
)

const putHold = statement((db, row: { readonly [C in keyof HoldRow]: HoldRow[C] }) =>
  db
    .insertInto('hold')
    .values(row)
    .onConflict((on) => on.column('id').doUpdateSet({ until_ms: row.until_ms })),
)

const removeHold = statement((db, is: { readonly id: string }) => db.deleteFrom('hold').where('id', '=', is.id))

const removeEnded = statement((db, is: { readonly nowMs: number }) =>
  db.deleteFrom('hold').where('until_ms', '<=', is.nowMs),
)
