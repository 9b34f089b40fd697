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
  /** Commits the group: one fsync for all its transactions. */
  | { readonly kind: 'commit'; readonly id: number }
  | { readonly kind: 'close' }

export interface WriterFailure {
  readonly message: string
  readonly code: number | undefined
}

export type WriterReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly failure: WriterFailure }
  | { readonly kind: 'done'; readonly id: number; readonly rows: unknown[]; readonly changes: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: WriterFailure }
