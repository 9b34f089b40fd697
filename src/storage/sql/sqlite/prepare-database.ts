import { Kysely } from 'kysely'
import { migrate, refuseOutdated } from '../migrations/migrate.ts'
import type { SchemaDialect } from '../migrations/schema-dialect.ts'
import type { Tables } from '../tables.ts'
import type { SqliteConnection } from './connection.ts'
import { directDialect } from './dialect.ts'
import { writeStatistics } from './statistics.ts'

const sqliteSchema: SchemaDialect = { textType: 'text', clusteredTable: 'without rowid' }

/** Runs the missing migrations, on this thread: nothing is served yet. Connections that are opened afterwards plan well. */
export async function bringUpToDate(connection: SqliteConnection): Promise<void> {
  await migrate(queriesOn(connection), sqliteSchema)
  writeStatistics(connection)
}

/** Throws when the database is not just as this program would leave it. */
export async function refuseUnlessUpToDate(connection: SqliteConnection): Promise<void> {
  await refuseOutdated(queriesOn(connection), sqliteSchema)
}

function queriesOn(connection: SqliteConnection): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: directDialect(connection, () => {}) })
}
