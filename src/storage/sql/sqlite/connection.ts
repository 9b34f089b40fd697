// One SQLite connection with the settings that durability rests on, and statements that stay prepared.
// Used on the main thread (reads, migrations) and in the writer's worker.

import { logBytesMax } from './log-file.ts'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** The answer to one statement. */
export interface StatementResult {
  readonly rows: unknown[]
  /** Rows inserted, updated or deleted; 0 for a query. */
  readonly changes: number
}

export interface SqliteConnection {
  readonly run: (text: string, parameters: readonly unknown[]) => StatementResult
  /** Runs statements that return nothing, such as BEGIN. */
  readonly execute: (text: string) => void
  readonly inTransaction: () => boolean
  readonly close: () => void
}

/** The settings and what each must read back as. `synchronous` 2 is FULL: every commit is on disk before it is answered. */
const pragmas: Readonly<Record<string, number | string>> = {
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  wal_autocheckpoint: 1000,
  journal_size_limit: logBytesMax,
  trusted_schema: 0,
  cell_size_check: 1,
  // In memory: a statement that needs a file for its journal fails when no descriptor is left, and the server would end (seen: F22).
  temp_store: 2,
}

/** More than the statements there are: a bound, not a working size. */
const preparedMax = 512

/**
 * Opens the database and checks its settings by reading them back; throws when one did not take (for example WAL on a network file
 * system). `busyMs` is how long a statement may block its thread while another process holds the lock. With `durable` false, for data that nobody
 * was promised, a commit waits for no disk.
 */
export function openConnection(file: string, busyMs: number, durable = true): SqliteConnection {
  const database = new DatabaseSync(file, { timeout: busyMs, enableForeignKeyConstraints: true })
  try {
    for (const [name, value] of Object.entries(durable ? pragmas : { ...pragmas, synchronous: 0 }))
      setPragma(database, name, value)
    setPragma(database, 'busy_timeout', busyMs)
  } catch (error) {
    database.close()
    throw error
  }
  const prepared = new Map<string, Prepared>()
  return {
    run: (text, parameters) => {
      const statement = prepared.get(text) ?? keep(prepared, text, database)
      // Our columns are text and bigint: `tables.ts` types every parameter as string, number or null.
      const values = parameters as readonly SQLInputValue[]
      if (statement.query) return { rows: statement.prepared.all(...values), changes: 0 }
      return { rows: [], changes: Number(statement.prepared.run(...values).changes) }
    },
    execute: (text) => database.exec(text),
    inTransaction: () => database.isTransaction,
    close: () => database.close(),
  }
}

interface Prepared {
  readonly prepared: StatementSync
  /** It gives rows. */
  readonly query: boolean
}

function keep(kept: Map<string, Prepared>, text: string, database: DatabaseSync): Prepared {
  if (kept.size >= preparedMax) kept.clear()
  const prepared = database.prepare(text)
  const statement = { prepared, query: prepared.columns().length > 0 }
  kept.set(text, statement)
  return statement
}

function setPragma(database: DatabaseSync, name: string, value: number | string): void {
  database.exec(`pragma ${name} = ${value}`)
  const row = database.prepare(`pragma ${name}`).get() ?? {}
  const found = Object.values(row)[0]
  if (found !== value)
    throw new Error(`the database does not take the setting ${name}=${value} (it stays ${String(found)})`)
}
