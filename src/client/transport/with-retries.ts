// Trying again what failed for a while: only what a place marked as transient, and no longer than it makes no progress.

import { setTimeout as sleep } from 'node:timers/promises'

import { TransientError } from './place.ts'
import { throwIfAborted, transportError } from './transport-error.ts'

export interface RetryOptions {
  readonly signal: AbortSignal | undefined
  /** How often a fault is met before it is given to the caller. */
  readonly triesMax?: number
}

const firstWaitMs = 100
const waitMsMax = 5000
const triesMaxDefault = 6

/** Runs `work` until it succeeds, fails for good, or failed `triesMax` times; then throws what the place said. */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const tries = createTries(options)
  for (;;) {
    try {
      return await work()
    } catch (error) {
      await tries.failed(error)
    }
  }
}

export interface Tries {
  /** Waits after a transient fault; throws any other, and the last one allowed. */
  failed(error: unknown): Promise<void>
  /** Something went well: the count starts again. */
  progressed(): void
}

export function createTries({ signal, triesMax = triesMaxDefault }: RetryOptions): Tries {
  let failures = 0
  return {
    progressed: () => {
      failures = 0
    },
    failed: async (error) => {
      throwIfAborted(signal)
      if (!(error instanceof TransientError)) throw error
      failures++
      if (failures >= triesMax) throw error.cause
      // Half of it by chance: clients that were cut at once do not come back at once.
      const usual = Math.min(firstWaitMs * 2 ** (failures - 1), waitMsMax) * (0.5 + Math.random() / 2)
      const waitMs = Math.min(Math.max(usual, error.retryAfterMs ?? 0), 60_000)
      try {
        await sleep(waitMs, undefined, signal ? { signal } : {})
      } catch (reason) {
        throw transportError('Aborted', undefined, reason)
      }
    },
  }
}
