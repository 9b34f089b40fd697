// The metadata port on SQLite in memory: the real statements, with a pause before each call and one between a commit and its answer. A
// transaction happens whole in one moment, since nobody sees the inside of one; a server that dies before that moment leaves nothing of
// it, one that dies after it leaves all of it and has not answered.

import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Metadata, MetadataReads } from '../../src/domain/ports/metadata.ts'
import { createSqlMetadata } from '../../src/storage/sql/metadata.ts'
import { migrate } from '../../src/storage/sql/migrations/migrate.ts'
import type { SqliteConnection } from '../../src/storage/sql/sqlite/connection.ts'
import { directDialect } from '../../src/storage/sql/sqlite/dialect.ts'
import { toStorageError } from '../../src/storage/sql/sqlite/errors.ts'
import type { Tables } from '../../src/storage/sql/tables.ts'
import type { Pause } from './simulated-blobs.ts'

let schema: Promise<readonly string[]> | undefined

/** An empty database with all tables. The migrations run once; every later database is made from what they left. */
export async function newDatabase(): Promise<DatabaseSync> {
  const statements = await (schema ??= schemaAfterMigrations())
  const database = openDatabase()
  for (const statement of statements) database.exec(statement)
  return database
}

async function schemaAfterMigrations(): Promise<readonly string[]> {
  const database = openDatabase()
  const db = new Kysely<Tables>({ dialect: directDialect(connectionTo(database), () => {}) })
  await migrate(db, { textType: 'text', clusteredTable: 'without rowid' })
  const rows = database.prepare('select sql from sqlite_master where sql is not null').all()
  database.close()
  return rows.map((row) => String(row['sql']))
}

const openDatabase = () => new DatabaseSync(':memory:', { enableForeignKeyConstraints: true })

/** The store of a server that has just started; the rows are the database's. */
export function openSimulatedMetadata(database: DatabaseSync, pause: Pause): Metadata {
  const db = () => new Kysely<Tables>({ dialect: directDialect(connectionTo(database), () => {}) })
  const real = createSqlMetadata({ reader: db(), writer: db(), toStorageError, close: async () => {} })
  // One connection serves both sides: a read waits until the transaction before it is over, and so sees committed rows only.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
  const read = Object.fromEntries(
    Object.entries(real.read).map(([noun, methods]) => [noun, pausing(noun, methods, pause, inTurn)]),
  )
  return {
    // The same nouns and methods, each with a pause before it.
    read: read as unknown as MetadataReads,
    write: async (work, purpose) => {
      await pause('begin')
      const result = await inTurn(() => real.write(work, purpose))
      await pause('committed')
      return result
    },
    ping: () => inTurn(() => real.ping()),
    close: () => real.close(),
  }
}

type Method = (...parameters: readonly unknown[]) => Promise<unknown>

function pausing(
  noun: string,
  methods: object,
  pause: Pause,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): Readonly<Record<string, Method>> {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]: [string, Method]) => [
      name,
      async (...parameters: readonly unknown[]) => {
        await pause(`${noun}.${name}`)
        return inTurn(() => method(...parameters))
      },
    ]),
  )
}

interface Prepared {
  readonly statement: StatementSync
  /** It gives rows. */
  readonly query: boolean
}

const preparedOf = new WeakMap<DatabaseSync, Map<string, Prepared>>()

/** As `openConnection` makes one, but for the settings that a database in memory does not take. */
function connectionTo(database: DatabaseSync): SqliteConnection {
  const prepared = preparedOf.get(database) ?? new Map<string, Prepared>()
  preparedOf.set(database, prepared)
  const prepare = (text: string): Prepared => {
    const statement = database.prepare(text)
    const made = { statement, query: statement.columns().length > 0 }
    prepared.set(text, made)
    return made
  }
  return {
    run: (text, parameters) => {
      const { statement, query } = prepared.get(text) ?? prepare(text)
      // Our columns are text and bigint: `tables.ts` types every parameter as string, number or null.
      const values = parameters as readonly (string | number | null)[]
      if (query) return { rows: statement.all(...values), changes: 0 }
      return { rows: [], changes: Number(statement.run(...values).changes) }
    },
    execute: (text) => database.exec(text),
    inTransaction: () => database.isTransaction,
    close: () => {},
  }
}
