import { letOthersRun } from '../../lib/event-loop.ts'
import { isEventBody } from '../outbox.ts'
import type { Checking } from './checking.ts'

const batch = 500

/** Events that a server has stored and not delivered yet: of one that runs a few, otherwise those that the next start delivers. */
export async function checkOutbox({ metadata, progress, report }: Checking): Promise<void> {
  progress.begin('events on their way', 1)
  for (let after: string | undefined; ;) {
    const events = await metadata.read.outbox.page('audit', after, batch)
    for (const { id, body } of events) {
      if (isEventBody(body)) continue
      await report('event-unreadable', id, undefined, () =>
        metadata.write((tx) => tx.outbox.remove([id]), 'makes room'),
      )
    }
    after = events.at(-1)?.id
    if (events.length < batch) break
    await letOthersRun()
  }
  progress.advance()
}
