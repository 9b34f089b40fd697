/** What a server answered: its head, and a body that still comes. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** To be read, or dropped by `discard`. A piece is of use until the next is asked for. */
  readonly body: AsyncIterable<unknown> & { destroy(): unknown }
}
