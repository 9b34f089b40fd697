// A server of several processes: one owns the data directory and writes the database, the others serve. docs/decisions/workers.md says why so.

import type { Logger } from 'pino'

import {
  type AssembleOptions,
  closing,
  doChores,
  keepHouse,
  listen,
  openBase,
  readTls,
  serve,
  setAsideTo,
  type Stowage,
} from './assemble.ts'
import { createOutbox } from './domain/outbox.ts'
import type { Calls } from './lib/calls.ts'
import type { RequestLine } from './protocol/request-log.ts'
import { openWorkerStores } from './stores.ts'
import type { PrimaryFace, WorkerFace, WorkerOrders } from './workers/faces.ts'
import { createHosting } from './workers/hosting.ts'
import { markOf, remoteAudit, remoteShared, remoteStores } from './workers/remote-parts.ts'
import { openWorkerPool, type WorkerPool, type WorkerPoolOptions } from './workers/worker-pool.ts'

export { fatalCode } from './workers/worker-pool.ts'

export interface PrimaryOptions extends AssembleOptions, Pick<WorkerPoolOptions, 'program' | 'onLines'> {}

/** Opens everything and has `config.workers` processes serve. Throws `StartError` or `ListenError`; then nothing is left open. */
export async function openPrimary(options: PrimaryOptions): Promise<Stowage> {
  await using opened = new AsyncDisposableStack()
  const base = await openBase(options, opened)
  const { stores, audit } = base
  const serving = await serve({ ...options, ...base, auditState: audit.state, outbox: createOutbox() }, opened)
  const { services, metrics, refreshIdentities } = serving
  let pool: WorkerPool | undefined
  const hosting = createHosting({ stores, services, metrics, refreshIdentities, pool: () => pool })
  const { started, stop } = (pool = openWorkerPool({ ...options, ...hosting }))
  opened.defer(() => stop(0))
  const ports = await started
  keepHouse(options, base, serving, opened)
  const kept = opened.move()
  return {
    address: serving.place(ports),
    close: async (graceMs) => {
      await stop(graceMs)
      await kept.disposeAsync()
    },
  }
}

export interface WorkerOptions extends WorkerOrders {
  readonly log: Logger
  readonly logRequest: (line: RequestLine) => void
  readonly onFatal: (error: Error) => void
  readonly primary: Calls<PrimaryFace>
}

/** A process that serves. */
export interface WorkerServer extends Pick<WorkerFace, 'refreshIdentities' | 'figures'> {
  readonly close: Stowage['close']
}

/** Opens what a worker needs and listens. Throws `StartError` or `ListenError`; then nothing is left open. */
export async function openWorker({
  config,
  number,
  log,
  logRequest,
  onFatal,
  primary,
}: WorkerOptions): Promise<WorkerServer> {
  await using opened = new AsyncDisposableStack()
  const tls = await readTls(config)
  const stores = await openWorkerStores(
    { ...config, onFatal, onSetAside: setAsideTo(log), ...remoteStores(primary) },
    opened,
  )
  const audit = remoteAudit(primary, config.auditLog, log)
  const shared = remoteShared(primary)
  const serving = await serve({ config, log, tls, stores, audit, outbox: createOutbox(markOf(number)), shared }, opened)
  const refreshIdentities = async () => {
    // What this turn of the event loop has read may be older than what the caller was told of.
    stores.renew()
    await serving.refreshIdentities()
  }
  // Told of changes first, and then the last look before the first request: nothing that was changed meanwhile is missed.
  await primary.call('join')
  await refreshIdentities()
  const ports = await listen({ config, log, logRequest }, serving, opened)
  serving.place(ports)
  doChores(log, serving, opened)
  primary.tell('listens', ports)
  const kept = opened.move()
  return { refreshIdentities, figures: serving.metrics.figures, close: closing(serving, kept) }
}
