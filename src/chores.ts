// What each process that serves does beside requests: soon after each pull of a public image, the count of downloads; a look at identities a few
// times a second, and the removal of delivered events.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Services } from './domain/context.ts'

export interface ChoresOptions {
  readonly services: Services
  /** Reads identities again when they were changed by another process. */
  readonly refreshIdentities: () => Promise<void>
  /** Loads the library that counts requests, which takes too long to do it before the first answer. */
  readonly loadMetrics: () => Promise<void>
  readonly log: Logger
}

export interface Stoppable {
  /** Resolves when what is under way is done, or has been waited for long enough; nothing begins after it. */
  readonly stop: () => Promise<void>
}

/** The first requests come first. */
const calmMs = 1_000
/** Half of the second in which a key that another process switched off has to stop working, with room for the reading. */
const betweenLooksMs = 400
/** How long after a pull its count is added, for many of them at once: at most a second with the writing. */
const downloadsLagMs = 500
/** Events that were delivered are removed many at a time. */
const betweenClearsMs = 1_000
const afterFailureMs = 10_000
/** How long a stop waits for what is under way. */
const patienceMs = 5_000

export function startChores({ services, refreshIdentities, loadMetrics, log }: ChoresOptions): Stoppable {
  const stopping = new AbortController()
  const watchIdentities = async () => {
    while (await pause(betweenLooksMs, stopping.signal)) {
      try {
        await refreshIdentities()
      } catch (error) {
        if (!stopping.signal.aborted) log.error({ err: error }, 'changes of identities could not be read')
      }
    }
  }
  const addDownloads = async () => {
    let isTold = false
    while (await happens(services.downloads.some(), stopping.signal)) {
      await pause(downloadsLagMs, stopping.signal)
      try {
        await services.downloads.flush(services.metadata)
        isTold = false
      } catch (error) {
        // Nothing is lost yet. A full disk may last for days: it is told once.
        if (!isTold)
          log.error({ err: error }, 'downloads could not be added to the tables; they are kept and tried again')
        isTold = true
        await pause(afterFailureMs, stopping.signal)
      }
    }
    await services.downloads.flush(services.metadata).catch((error: unknown) => {
      log.error({ err: error }, 'the last downloads were not counted')
    })
  }
  const clearOutbox = async () => {
    let isTold = false
    const clear = async () => {
      try {
        await services.outbox.clear(services)
        isTold = false
      } catch (error) {
        if (!isTold)
          log.error({ err: error }, 'delivered events could not be removed from the outbox; it is tried again')
        isTold = true
      }
    }
    while (await happens(services.outbox.some(), stopping.signal)) {
      await pause(betweenClearsMs, stopping.signal)
      await clear()
    }
    await clear()
  }
  const countRequests = async () => {
    if (!(await pause(calmMs, stopping.signal))) return
    await loadMetrics().catch((error: unknown) => log.error({ err: error }, 'the metrics library could not be loaded'))
  }
  return stoppable(stopping, Promise.all([countRequests(), addDownloads(), watchIdentities(), clearOutbox()]))
}

/** Work that ends by itself soon after `stopping`. */
export function stoppable(stopping: AbortController, done: Promise<unknown>): Stoppable {
  return {
    stop: async () => {
      stopping.abort()
      const waiting = new AbortController()
      // Whatever it is doing may be cut at any point, and the next start does it again.
      await Promise.race([done, pause(patienceMs, waiting.signal)])
      waiting.abort()
    },
  }
}

/** False when the server stops before it happens. */
async function happens(event: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const stop = () => resolve(false)
  signal.addEventListener('abort', stop, { once: true })
  event.then(() => resolve(true)).catch(() => {})
  return promise.finally(() => signal.removeEventListener('abort', stop))
}

/** False when the server stops meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal })
    return true
  } catch {
    return false
  }
}
