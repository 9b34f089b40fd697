// Rounds of a test, each on a fresh directory, and the sum of what they saw.

import type { FaultContext, FaultResult, Goals } from './fault-test.ts'
import type { Registry } from './registry.ts'

/** How soon a server is to serve again, from the start of its process, with fewer than 10,000 images. */
const readyMsMax = 2_000

/** A slow machine may take so many times as long to reach the goals. */
export const patience = 4

/** Runs turns until the time is over and the goals are reached, or one finds a problem; at least one. Numbers are added, those of `slowest ...` compared. */
export async function inTurns(
  { seconds, whole }: FaultContext,
  run: (deadlineMs: number, turn: number) => Promise<FaultResult>,
  goals: Goals = {},
): Promise<FaultResult> {
  const startMs = Date.now()
  const deadlineMs = startMs + seconds * 1000
  const lastMs = startMs + patience * seconds * 1000
  let sum = await run(deadlineMs, 0)
  for (let turn = 1; sum.problems.length === 0; turn++) {
    const goesOn = whole && Date.now() < lastMs && missed(sum, goals).length > 0
    if (Date.now() >= deadlineMs && !goesOn) break
    sum = merge(sum, await run(Math.max(deadlineMs, goesOn ? lastMs : 0), turn))
  }
  return sum
}

/** The goals that the figures do not reach, in words. */
export function missed({ figures }: FaultResult, goals: Goals): readonly string[] {
  return Object.entries(goals)
    .filter(([name, least]) => Number(figures[name] ?? 0) < least)
    .map(([name, least]) => `${name}: ${figures[name] ?? 0}, not ${least}`)
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

/** Gives each of `items` to one of `workers`, each of which has one at a time. */
export async function inParallel<W, T>(
  workers: readonly W[],
  items: readonly T[],
  work: (worker: W, item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    workers.map(async (worker) => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index]
        if (item !== undefined) await work(worker, item, index)
      }
    }),
  )
}
