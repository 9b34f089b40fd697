import type { CompiledQuery, QueryResult } from 'kysely'

/** A transaction on an engine that can do it all at once, after it was decided: where statements have no answer until then. */
export interface WholeTransaction {
  /** Throws when the statement can not wait for the end. */
  readonly run: <O>(query: CompiledQuery) => Promise<QueryResult<O>>
  /** Resolves when durable; with false when nothing was done, and the transaction must be made again in steps. Throws when the commit fails. */
  readonly commit: () => Promise<boolean>
}
