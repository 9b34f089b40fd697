// Keeps the files of a data directory in place while they are copied, whoever runs beside: a row that ends by itself when this process dies.

import type { Metadata } from '../../domain/ports/metadata.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ids } from '../../lib/ids.ts'
import { BackupError } from './backup-error.ts'

export interface FilesHold extends AsyncDisposable {
  /** Throws BackupError when there was a time without a hold: a file that is missing may have been collected then. */
  readonly check: () => void
}

export interface HoldOptions {
  readonly metadata: Metadata
  readonly clock: Clock
  readonly ids: Ids
  readonly reason: string
  /** How long it lasts without being renewed; it is renewed five times as often. Five minutes. */
  readonly holdMs?: number
}

/** Nothing is unlinked from the moment this resolves. Dispose it to end the hold. */
export async function holdFiles({ metadata, clock, ids, reason, holdMs = 300_000 }: HoldOptions): Promise<FilesHold> {
  const id = ids.uuid()
  let untilMs = clock.now() + holdMs
  let lapsed = false
  let renewing: Promise<void> = Promise.resolve()
  await metadata.write(async (tx) => {
    await tx.holds.removeEnded(clock.now())
    await tx.holds.put({ id, reason, untilMs })
  }, 'makes room')
  const look = () => {
    if (clock.now() >= untilMs) lapsed = true
  }
  const renew = async () => {
    look()
    const nextMs = clock.now() + holdMs
    try {
      await metadata.write((tx) => tx.holds.put({ id, reason, untilMs: nextMs }), 'makes room')
      // It may have been late: then there was a time without it.
      look()
      untilMs = nextMs
    } catch {
      // The next one may succeed; if none does in time, `check` says so.
    }
  }
  const timer = setInterval(() => {
    renewing = renewing.then(renew)
  }, holdMs / 5)
  return {
    check: () => {
      look()
      if (lapsed)
        throw new BackupError(
          'the server was not kept from removing files (this process stood still for minutes): begin again',
        )
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await renewing
      await metadata.write((tx) => tx.holds.remove(id), 'makes room')
    },
  }
}
