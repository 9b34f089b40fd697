// What a worker has of the process that owns the data directory, as the parts of a server that serves by itself.

import type { Logger } from 'pino'

import type { Audit, AuditLevel } from '../domain/ports/audit.ts'
import type { SharedParts } from '../assemble.ts'
import type { Calls } from '../lib/calls.ts'
import type { WorkerStoresOptions } from '../stores.ts'
import type { PrimaryFace } from './faces.ts'

/** What the ids of a worker's events in the outbox end with. */
export const markOf = (worker: number): string => `.w${worker}`

/** Events that may be on their way: seconds of them. Beyond, they are lost as in a log that can not be written. */
const eventsMax = 20_000

export function remoteStores(primary: Calls<PrimaryFace>): Pick<WorkerStoresOptions, 'host' | 'claims' | 'ballast'> {
  return {
    host: {
      begin: (id) => primary.tell('begin', id),
      run: (id, text, parameters) => primary.call('run', id, text, parameters),
      commit: (id) => primary.call('commit', id),
      rollBack: (id) => primary.call('rollBack', id),
      runWhole: (steps) => primary.call('runWhole', steps),
    },
    claims: {
      claim: async (uploadId) => {
        const answer = await primary.call('claimUpload', uploadId)
        if (answer === 'busy') return undefined
        return { isMoved: answer === 'moved', release: () => primary.tell('releaseUpload', uploadId) }
      },
    },
    ballast: rememberingWhole({
      missing: () => primary.call('missingBallast'),
      release: () => primary.call('releaseBallast'),
    }),
  }
}

/** How long what was seen of the ballast is good, as in the process that has it: each write asks. */
const freshMs = 1_000

function rememberingWhole(ballast: WorkerStoresOptions['ballast']): WorkerStoresOptions['ballast'] {
  let wholeAtMs = -Infinity
  return {
    missing: async () => {
      if (performance.now() - wholeAtMs < freshMs) return 0
      const missing = await ballast.missing()
      if (missing === 0) wholeAtMs = performance.now()
      return missing
    },
    release: () => {
      wholeAtMs = -Infinity
      return ballast.release()
    },
  }
}

export function remoteAudit(primary: Calls<PrimaryFace>, level: AuditLevel, log: Logger): Audit {
  let waiting = 0
  let lost = 0
  const give = async (event: Parameters<Audit['record']>[0]) => {
    waiting++
    try {
      return await primary.call('recordEvent', event)
    } catch {
      // The primary is gone, and this process with it; what was stored is told at the next start.
      return false
    } finally {
      waiting--
      if (waiting === 0 && lost > 0) {
        log.error({ events: lost }, 'audit events were lost while too many of them waited')
        lost = 0
      }
    }
  }
  return {
    level,
    record: (event) => {
      if (waiting < eventsMax) return give(event)
      lost++
      return false
    },
    flush: () => primary.call('flushEvents'),
  }
}

export function remoteShared(primary: Calls<PrimaryFace>): SharedParts {
  return {
    failedLogins: { isOverLimit: (address) => primary.call('countFailedLogin', 'private', address) },
    publicFailedLogins: { isOverLimit: (address) => primary.call('countFailedLogin', 'public', address) },
    pulls: { take: (puller, perSecond) => primary.call('takePull', puller, perSecond) },
    figures: () => primary.call('figures'),
    ping: () => primary.call('ping'),
    refreshIdentities: () => primary.call('refreshIdentities'),
    collected: (collection) => primary.tell('collected', collection),
  }
}
