// The embedded engine: reads on the main thread, where a prepared read costs microseconds; writes in a worker, where an fsync may wait.

import { Kysely } from 'kysely'
import type { Metadata } from '../../../domain/ports/metadata.ts'
import { createSqlMetadata } from '../metadata.ts'
import type { Tables } from '../tables.ts'
import { checkInBackground, stoppedUncleanly } from './check-database.ts'
import { openConnection } from './connection.ts'
import { directDialect, writerDialect } from './dialect.ts'
import { logBytesMax } from './log-file.ts'
import { isFatal, toStorageError } from './errors.ts'
import { bringUpToDate, refuseUnlessUpToDate } from './prepare-database.ts'
import { createReader } from './reader.ts'
import { refuseForeign } from './refuse-foreign.ts'
import { createRemoteWriter } from './remote-writer.ts'
import type { TransactionHost } from './transaction-host.ts'
import { beginWhole } from './whole-transaction.ts'
import { openWriter, type Writer } from './writer.ts'

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
  /**
   * How long another process may hold the lock of the file before a write fails: 5 s; 30 s with `asIs`, where the other one is a server
   * whose commits follow each other so closely that a command finds no gap for long (seen: F16 on a busy machine).
   */
  readonly busyMs?: number
  /** Bytes of the log above which a commit tries to empty it; 64 MiB. */
  readonly logBytesMax?: number
  /** The process that writes, when it is another one; it has made and checked the database, and outlives this one. */
  readonly host?: TransactionHost
}

export interface SqliteMetadata extends Metadata {
  /** The one writer, for other processes (`hostTransactions`). */
  readonly writer: Pick<Writer, 'begin' | 'runWhole'>
  /** What is read from now on is as new as the database: called when another process says that it was changed. */
  readonly renew: () => void
}

/** Opens the metadata in an SQLite file, made or brought up to date first. Throws when the settings that durability needs do not take. */
export async function openSqliteMetadata(options: SqliteOptions): Promise<SqliteMetadata> {
  const { file, onFatal, workMs, host } = options
  const asIs = options.asIs === true || host !== undefined
  const busyMs = options.busyMs ?? (options.asIs === true ? 30_000 : 5_000)
  let dead = false
  const die = (error: Error) => {
    if (dead) return
    dead = true
    onFatal(error)
  }
  // Beside a server the log is always there; it has been checked by whoever opened the database first.
  const unclean = !asIs && (await stoppedUncleanly(file))
  await refuseForeign(file)
  await prepare(file, busyMs, asIs)
  // A server has the file for itself (the data directory is locked), so that a reader practically never meets a lock.
  const connection = createReader(openConnection(file, options.asIs === true ? busyMs : 0))
  connection.execute('pragma query_only = 1')
  const { commitBegins, commitEnded, renew } = connection
  const logLimit = options.logBytesMax ?? logBytesMax
  const ofWriter = { file, busyMs, logBytesMax: logLimit, onFatal: die, commitBegins, commitEnded }
  const opening = host ? Promise.resolve(createRemoteWriter(host, renew)) : openWriter(ofWriter)
  const writer = await opening.catch((error: unknown) => {
    connection.close()
    throw error
  })
  const noteFatal = (error: unknown) => {
    if (isFatal(error) && error instanceof Error) die(error)
  }
  const reader = new Kysely<Tables>({ dialect: directDialect(connection, noteFatal) })
  const endCheck = unclean ? checkInBackground(file, die) : undefined
  const metadata = createSqlMetadata(
    {
      reader,
      writer: new Kysely<Tables>({ dialect: writerDialect(writer) }),
      beginWhole: () => beginWhole(connection, writer),
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
  return { ...metadata, writer, renew }
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
