// The event of a change, stored in the change's own transaction: a server that dies right after it has told nobody, and the next start does.

import type { Context } from '../domain/context.ts'
import type { AuditEvent } from '../domain/ports/audit.ts'

/** An operation that may change something, while it runs. */
export interface RecordedRun {
  /** The operation's, with an outbox event in the first transaction that it does. */
  readonly ctx: Context
  /** The id under which the event is stored, if it is. After this nothing more is: work that goes on by itself is not the operation's. */
  readonly end: () => string | undefined
}

/** @param eventOf makes the event as far as it is known before the operation has ended, under the id that the whole one will have */
export function recordChange(ctx: Context, eventOf: () => AuditEvent): RecordedRun {
  const { metadata, outbox, clock, ids } = ctx
  let storedAs: string | undefined
  let isOver = false
  return {
    ctx: {
      ...ctx,
      metadata: {
        ...metadata,
        write: async (work, purpose) => {
          if (storedAs !== undefined || isOver || !outbox.hasRoom()) return metadata.write(work, purpose)
          const stored = { id: outbox.newId(clock, ids), topic: 'audit', body: JSON.stringify(eventOf()) } as const
          const result = await metadata.write(async (tx) => {
            const done = await work(tx)
            await tx.outbox.put(stored)
            return done
          }, purpose)
          storedAs = stored.id
          return result
        },
      },
    },
    end: () => {
      isOver = true
      return storedAs
    },
  }
}
