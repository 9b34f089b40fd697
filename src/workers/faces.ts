// What the process that owns a data directory and those that serve from it ask of each other. Everything travels by structured clone.

import type { Collection } from '../domain/collection.ts'
import type { AuditEvent } from '../domain/ports/audit.ts'
import type { ListenReason } from '../protocol/listen-error.ts'
import type { Config } from '../settings.ts'
import type { TransactionHost } from '../stores.ts'

/** What a worker does, told to it when it asks. */
export interface WorkerOrders {
  /** Ports are those that all workers share. */
  readonly config: Config
  /** What its log lines say, and its events in the outbox are known by: never used twice. */
  readonly number: number
}

export interface WorkerPorts {
  readonly address: string
  readonly port: number
  readonly publicPort: number
}

/** Why a worker could not start: one sentence, and what else the command line makes of it. */
export interface StartFailure {
  readonly kind: 'start' | 'listen' | 'defect'
  readonly message: string
  readonly reason?: ListenReason
  readonly port?: number | undefined
}

/** Another worker may work on an upload when this one does; `moved`: another one did, since this one last asked. */
export type ClaimAnswer = 'granted' | 'moved' | 'busy'

/** Of the primary, for one worker. */
export interface PrimaryFace extends TransactionHost {
  readonly hello: () => WorkerOrders
  /** It is told of changes from now on. */
  readonly join: () => void
  readonly listens: (ports: WorkerPorts) => void
  readonly failed: (failure: StartFailure) => void
  readonly ping: () => void
  readonly claimUpload: (uploadId: string) => Promise<ClaimAnswer>
  readonly releaseUpload: (uploadId: string) => void
  readonly missingBallast: () => Promise<number>
  readonly releaseBallast: () => Promise<boolean>
  readonly recordEvent: (event: AuditEvent) => boolean | Promise<boolean>
  readonly flushEvents: () => Promise<boolean>
  readonly countFailedLogin: (side: 'private' | 'public', remoteAddress: string) => boolean | Promise<boolean>
  readonly takePull: (puller: string, perSecond: number) => boolean | Promise<boolean>
  readonly figures: () => Promise<string>
  /** Resolves when every worker has read identities again. */
  readonly refreshIdentities: () => Promise<void>
  readonly collected: (collection: Collection) => void
}

/** Of a worker, for the primary. */
export interface WorkerFace {
  readonly refreshIdentities: () => Promise<void>
  readonly figures: () => Promise<string>
  /** Answered after all that the worker told before. */
  readonly ping: () => void
  /** Finishes what is in flight, closes everything and ends. */
  readonly stop: (graceMs: number) => void
}
