// Rounds of a test, each on a fresh directory, and the sum of what they saw.

import type { FaultContext, FaultResult } from './fault-test.ts'
import type { Registry } from './registry.ts'

/** How soon a server is to serve again, from the start of its process, with fewer than 10,000 images. */
const readyMsMax = 2_000

/** Runs turns until the time is over or one finds a problem; at least one. Numbers are added, those of `slowest ...` compared. */
export async function inTurns(
  { seconds }: FaultContext,
  run: (deadlineMs: number, turn: number) => Promise<FaultResult>,
): Promise<FaultResult> {
  const deadlineMs = Date.now() + seconds * 1000
  let sum = await run(deadlineMs, 0)
  for (let turn = 1; Date.now() < deadlineMs && sum.problems.length === 0; turn++) {
    sum = merge(sum, await run(deadlineMs, turn))
  }
  return sum
}

export function merge(one: FaultResult, other: FaultResult): FaultResult {
  const figures: Record<string, string | number> = { ...one.figures }
  for (const [name, value] of Object.entries(other.figures)) {
    const before = figures[name]
    const both = typeof value === 'number' && typeof before === 'number'
    figures[name] = both ? (name.startsWith('slowest') ? Math.max(before, value) : before + value) : value
  }
  return { figures, problems: [...one.problems, ...other.problems] }
}

export function slowestReady({ readyMs }: Registry): Record<string, number> {
  return { 'slowest start in ms': Math.round(Math.max(...readyMs)) }
}

/** Judged by the start in the middle: of many one may be slow because the machine was busy with something else. */
export function tooSlow({ readyMs }: Registry): FaultResult['problems'] {
  const middle = readyMs.toSorted((one, other) => one - other)[Math.floor(readyMs.length / 2)] ?? 0
  if (middle <= readyMsMax) return []
  return [{ rule: 'ready', text: `half of the starts took ${Math.round(middle)} ms or more, not ${readyMsMax}` }]
}
