import type { Outcome } from './tasks.ts'

/** Adds up what the clients of one task do. */
export interface Timing {
  /** One unit of work: it took from `startedAtMs` until now, and so many bytes. */
  readonly add: (startedAtMs: number, bytes: number) => void
  readonly outcome: (found?: readonly string[]) => Outcome
}

/** The clock starts now. */
export function startTiming(): Timing {
  const startedAtMs = performance.now()
  const tookMs: number[] = []
  let bytes = 0
  let endedAtMs = startedAtMs
  return {
    add: (from, more) => {
      endedAtMs = performance.now()
      tookMs.push(endedAtMs - from)
      bytes += more
    },
    outcome: (found = []) => {
      const sorted = tookMs.toSorted((one, other) => one - other)
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
      return {
        count: sorted.length,
        bytes,
        seconds: (endedAtMs - startedAtMs) / 1000,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        found,
      }
    },
  }
}
