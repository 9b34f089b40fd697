// The embedded engine: reads on the main thread, where a prepared read costs microseconds; writes in a worker, where an fsync may wait.

import { Kysely } from 'kysely'
import type { Metadata } from '../../../domain/ports/metadata.ts'
import { createSqlMetadata } from '../metadata.ts'
import { migrate } from '../migrations/migrate.ts'
import type { SchemaDialect } from '../migrations/schema-dialect.ts'
import type { Tables } from '../tables.ts'
import { checkDatabase, stoppedUncleanly } from './check-database.ts'
import { openConnection } from './connection.ts'
import { directDialect, writerDialect } from './dialect.ts'
import { isFatal, toStorageError } from './errors.ts'
import { openWriter } from './writer.ts'

const sqliteSchema: SchemaDialect = { textType: 'text', clusteredTable: 'without rowid' }

export interface SqliteOptions {
  /** The database's file; it is made when missing, its directory is not. */
  readonly file: string
  /**
   * Told once when the database can not be trusted any more: an I/O error, damage, a commit that failed. Writes are refused from then
   * on; the process should say so and end, the next start replays the log.
   */
  readonly onFatal: (error: Error) => void
  /** The longest that `work` of one write may take; 30 s. */
  readonly workMs?: number
  /** How long another process may hold the lock of the file before a write fails; 5 s. */
  readonly busyMs?: number
}

/** Opens the metadata in an SQLite file, made or brought up to date first. Throws when the settings that durability needs do not take. */
export async function openSqliteMetadata({ file, onFatal, workMs, busyMs = 5000 }: SqliteOptions): Promise<Metadata> {
  let dead = false
  const die = (error: Error) => {
    if (dead) return
    dead = true
    onFatal(error)
  }
  const unclean = await stoppedUncleanly(file)
  await bringUpToDate(file, busyMs)
  const writer = await openWriter({ file, busyMs, onFatal: die })
  // Nothing else uses the file (the data directory is locked), so that a reader practically never meets a lock.
  const connection = openConnection(file, 0)
  connection.execute('pragma query_only = 1')
  const noteFatal = (error: unknown) => {
    if (isFatal(error) && error instanceof Error) die(error)
  }
  const reader = new Kysely<Tables>({ dialect: directDialect(connection, noteFatal) })
  const endCheck = unclean ? checkDatabase(file, die) : undefined
  return createSqlMetadata(
    {
      reader,
      writer: new Kysely<Tables>({ dialect: writerDialect(writer) }),
      toStorageError,
      close: async () => {
        await endCheck?.()
        // The reader first: whoever closes last writes the log back into the database, and that belongs into the worker.
        connection.close()
        await writer.close()
      },
    },
    workMs,
  )
}

/** Migrations run on this thread, before anything is served. */
async function bringUpToDate(file: string, busyMs: number): Promise<void> {
  const connection = openConnection(file, busyMs)
  try {
    await migrate(new Kysely<Tables>({ dialect: directDialect(connection, () => {}) }), sqliteSchema)
  } finally {
    connection.close()
  }
}
