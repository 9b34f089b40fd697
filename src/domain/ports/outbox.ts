// Events of changes that are on their way: stored in the transaction of the change, so that neither is there without the other, and removed when
// those they are for have them (docs/decisions/event-outbox.md).

/** Whom events are for. One that somebody new needs is stored a second time, under its own topic. */
export type OutboxTopic = 'audit'

export interface OutboxEvent {
  /** In the order of time (`Outbox.newId`): what is stored goes to the end of the table. */
  readonly id: string
  readonly topic: OutboxTopic
  /** JSON. It has an id of its own, which tells an event that is delivered twice from two events. */
  readonly body: string
}

export interface OutboxReads {
  /** In the order of their ids, those after `after`. */
  page(topic: OutboxTopic, after: string | undefined, limit: number): Promise<readonly OutboxEvent[]>
}

export interface OutboxWrites extends OutboxReads {
  /** One whose id is there already stays as it is. */
  put(event: OutboxEvent): Promise<void>
  /** Those that are not there are none any more. */
  remove(ids: readonly string[]): Promise<void>
}
