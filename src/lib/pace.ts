// How fast work in the background may go, so that requests do not notice it.

import { setTimeout as sleep } from 'node:timers/promises'

/** Shorter sleeps cost more than they give. */
const sleepMsMin = 10

/**
 * Limits bytes to so many a second; what was not used up while nothing was done is lost. Each call throws once `signal` has aborted.
 */
export function createRate(bytesPerSecond: number, signal: AbortSignal): (bytes: number) => Promise<void> {
  /** When all bytes so far may have been read. */
  let dueMs = 0
  return async (bytes) => {
    signal.throwIfAborted()
    const now = performance.now()
    dueMs = Math.max(dueMs, now) + (bytes / bytesPerSecond) * 1000
    if (dueMs - now >= sleepMsMin) await sleep(dueMs - now, undefined, { signal })
  }
}

/** Lets work have `share` (0 to 1) of the time between two calls. Each call throws once `signal` has aborted. */
export function createShare(share: number, signal: AbortSignal): () => Promise<void> {
  let startedMs = performance.now()
  return async () => {
    signal.throwIfAborted()
    const worked = performance.now() - startedMs
    await sleep((worked * (1 - share)) / share, undefined, { signal })
    startedMs = performance.now()
  }
}
