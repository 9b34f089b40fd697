// The embedded engine: reads on the main thread, where a prepared read costs microseconds; writes in a worker, where an fsync may wait.

import { Kysely } from 'kysely'
import type { Metadata } from '../../../domain/ports/metadata.ts'
import { createSqlMetadata } from '../metadata.ts'
import type { Tables } from '../tables.ts'
import { checkInBackground, stoppedUncleanly } from './check-database.ts'
import { openConnection } from './connection.ts'
import { directDialect, writerDialect } from './dialect.ts'
import { isFatal, toStorageError } from './errors.ts'
import { bringUpToDate, refuseUnlessUpToDate } from './prepare-database.ts'
import { openWriter } from './writer.ts'

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
  /** Takes the database as it is: another process may be at work in it. One that is missing or not up to date is refused. */
  readonly asIs?: boolean
  /** How long another process may hold the lock of the file before a write fails; 5 s. */
  readonly busyMs?: number
}

/** Opens the metadata in an SQLite file, made or brought up to date first. Throws when the settings that durability needs do not take. */
export async function openSqliteMetadata(options: SqliteOptions): Promise<Metadata> {
  const { file, onFatal, workMs, busyMs = 5000, asIs = false } = options
  let dead = false
  const die = (error: Error) => {
    if (dead) return
    dead = true
    onFatal(error)
  }
  // Beside a server the log is always there; it has been checked by whoever opened the database first.
  const unclean = !asIs && (await stoppedUncleanly(file))
  await prepare(file, busyMs, asIs)
  const writer = await openWriter({ file, busyMs, onFatal: die })
  // A server has the file for itself (the data directory is locked), so that a reader practically never meets a lock.
  const connection = openConnection(file, asIs ? busyMs : 0)
  connection.execute('pragma query_only = 1')
  const noteFatal = (error: unknown) => {
    if (isFatal(error) && error instanceof Error) die(error)
  }
  const reader = new Kysely<Tables>({ dialect: directDialect(connection, noteFatal) })
  const endCheck = unclean ? checkInBackground(file, die) : undefined
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
async function prepare(file: string, busyMs: number, asIs: boolean): Promise<void> {
  const connection = openConnection(file, busyMs)
  try {
    await (asIs ? refuseUnlessUpToDate(connection) : bringUpToDate(connection))
  } finally {
    connection.close()
  }
}
