// While a hold lasts no file is unlinked: a backup copies the files that an earlier state of the tables names.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const holds = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements(dialect)) await sql.raw(statement).execute(db)
  },
})

const statements = ({ textType: text }: SchemaDialect): readonly string[] => [
  `create table hold (
    id ${text} not null primary key,
    reason ${text} not null,
    until_ms bigint not null
  )`,
  'create index hold_by_end on hold (until_ms)',
]
