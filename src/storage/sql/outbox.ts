import type { Kysely } from 'kysely'
import type { OutboxReads, OutboxWrites } from '../../domain/ports/outbox.ts'
import { listsOf, statement } from './statement.ts'
import type { OutboxEventRow, Tables } from './tables.ts'

export function outboxReads(db: Kysely<Tables>): OutboxReads {
  return {
    page: async (topic, after, limit) => {
      const { rows } = await pageEvents(db, { topic, after: after ?? '', limit })
      return rows.map(({ id, body }) => ({ id, topic, body }))
    },
  }
}

export function outboxWrites(db: Kysely<Tables>): OutboxWrites {
  return {
    ...outboxReads(db),
    put: async ({ id, topic, body }) => {
      await putEvent(db, { id, topic, body })
    },
    remove: async (ids) => {
      for (const some of listsOf(ids)) await removeEvents(db, { ids: some })
    },
  }
}

type PageIs = { readonly topic: string; readonly after: string; readonly limit: number }

const pageEvents = statement((db, is: PageIs) =>
  db
    .selectFrom('outbox_event')
    .select(['id', 'body'])
    .where('topic', '=', is.topic)
    .where('id', '>', is.after)
    .orderBy('id')
    .limit(is.limit),
)

const putEvent = statement((db, row: { readonly [C in keyof OutboxEventRow]: OutboxEventRow[C] }) =>
  db
    .insertInto('outbox_event')
    .values(row)
    .onConflict((on) => on.column('id').doNothing()),
)

const removeEvents = statement((db, is: { readonly ids: readonly string[] }) =>
  db.deleteFrom('outbox_event').where('id', 'in', is.ids),
)
