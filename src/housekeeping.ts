// What the server does beside requests: once after its start the comparison of files and tables, then sweeps and collections, each every
// few minutes, and the scrub; soon after each pull of a public image, the count of downloads; a look at identities a few times a second, and the removal of
// delivered events.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from 'pino'

import { collect } from './domain/collector.ts'
import type { Services } from './domain/context.ts'
import { checkDatabaseIfDue } from './domain/database-check.ts'
import type { CheckStore } from './domain/ports/store-audit.ts'
import { sweepLogos } from './domain/public/sweep-logos.ts'
import { recover, sweep } from './domain/recovery.ts'
import { scrub, type ScrubReport } from './domain/scrub.ts'
import { createRate, createShare } from './lib/pace.ts'
import { watchDatabaseLog } from './watch-database-log.ts'

export interface HousekeepingOptions {
  readonly services: Services
  readonly log: Logger
  /** Loads the library that counts requests, which takes too long to do it before the first answer. */
  readonly loadMetrics: () => Promise<void>
  /** Time between two collections; 0 for none. */
  readonly collectEveryMs: number
  readonly checkStore: CheckStore
  /** Makes the ballast whole where there is room for it. */
  readonly refillBallast: () => Promise<void>
  /** How large the database's log is. */
  readonly logBytes: () => Promise<number>
  /** Layers and the database are checked at least this often; 0 for never. */
  readonly scrubEveryMs: number
  readonly scrubBytesPerSecond: number
  readonly onChecked: (report: ScrubReport) => void
  /** Told what the check of the database found. */
  readonly onDamagedDatabase: (error: Error) => void
}

export interface Housekeeping {
  /** Resolves when what is under way is done, or has been waited for long enough; nothing begins after it. */
  readonly stop: () => Promise<void>
}

/** The first requests come first. */
const calmMs = 1_000
const betweenSweepsMs = 5 * 60_000
const betweenRefillsMs = 30_000
const betweenLogoSweepsMs = 60 * 60_000
const betweenLogLooksMs = 10_000
const betweenScrubsMs = 60 * 60_000
/** Of one thread, for the comparison after the start. */
const recoveryShare = 0.25
/** A layer is due a little early, so that it has been read when its time is over. */
const dueAfter = 6 / 7
/** Half of the second in which a key that another process switched off has to stop working, with room for the reading. */
const betweenLooksMs = 400
/** How long after a pull its count is added, for many of them at once: at most a second with the writing. */
const downloadsLagMs = 500
/** Events that were delivered are removed many at a time. */
const betweenClearsMs = 1_000
const afterFailureMs = 10_000
/** How long a stop waits for what is under way. */
const patienceMs = 5_000

export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { services, log, loadMetrics, collectEveryMs } = options
  const stopping = new AbortController()
  // A piece of work that fails is told and tried again the next time; it must not end the server.
  const attempt = async (what: string, piece: () => Promise<void>) => {
    try {
      await piece()
    } catch (error) {
      // The stores close when they have waited long enough for this.
      if (!stopping.signal.aborted) log.error({ err: error }, what)
    }
  }
  const repeat = async (everyMs: number, failure: string, piece: () => Promise<void>) => {
    do await attempt(failure, piece)
    while (await pause(everyMs, stopping.signal))
  }
  const scrubbing = () => {
    const { scrubEveryMs, scrubBytesPerSecond, checkStore, onDamagedDatabase } = options
    const everyMs = Math.min(betweenScrubsMs, scrubEveryMs * (1 - dueAfter))
    const pace = createRate(scrubBytesPerSecond, stopping.signal)
    const dueMs = () => Math.ceil(services.clock.now() - scrubEveryMs * dueAfter)
    return repeat(everyMs, 'a check of layers and database failed', async () => {
      const done = await scrub(services, { beforeMs: dueMs(), pace })
      options.onChecked(done)
      if (done.damaged > 0) log.error(done, 'damaged layers were found: push them again')
      else if (done.layers > 0) log.info(done, 'layers were checked')
      const [fault] = (await checkDatabaseIfDue({ ...services, checkStore }, dueMs())) ?? []
      if (fault !== undefined) onDamagedDatabase(new Error(`the database is damaged: ${fault}`))
    })
  }
  const work = async () => {
    if (!(await pause(calmMs, stopping.signal))) return
    await attempt('the metrics library could not be loaded', loadMetrics)
    await attempt('the check of files after the start failed', async () => {
      const { orphans, damaged } = await recover(services, createShare(recoveryShare, stopping.signal))
      if (orphans > 0) log.warn({ orphans }, 'files that no layer owns were moved to the trash')
      if (damaged > 0) log.error({ damaged }, 'layers whose file is missing or has another size: push them again')
    })
    await Promise.all([
      // Again and again, since what a crash left is too young right after it to be told from what a request is about to name.
      repeat(betweenLogoSweepsMs, 'a check of logos failed', async () => {
        const logos = await sweepLogos(services)
        if (logos > 0) log.warn({ logos }, 'logos that no catalog names were removed')
      }),
      repeat(betweenSweepsMs, 'a sweep failed', async () => {
        const done = await sweep(services)
        if (done.expiredUploads + done.unlinked > 0) log.info(done, 'swept')
      }),
      collectEveryMs > 0 &&
        repeat(collectEveryMs, 'a collection failed', async () => {
          await collect(services)
        }),
      repeat(betweenRefillsMs, 'the ballast could not be made', options.refillBallast),
      repeat(betweenLogLooksMs, "the database's log could not be looked at", watchDatabaseLog(options.logBytes, log)),
      options.scrubEveryMs > 0 && scrubbing(),
    ])
  }
  const watchIdentities = async () => {
    while (await pause(betweenLooksMs, stopping.signal)) {
      await attempt('changes of identities could not be read', () => services.identities.refresh())
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
  const done = Promise.all([work(), addDownloads(), watchIdentities(), clearOutbox()])
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
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal })
    return true
  } catch {
    return false
  }
}
