// Kysely on `node:sqlite`: a dialect whose connections are given from outside, direct ones (reads, migrations) or the writer's.

import {
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type QueryResult,
} from 'kysely'
import { withPatience } from '../../../lib/with-patience.ts'
import type { SqliteConnection, StatementResult } from './connection.ts'
import { toStorageError } from './errors.ts'
import { runDirectly } from '../statement.ts'
import { StorageBusyError } from '../../../domain/ports/storage-errors.ts'
import type { Writer, WriterTransaction } from './writer.ts'

/** Statements run at once, on this thread. */
export function directDialect(connection: SqliteConnection, onError: (error: unknown) => void): Dialect {
  const only = kyselyConnection((query) => readWithPatience(connection, query, onError))
  const execute = async (text: string) => connection.execute(text)
  const dialect = dialectOf({
    init: async () => {},
    acquireConnection: async () => only,
    beginTransaction: () => execute('begin immediate'),
    commitTransaction: () => execute('commit'),
    rollbackTransaction: () => execute('rollback'),
    releaseConnection: async () => {},
    destroy: async () => connection.close(),
  })
  runDirectly(dialect.createAdapter(), (query) => {
    try {
      return Promise.resolve(toQueryResult(connection.run(query.sql, query.parameters)))
    } catch {
      // Again, with what is done about it: a failed read has changed nothing.
      return only.executeQuery(query)
    }
  })
  return dialect
}

/** Every transaction is a write transaction of `writer`; statements outside of one are refused. */
export function writerDialect(writer: Pick<Writer, 'begin' | 'close'>): Dialect {
  // Kysely knows connections; for us a connection is one transaction.
  const transactions = new WeakMap<DatabaseConnection, WriterTransaction>()
  const transactionOf = (connection: DatabaseConnection): WriterTransaction => {
    const transaction = transactions.get(connection)
    if (!transaction) throw new Error('a write outside of a transaction')
    return transaction
  }
  return dialectOf({
    init: async () => {},
    acquireConnection: async () => {
      const connection: DatabaseConnection = kyselyConnection((query) =>
        transactionOf(connection).run(query.sql, query.parameters),
      )
      return connection
    },
    beginTransaction: async (connection) => {
      transactions.set(connection, await writer.begin())
    },
    commitTransaction: (connection) => transactionOf(connection).commit(),
    rollbackTransaction: (connection) => transactionOf(connection).rollBack(),
    releaseConnection: async () => {},
    destroy: () => writer.close(),
  })
}

const patienceMs = 5_000

/** A reader is refused only while another process recovers the log or the like: wait on a timer, not in SQLite, which would block the loop. */
async function readWithPatience(
  connection: SqliteConnection,
  query: CompiledQuery,
  onError: (error: unknown) => void,
): Promise<StatementResult> {
  try {
    return await withPatience(
      patienceMs,
      (error) => toStorageError(error) instanceof StorageBusyError,
      async () => connection.run(query.sql, query.parameters),
    )
  } catch (error) {
    onError(error)
    throw toStorageError(error)
  }
}

function kyselyConnection(run: (query: CompiledQuery) => Promise<StatementResult>): DatabaseConnection {
  return {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => toQueryResult(await run(query)),
    // Pages go by key; nothing reads a result piece by piece.
    // oxlint-disable-next-line require-yield
    streamQuery: async function* () {
      throw new Error('streamed queries are not offered')
    },
  }
}

function toQueryResult<R>({ rows, changes }: StatementResult): QueryResult<R> {
  // The statement's own type says what its rows are.
  return { rows: rows as R[], numAffectedRows: changes === 0 ? none : BigInt(changes) }
}

const none = 0n

function dialectOf(driver: Driver): Dialect {
  const adapter: DialectAdapter = {
    supportsMultipleConnections: true,
    supportsReturning: true,
    supportsCreateIfNotExists: true,
    // SQLite's DDL is transactional: a migration is done whole or not at all.
    supportsTransactionalDdl: true,
    // The data directory is locked, and a migration begins with `begin immediate`.
    acquireMigrationLock: async () => {},
    releaseMigrationLock: async () => {},
  }
  return {
    createDriver: () => driver,
    createAdapter: () => adapter,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}
