// What the server does beside requests: once after its start the comparison of files and tables, then sweeps and collections, each every
// few minutes, and the scrub. One process does it for all that serve from a directory; what each does for itself, chores.ts knows.

import type { Logger } from 'pino'

import { collect } from './domain/collector.ts'
import type { Services } from './domain/context.ts'
import { checkDatabaseIfDue } from './domain/database-check.ts'
import type { CheckStore } from './domain/ports/store-audit.ts'
import { pause, stoppable, type Stoppable } from './chores.ts'
import { sweepLogos } from './domain/public/sweep-logos.ts'
import { recover, sweep } from './domain/recovery.ts'
import { scrub, type ScrubReport } from './domain/scrub.ts'
import { createRate, createShare } from './lib/pace.ts'
import { watchDatabaseLog } from './watch-database-log.ts'

export interface HousekeepingOptions {
  readonly services: Services
  readonly log: Logger
  /** Time between two collections; 0 for none. */
  readonly collectEveryMs: number
  readonly checkStore: CheckStore
  /** Resolves when the library that counts requests is there. */
  readonly metricsAreLoaded: () => Promise<void>
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

export function startHousekeeping(options: HousekeepingOptions): Stoppable {
  const { services, log, collectEveryMs } = options
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
    // It takes the thread for a while, which the share of the next piece of work would count as its own. Its failure is told elsewhere.
    await options.metricsAreLoaded().catch(() => {})
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
  return stoppable(stopping, work())
}
