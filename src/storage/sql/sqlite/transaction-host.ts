// Write transactions of another process, by number: it gives statements, and the writer that all processes share runs them.

import type { StatementResult } from './connection.ts'
import type { Writer, WriterTransaction } from './writer.ts'

/** What a process without a writer of its own asks of the one that has it. Called in order, also where nobody waits for an answer. */
export interface TransactionHost {
  /** The transaction waits for its turn; what is asked of it waits with it. `id` was never used before. */
  readonly begin: (id: number) => void
  readonly run: (id: number, text: string, parameters: readonly unknown[]) => Promise<StatementResult>
  /** As of `WriterTransaction`; one that failed is rolled back afterwards. */
  readonly commit: (id: number) => Promise<void>
  readonly rollBack: (id: number) => Promise<void>
  readonly runWhole: Writer['runWhole']
}

/** The host of one other process. */
export interface HostedTransactions extends TransactionHost {
  /** The process is gone: nothing stays of what it did not commit. */
  readonly end: () => Promise<void>
}

/**
 * @param limitMs how long a transaction may have the turn: a process that stands still must not stop all the others. Then it is rolled back,
 * and what comes for it later is refused.
 */
export function hostTransactions(writer: Pick<Writer, 'begin' | 'runWhole'>, limitMs: number): HostedTransactions {
  const open = new Map<number, Promise<WriterTransaction>>()
  const timers = new Map<number, NodeJS.Timeout>()

  const forget = (id: number) => {
    open.delete(id)
    clearTimeout(timers.get(id))
    timers.delete(id)
  }
  const transaction = async (id: number): Promise<WriterTransaction> => {
    const found = open.get(id)
    if (!found) throw new Error(`a write transaction took longer than ${limitMs} ms, or is over`)
    return found
  }
  const rollBack = async (id: number) => {
    const found = open.get(id)
    forget(id)
    // One that never began has nothing to give up.
    const begun = await found?.catch(() => undefined)
    await begun?.rollBack()
  }
  return {
    begin: (id) => {
      const begun = writer.begin()
      open.set(id, begun)
      begun.then(
        () => {
          const late = () => void rollBack(id).catch(() => {})
          if (open.has(id)) timers.set(id, setTimeout(late, limitMs))
        },
        // Told by whatever is asked of it.
        () => {},
      )
    },
    run: async (id, text, parameters) => (await transaction(id)).run(text, parameters),
    commit: async (id) => {
      await (await transaction(id)).commit()
      forget(id)
    },
    rollBack,
    runWhole: writer.runWhole,
    end: async () => {
      await Promise.allSettled([...open.keys()].map(rollBack))
    },
  }
}
