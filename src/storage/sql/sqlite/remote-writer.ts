// The writer of a process that has none of its own: its transactions are run by the process that has it.

import { StorageBusyError } from '../../../domain/ports/storage-errors.ts'
import { CallFailure } from '../../../lib/calls.ts'
import { SqliteError } from './errors.ts'
import type { TransactionHost } from './transaction-host.ts'
import type { Writer } from './writer.ts'

/**
 * Nobody waits for a turn here: a transaction's first statements are on their way while it does, and the turn is not held for the way back.
 * @param onOver told of the end of a transaction before its caller is: what is read from now on sees what it committed
 */
export function createRemoteWriter(host: TransactionHost, onOver: () => void): Writer {
  let nextId = 0
  const ending = async <T>(end: Promise<T>): Promise<T> => {
    try {
      return await revived(end)
    } finally {
      onOver()
    }
  }
  return {
    begin: async () => {
      const id = nextId++
      host.begin(id)
      return {
        run: (text, parameters) => revived(host.run(id, text, parameters)),
        commit: () => ending(host.commit(id)),
        rollBack: () => ending(host.rollBack(id)),
      }
    },
    runWhole: (steps) => ending(host.runWhole(steps)),
    close: async () => {},
  }
}

/** Errors as the writer throws them. */
async function revived<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error
    if (error.kind === 'SqliteError' && error.code !== undefined) throw new SqliteError(error.message, error.code)
    if (error.kind === 'StorageBusyError') throw new StorageBusyError(error.message, { cause: error })
    throw error
  }
}
