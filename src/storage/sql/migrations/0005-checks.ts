// What looking for damage needs: checksums of the pieces of each layer, layers by the time of their last check, and when work was done
// that is due less often than servers are started.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { SchemaDialect } from './schema-dialect.ts'

export const checks = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements(dialect)) await sql.raw(statement).execute(db)
  },
})

const statements = ({ textType: text, clusteredTable }: SchemaDialect): readonly string[] => [
  // The last column: SQLite then reads the others without touching the pages it overflows to.
  `alter table blob add column checksums ${text}`,
  // Those that are known to be damaged need no look.
  'create index blob_by_check on blob (verified_at_ms, phys) where bad = 0',
  'create index blob_by_damage on blob (phys) where bad = 1',
  `create table upkeep (
    name ${text} not null primary key,
    done_at_ms bigint not null
  ) ${clusteredTable}`,
]
