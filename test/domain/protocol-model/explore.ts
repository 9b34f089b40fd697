// Every state that can be reached, each once, the nearest first: a counter-example is as short as one can be.

import { clientSteps, type Role } from './client.ts'
import { clockSteps, crashSteps, damageSteps, deletionSteps } from './environment.ts'
import { backupSteps, collectorSteps, emptierSteps, readerSteps, recoverySteps, sweepSteps } from './housekeeping.ts'
import { brokenPromise } from './promises.ts'
import type { Rules } from './rules.ts'
import { beginning, type Budget, type State, type Step } from './state.ts'

/** Who takes part; the collector, sweeps, the clock and deletions always do. */
export interface Scenario {
  readonly clients: readonly Role[]
  readonly recovery?: boolean
  readonly reader?: boolean
  readonly budget: Partial<Budget>
}

export interface Exploration {
  readonly states: number
  readonly violation: { readonly promise: string; readonly path: readonly string[] } | undefined
}

const nothingLeft: Budget = {
  uploads: 0,
  crashes: 0,
  deletions: 0,
  repositoryDeletions: 0,
  damages: 0,
  backups: 0,
}

export function explore(scenario: Scenario, rules: Rules): Exploration {
  const first = beginning({ ...nothingLeft, ...scenario.budget })
  const seen = new Map([[keyOf(first), 0]])
  /** By the number of a state: which one came before it, and through which step. */
  const before: { readonly from: number; readonly name: string }[] = [{ from: -1, name: '' }]
  let frontier: { readonly state: State; readonly at: number }[] = [{ state: first, at: 0 }]
  while (frontier.length > 0) {
    const reached: { readonly state: State; readonly at: number }[] = []
    for (const { state, at } of frontier) {
      for (const { name, next } of stepsFrom(state, scenario, rules)) {
        const key = keyOf(next)
        if (seen.has(key)) continue
        const number = before.push({ from: at, name }) - 1
        seen.set(key, number)
        const promise = brokenPromise(next)
        if (promise !== undefined) return { states: seen.size, violation: { promise, path: pathTo(number, before) } }
        reached.push({ state: next, at: number })
      }
    }
    frontier = reached
  }
  return { states: seen.size, violation: undefined }
}

function stepsFrom(state: State, scenario: Scenario, rules: Rules): readonly Step[] {
  return [
    ...scenario.clients.flatMap((role) => clientSteps(state, rules, role)),
    ...deletionSteps(state, rules),
    ...clockSteps(state),
    ...collectorSteps(state, rules),
    ...emptierSteps(state, rules),
    ...sweepSteps(state, rules),
    ...(scenario.recovery ? recoverySteps(state, rules) : []),
    ...(scenario.reader ? readerSteps(state, rules) : []),
    ...backupSteps(state, rules),
    ...damageSteps(state),
    ...crashSteps(state),
  ]
}

function pathTo(
  number: number,
  before: readonly { readonly from: number; readonly name: string }[],
): readonly string[] {
  const path: string[] = []
  for (let at = before[number]; at !== undefined && at.from >= 0; at = before[at.from]) path.unshift(at.name)
  return path
}

const keyOf = (state: State): string => JSON.stringify(state)
