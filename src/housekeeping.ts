// What the server does beside requests: once after its start the comparison of files and tables, then sweeps every few minutes.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from 'pino'

import type { Services } from './domain/context.ts'
import { recover, sweep } from './domain/recovery.ts'

export interface HousekeepingOptions {
  readonly services: Services
  readonly log: Logger
  /** Loads the library that counts requests, which takes too long to do it before the first answer. */
  readonly loadMetrics: () => Promise<void>
}

export interface Housekeeping {
  /** Resolves when what is under way is done; nothing begins after it. */
  readonly stop: () => Promise<void>
}

/** The first requests come first. */
const calmMs = 1_000
const betweenSweepsMs = 5 * 60_000

export function startHousekeeping({ services, log, loadMetrics }: HousekeepingOptions): Housekeeping {
  const stopping = new AbortController()
  const work = async () => {
    if (!(await pause(calmMs, stopping.signal))) return
    await attempt(log, 'the metrics library could not be loaded', loadMetrics)
    await attempt(log, 'the check of files after the start failed', async () => {
      const { orphans, damaged } = await recover(services)
      if (orphans > 0) log.warn({ orphans }, 'files that no layer owns were moved to the trash')
      if (damaged > 0) log.error({ damaged }, 'layers whose file is missing or has another size: push them again')
    })
    do {
      await attempt(log, 'a sweep failed', async () => {
        const done = await sweep(services)
        if (done.expiredUploads + done.unlinked > 0) log.info(done, 'swept')
      })
    } while (await pause(betweenSweepsMs, stopping.signal))
  }
  const done = work()
  return {
    stop: () => {
      stopping.abort()
      return done
    },
  }
}

/** False when the server stops meanwhile. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref: false })
    return true
  } catch {
    return false
  }
}

/** A piece of work that fails is told and tried again the next time; it must not end the server. */
async function attempt(log: Logger, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.error({ err: error }, what)
  }
}
