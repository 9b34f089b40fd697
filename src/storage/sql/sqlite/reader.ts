// The connection that reads, on the main thread. What is read within one turn of the event loop is read from one snapshot, and an answer is
// given again without asking for as long as nothing was committed by anyone: the database says so itself, once a turn.
// Measured: a small blob takes 0.6 of the processor time, a manifest by tag 0.75 to 0.9.

import type { SqliteConnection, StatementResult } from './connection.ts'

export interface SqliteReader extends SqliteConnection {
  /** A commit is about to be made by this process: until its end no snapshot is held, which would keep the log from being written back. */
  readonly commitBegins: () => void
  /** The commit is over: what is read from now on sees it. Call it before anybody is told. */
  readonly commitEnded: () => void
  /** What is read from now on is as new as the database: called when somebody says that it was changed. */
  readonly renew: () => void
}

/** Characters of the answers that are kept, together. */
const keptMax = 16 * 1024 * 1024
/** Longer ones are pages, which are asked for once. */
const keptRowsMax = 100
/** What a row costs beside its texts, about. */
const rowCost = 256

export function createReader(connection: SqliteConnection): SqliteReader {
  const kept = createKeptAnswers()
  let version: unknown
  let isOpen = false
  let commits = 0

  const endTurn = () => {
    if (!isOpen) return
    isOpen = false
    // A statement that failed may have ended it.
    if (connection.inTransaction()) connection.run('commit', [])
  }

  /** Opens the snapshot of this turn, and forgets the answers of another version of the database. */
  const beginTurn = () => {
    connection.run('begin', [])
    isOpen = true
    setImmediate(endTurn)
    try {
      // Differs when anybody else committed, another process too: https://sqlite.org/pragma.html#pragma_data_version
      const found = Object.values(connection.run('pragma data_version', []).rows[0] ?? {})[0]
      if (found !== version) kept.clear()
      version = found
    } catch (error) {
      endTurn()
      throw error
    }
  }

  return {
    ...connection,
    run: (text, parameters) => {
      if (commits > 0) return connection.run(text, parameters)
      if (!isOpen) beginTurn()
      const key = keyOf(parameters)
      const known = kept.find(text, key)
      if (known) return known
      const result = connection.run(text, parameters)
      kept.keep(text, key, result)
      return result
    },
    inTransaction: () => false,
    commitBegins: () => {
      commits++
      endTurn()
    },
    commitEnded: () => {
      commits--
    },
    renew: endTurn,
    close: () => {
      endTurn()
      connection.close()
    },
  }
}

interface KeptAnswers {
  readonly find: (text: string, key: string) => StatementResult | undefined
  readonly keep: (text: string, key: string, result: StatementResult) => void
  readonly clear: () => void
}

/** Answers by statement and parameters. When they are too many, all go: the ones in use are soon back. */
function createKeptAnswers(): KeptAnswers {
  const byText = new Map<string, Map<string, StatementResult>>()
  let size = 0
  const clear = () => {
    // The maps stay: they are as many as there are statements.
    if (size > 0) for (const answers of byText.values()) answers.clear()
    size = 0
  }
  return {
    find: (text, key) => byText.get(text)?.get(key),
    keep: (text, key, result) => {
      if (result.rows.length > keptRowsMax) return
      const cost = costOf(result) + key.length
      if (cost > keptMax / 16) return
      if (size + cost > keptMax) clear()
      size += cost
      let answers = byText.get(text)
      if (!answers) byText.set(text, (answers = new Map()))
      answers.set(key, result)
    },
    clear,
  }
}

/** Frozen on the way: several callers get the same rows. */
function costOf({ rows }: StatementResult): number {
  let cost = rowCost
  for (const row of rows) {
    cost += rowCost
    for (const value of Object.values(Object.freeze(row) ?? {})) if (typeof value === 'string') cost += value.length
  }
  Object.freeze(rows)
  return cost
}

/** Tells any two lists of parameters apart: each text stands behind its length. */
function keyOf(parameters: readonly unknown[]): string {
  let key = ''
  for (const value of parameters)
    key += typeof value === 'string' ? `${value.length}:${value}` : `${typeof value}${String(value)};`
  return key
}
