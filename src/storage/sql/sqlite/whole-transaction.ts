// A transaction that is decided on this thread, on what is committed, and then done by the writer in one go: it looks first and changes afterwards,
// and the writer changes nothing unless every look still sees the same. Measured, beside one that sends each step to the writer and waits: 1.7
// times as many pushes of small images by 32 clients, each for 0.7 of the processor time.

import type { CompiledQuery, QueryResult } from 'kysely'
import type { SqliteConnection } from './connection.ts'
import type { WholeStep } from './writer-messages.ts'
import type { Writer } from './writer.ts'
import type { WholeTransaction } from '../whole-transaction.ts'

/**
 * Begins one. `run` throws where it has no answer: a look after a change, or a change that tells something. Whoever gets that, or anything else
 * that `run` or the work throws, makes the transaction again in steps.
 */
export function beginWhole(reader: SqliteConnection, writer: Writer): WholeTransaction {
  const steps: WholeStep[] = []
  let changes = 0
  let isOver = false

  const look = <O>({ sql: text, parameters }: CompiledQuery): QueryResult<O> => {
    if (changes > 0) throw new Error('a look after a change')
    const { rows } = reader.run(text, parameters)
    steps.push({ text, parameters, expected: JSON.stringify(rows) })
    // The statement's own type says what its rows are.
    return { rows: rows as O[] }
  }

  const change = <O>({ sql: text, parameters }: CompiledQuery): QueryResult<O> => {
    changes++
    steps.push({ text, parameters })
    return { rows: [] }
  }

  return {
    run: async (query) => {
      if (isOver) throw new Error('a statement after the end of its transaction')
      switch (kindOf(query)) {
        case 'look':
          return look(query)
        case 'change':
          return change(query)
        default:
          throw new Error('a change that tells something')
      }
    },
    commit: async () => {
      isOver = true
      return changes > 0 && writer.runWhole(steps)
    },
  }
}

function kindOf({ query }: CompiledQuery): 'look' | 'change' | undefined {
  switch (query.kind) {
    case 'SelectQueryNode':
      return 'look'
    case 'InsertQueryNode':
    case 'UpdateQueryNode':
    case 'DeleteQueryNode':
      return query.returning === undefined ? 'change' : undefined
    default:
      return undefined
  }
}
