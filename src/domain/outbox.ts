// What is known in this process about events in the outbox: which of them were delivered, and can be removed from the table. An event is
// delivered at least once: at once by whoever stored it, and again at the next start when the process ended before it was removed.

import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Audit, AuditEvent } from './ports/audit.ts'
import type { Metadata } from './ports/metadata.ts'
import type { OutboxEvent } from './ports/outbox.ts'

export interface Outbox {
  /** False while so many events wait to be removed that no further ones are stored: they are delivered all the same, if no crash comes between. */
  readonly hasRoom: () => boolean
  /** The id of an event that is stored now. */
  readonly newId: (clock: Clock, ids: Ids) => string
  /** To be removed with the next `clear`. */
  readonly delivered: (id: string) => void
  /** Resolves when there is something to clear, at once or later. */
  readonly some: () => Promise<void>
  /** Removes what was delivered, once it is on the disk where it was delivered to. Throws what `metadata.write` throws; then it is kept for the next time. */
  readonly clear: (stores: Stores) => Promise<void>
}

interface Stores {
  readonly metadata: Metadata
  readonly audit: Audit
}

interface LeftEventsServices extends Stores {
  readonly onBackgroundError: (what: string, error: unknown) => void
}

/** In one statement, and so in one transaction. */
const batch = 500
/** Two seconds of the most changes that a server can do; 5 MB. */
const waitingMax = 20_000

/** @param mark what the ids of this process's events end with, where several share the table */
export function createOutbox(mark = ''): Outbox {
  let ids: string[] = []
  let waiting = Promise.withResolvers<void>()
  const delivered = (id: string) => {
    ids.push(id)
    waiting.resolve()
  }
  return {
    hasRoom: () => ids.length < waitingMax,
    newId: (clock, from) => `${String(clock.now()).padStart(13, '0')}-${from.uuid()}${mark}`,
    delivered,
    some: () => waiting.promise,
    clear: async ({ metadata, audit }) => {
      const left = ids
      ids = []
      waiting = Promise.withResolvers()
      try {
        if (!(await audit.flush())) return
        while (left.length > 0) {
          await metadata.write((tx) => tx.outbox.remove(left.slice(0, batch)), 'makes room')
          left.splice(0, batch)
        }
      } finally {
        for (const id of left) delivered(id)
      }
    },
  }
}

/**
 * Delivers what a process that is gone stored and had no time to remove: one whose events have this `mark`, or whoever was before this one, and then
 * before anything new is stored. Gives how many there were; those that the log does not take stay for the next start.
 */
export async function deliverLeftEvents(
  { metadata, audit, onBackgroundError }: LeftEventsServices,
  mark = '',
): Promise<number> {
  const take = async ({ id, body }: OutboxEvent) => {
    const event = ofBeforeStart(body)
    if (!event) onBackgroundError(`the event ${id}`, new Error('it can not be read, and nobody is told of it'))
    return !event || audit.record(event)
  }
  let after: string | undefined
  for (let count = 0; ;) {
    const page = await metadata.read.outbox.page('audit', after, batch)
    after = page.at(-1)?.id
    const events = page.filter(({ id }) => id.endsWith(mark))
    for (const event of events) if (!(await take(event))) return count
    if (page.length === 0 || !(await audit.flush())) return count
    const ids = events.map(({ id }) => id)
    if (ids.length > 0) await metadata.write((tx) => tx.outbox.remove(ids), 'makes room')
    count += events.length
  }
}

/** What came of the operation is not known, but that it changed something is. `undefined` for what is damaged. */
function ofBeforeStart(body: string): AuditEvent | undefined {
  if (!isEventBody(body)) return undefined
  const event = JSON.parse(body) as AuditEvent // `recordChange` wrote it
  return { ...event, additionalEventData: { deliveredAfterRestart: true } }
}

/** Whether a body is what was stored, as far as can be told. */
export function isEventBody(body: string): boolean {
  try {
    const event: unknown = JSON.parse(body)
    return typeof event === 'object' && event !== null && !Array.isArray(event)
  } catch {
    return false
  }
}
