// What a long run has measured so far, a line of JSON for each row or table, so that a run that was interrupted goes on where it was.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'

import type { Filled, Measured } from './row.ts'
import type { ServerKind } from './servers/server.ts'

export interface KeptResults {
  readonly medians: (row: string) => ReadonlyMap<ServerKind, Measured> | undefined
  readonly filled: (table: string) => Filled | undefined
  readonly keepMedians: (row: string, medians: ReadonlyMap<ServerKind, Measured>) => void
  readonly keepFilled: (table: string, filled: Filled) => void
}

interface Line {
  /** How it was measured. */
  readonly how: string
  readonly name: string
  readonly medians?: readonly (readonly [ServerKind, Measured])[]
  readonly filled?: Filled
}

/** Without a file nothing is kept. What was measured in another way than `how` says does not count. */
export function openKeptResults(file: string | undefined, how: string): KeptResults {
  const lines = file === undefined || !existsSync(file) ? [] : readFileSync(file, 'utf8').split('\n')
  // Written below.
  const kept = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line)
  const find = (name: string) => kept.findLast((line) => line.how === how && line.name === name)
  const keep = (line: Omit<Line, 'how'>) => {
    if (file !== undefined) appendFileSync(file, `${JSON.stringify({ how, ...line })}\n`)
  }
  return {
    medians: (row) => {
      const medians = find(row)?.medians
      return medians && new Map(medians)
    },
    filled: (table) => find(table)?.filled,
    keepMedians: (name, medians) => keep({ name, medians: [...medians] }),
    keepFilled: (name, filled) => keep({ name, filled }),
  }
}
