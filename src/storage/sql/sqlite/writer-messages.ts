// What the main thread and the writer's worker say to each other: lists of these, handled strictly in order.

/** What the worker is started with. */
export interface WriterPlace {
  readonly file: string
  /** How long a statement may wait for another process's lock. */
  readonly busyMs: number
  /** Bytes of the log above which a commit tries to empty it. */
  readonly logBytesMax: number
}

export type WriterRequest =
  /** Opens a write transaction: a savepoint inside the group's BEGIN IMMEDIATE, which the first of a group opens. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'run'; readonly id: number; readonly text: string; readonly parameters: readonly unknown[] }
  /** Ends the transaction; with `keep` false, or when one of its statements failed, nothing of it stays. */
  | { readonly kind: 'end'; readonly id: number; readonly keep: boolean }
  /** A transaction that is over before it begins: if its looks see what they saw before, it is kept with the group; else nothing of it stays. */
  | { readonly kind: 'whole'; readonly id: number; readonly steps: readonly WholeStep[] }
  /** Commits the group: one fsync for all its transactions. */
  | { readonly kind: 'commit'; readonly id: number }
  | { readonly kind: 'close' }

/** One statement of a transaction that was decided elsewhere, on what was committed then. */
export interface WholeStep {
  readonly text: string
  readonly parameters: readonly unknown[]
  /** Of a look: the rows that the decision rests on, as JSON. */
  readonly expected?: string
}

export interface WriterFailure {
  readonly message: string
  readonly code: number | undefined
}

export type WriterReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly failure: WriterFailure }
  | { readonly kind: 'done'; readonly id: number; readonly rows: unknown[]; readonly changes: number }
  /** Of a whole transaction only: it must be made again, in steps. One that is kept is not answered but by the commit of its group. */
  | { readonly kind: 'declined'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: WriterFailure }
