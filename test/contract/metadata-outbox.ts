// The contract of the metadata port, continued: events in the outbox.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OutboxEvent } from '../../src/domain/ports/outbox.ts'
import { sharedMetadata, type OpenMetadata } from './metadata-samples.ts'

const eventOf = (id: string): OutboxEvent => ({
  id,
  topic: 'audit',
  body: JSON.stringify({ eventID: id, text: 'ünïcode \u{1F40B}' }),
})

export function outboxContract(open: OpenMetadata): void {
  describe('the outbox', () => {
    const store = sharedMetadata(open)
    const page = (after?: string, limit = 10) => store.metadata.read.outbox.page('audit', after, limit)

    test('gives events in the order of their ids, in pages, until they are removed', async () => {
      const events = [eventOf('a'), eventOf('b'), eventOf('c')]
      await store.metadata.write(async (tx) => {
        for (const event of events.toReversed()) await tx.outbox.put(event)
      })
      assert.deepEqual(await page(), events)
      const [first, second] = await page(undefined, 2)
      assert.deepEqual([first, second], events.slice(0, 2))
      assert.deepEqual(await page(second?.id, 2), events.slice(2))
      await store.metadata.write((tx) => tx.outbox.remove(['a', 'c', 'nobody']))
      assert.deepEqual(await page(), events.slice(1, 2))
      await store.metadata.write((tx) => tx.outbox.remove(['b']))
      assert.deepEqual(await page(), [])
    })

    test('an event that is stored twice is there once, as it was', async () => {
      await store.metadata.write((tx) => tx.outbox.put(eventOf('twice')))
      await store.metadata.write((tx) => tx.outbox.put({ ...eventOf('twice'), body: '{}' }))
      assert.deepEqual(await page(), [eventOf('twice')])
      await store.metadata.write((tx) => tx.outbox.remove(['twice']))
    })

    test('an event is there with the change of its transaction, or neither is', async () => {
      const undone = store.metadata.write(async (tx) => {
        await tx.outbox.put(eventOf('undone'))
        throw new Error('no')
      })
      await assert.rejects(undone, { message: 'no' })
      assert.deepEqual(await page(), [])
    })

    test('more are removed at once than go into one statement', async () => {
      const ids = Array.from({ length: 2_500 }, (_, index) => `many ${index}`)
      await store.metadata.write(async (tx) => {
        for (const id of ids) await tx.outbox.put(eventOf(id))
      })
      await store.metadata.write((tx) => tx.outbox.remove(ids))
      assert.deepEqual(await page(), [])
    })
  })
}
