// Events of changes until they are delivered. Ids are in the order of time: an index more would be written with each change.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const outbox = ({ textType: text, clusteredTable: clustered }: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await sql
      .raw(
        `create table outbox_event (
          id ${text} not null primary key,
          topic ${text} not null,
          body ${text} not null
        ) ${clustered}`,
      )
      .execute(db)
  },
})
