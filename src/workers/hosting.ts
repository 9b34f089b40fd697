// What the process that owns the data directory does for its workers: it writes the database and the audit log, knows which upload is with whom, and
// counts what counts for all of them.

import type { Services } from '../domain/context.ts'
import { deliverLeftEvents } from '../domain/outbox.ts'
import type { Calls } from '../lib/calls.ts'
import { createFailedLogins } from '../protocol/distribution/failed-logins.ts'
import { mergeFigures } from '../protocol/merge-figures.ts'
import type { Metrics } from '../protocol/metrics.ts'
import { createPullBuckets } from '../protocol/public/pull-rates.ts'
import type { HostedTransactions, ServerStores } from '../stores.ts'
import type { PrimaryFace, WorkerFace } from './faces.ts'
import { markOf } from './remote-parts.ts'
import { createUploadArbiter } from './upload-arbiter.ts'
import type { PoolWorker, WorkerPool, WorkerPoolOptions } from './worker-pool.ts'

export interface HostingOptions {
  readonly stores: ServerStores
  readonly services: Services
  readonly metrics: Metrics
  /** Reads identities again, for this process alone. */
  readonly refreshIdentities: () => Promise<void>
  /** There is none before the first worker asks for something. */
  readonly pool: () => Pick<WorkerPool, 'joined' | 'find'> | undefined
}

/** How long a worker may take to say a word; one that stands still is ended, since others wait for it. */
const patienceMs = 5_000
/** Commits that were under way when a worker died are done by then. */
const afterEndMs = 2_000

export function createHosting(options: HostingOptions): Pick<WorkerPoolOptions, 'faceOf' | 'onGone'> {
  const { stores, services, metrics, refreshIdentities, pool } = options
  const hosted = new Map<number, HostedTransactions>()
  const failedLogins = {
    private: createFailedLogins(services.clock),
    public: createFailedLogins(services.clock),
  }
  const pulls = createPullBuckets(services.clock)
  const figuresOf = new Map<number, string>()
  /** What workers counted that are gone. */
  let counted = ''
  const arbiter = createUploadArbiter(async (number) => {
    const worker = pool()?.find(number)
    if (worker) await inTime(worker, (calls) => calls.call('ping'))
  })

  const collectFigures = async (): Promise<string> => {
    const workers = pool()?.joined() ?? []
    await Promise.all(
      workers.map(async (worker) => {
        const text = await inTime(worker, (calls) => calls.call('figures'))
        if (text !== undefined && !pool()?.find(worker.number)) return
        if (text !== undefined) figuresOf.set(worker.number, text)
      }),
    )
    const own = await metrics.figures()
    return mergeFigures([
      { process: 'primary', text: own },
      ...[...figuresOf].map(([number, text]) => ({ process: `worker ${number}`, text })),
      { process: undefined, text: counted },
    ])
  }

  const faceOf = (worker: number): ReturnType<WorkerPoolOptions['faceOf']> => {
    const transactions = stores.hostTransactions()
    hosted.set(worker, transactions)
    return {
      begin: transactions.begin,
      run: transactions.run,
      commit: transactions.commit,
      rollBack: transactions.rollBack,
      runWhole: transactions.runWhole,
      ping: () => {},
      claimUpload: (uploadId) => arbiter.claim(worker, uploadId),
      releaseUpload: (uploadId) => arbiter.release(worker, uploadId),
      missingBallast: stores.ballast.missing,
      releaseBallast: stores.ballast.release,
      recordEvent: services.audit.record,
      flushEvents: services.audit.flush,
      countFailedLogin: (side, address) => failedLogins[side].isOverLimit(address),
      takePull: pulls.take,
      figures: collectFigures,
      refreshIdentities: async () => {
        await Promise.all([
          refreshIdentities(),
          ...(pool()?.joined() ?? []).map((each) => inTime(each, (calls) => calls.call('refreshIdentities'))),
        ])
      },
      collected: metrics.collected,
    } satisfies Omit<PrimaryFace, 'hello' | 'join' | 'listens' | 'failed'>
  }

  const onGone = (worker: number) => {
    const transactions = hosted.get(worker)
    hosted.delete(worker)
    arbiter.forget(worker)
    counted = mergeFigures([
      { process: undefined, text: counted },
      { process: undefined, text: figuresOf.get(worker) ?? '' },
    ])
    figuresOf.delete(worker)
    const deliver = async () => {
      await transactions?.end()
      await new Promise((resolve) => setTimeout(resolve, afterEndMs).unref())
      await deliverLeftEvents(services, markOf(worker))
    }
    deliver().catch((error: unknown) =>
      services.onBackgroundError('telling the audit log of what a worker left', error),
    )
  }

  return { faceOf, onGone }
}

/** `undefined` when the worker is gone, or took too long: then it is ended. */
async function inTime<T>(worker: PoolWorker, ask: (calls: Calls<WorkerFace>) => Promise<T>): Promise<T | undefined> {
  const timer = setTimeout(worker.kill, patienceMs)
  try {
    return await ask(worker.calls)
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
