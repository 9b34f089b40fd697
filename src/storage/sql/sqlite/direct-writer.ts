// A writer on the calling thread, for a database that nobody was promised anything of: with no fsync to wait for, a thread of its own and
// the messages to it would cost more than the writes.

import { createTurns } from '../../../lib/turns.ts'
import type { SqliteConnection } from './connection.ts'
import { isFatal, isFatalForCommit } from './errors.ts'
import type { Writer, WriterTransaction } from './writer.ts'

export interface DirectWriter extends Pick<Writer, 'begin' | 'close'> {
  /** Runs `work` between two transactions; transactions wait meanwhile. */
  readonly alone: <T>(work: () => T) => Promise<T>
}

/** Owns the connection from now on. `onFatal` is told of what makes the database useless; nothing is written afterwards. */
export function createDirectWriter(connection: SqliteConnection, onFatal: (error: Error) => void): DirectWriter {
  const turns = createTurns(1)
  let fatal: Error | undefined
  let closed = false

  const orDie = <T>(isTheEnd: (error: unknown) => boolean, work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (fatal === undefined && error instanceof Error && isTheEnd(error)) {
        fatal = error
        onFatal(error)
      }
      throw error
    }
  }

  const check = () => {
    if (fatal) throw fatal
    if (closed) throw new Error('the database is closed')
  }

  return {
    begin: async () => {
      const opened = Promise.withResolvers<WriterTransaction>()
      const work = async () => {
        check()
        orDie(isFatal, () => connection.execute('begin immediate'))
        const over = Promise.withResolvers<void>()
        opened.resolve(transactionOn(connection, orDie, () => over.resolve()))
        await over.promise
      }
      turns(work).catch(opened.reject)
      return opened.promise
    },
    alone: (work) =>
      turns(async () => {
        check()
        return orDie(isFatal, work)
      }),
    close: () =>
      turns(async () => {
        closed = true
        connection.close()
      }),
  }
}

function transactionOn(
  connection: SqliteConnection,
  orDie: <T>(isTheEnd: (error: unknown) => boolean, work: () => T) => T,
  onOver: () => void,
): WriterTransaction {
  let over = false
  /** As in the other writer, and on PostgreSQL, the first failed statement ends the transaction. */
  let failed: { readonly error: unknown } | undefined
  const end = (statement: 'commit' | 'rollback') => {
    over = true
    try {
      if (statement === 'commit') orDie(isFatalForCommit, () => connection.execute('commit'))
    } finally {
      // SQLite may have rolled back on its own.
      if (connection.inTransaction()) connection.execute('rollback')
      onOver()
    }
  }
  return {
    run: async (text, parameters) => {
      if (over) throw new Error('a statement after the end of its transaction')
      if (failed) throw failed.error
      try {
        return orDie(isFatal, () => connection.run(text, parameters))
      } catch (error) {
        failed = { error }
        throw error
      }
    },
    commit: async () => {
      if (over) throw new Error('the transaction is over')
      end(failed ? 'rollback' : 'commit')
      if (failed) throw failed.error
    },
    rollBack: async () => {
      if (!over) end('rollback')
    },
  }
}
