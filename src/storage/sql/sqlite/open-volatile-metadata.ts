// The embedded engine for registries that end with the process that made them: the same file, tables and statements, but nothing waits
// for a disk, and the whole content can be taken and put back.

import { Kysely } from 'kysely'
import type { Metadata } from '../../../domain/ports/metadata.ts'
import { createSqlMetadata } from '../metadata.ts'
import type { Tables } from '../tables.ts'
import { openConnection } from './connection.ts'
import { directDialect, writerDialect } from './dialect.ts'
import { createDirectWriter } from './direct-writer.ts'
import { isFatal, toStorageError } from './errors.ts'
import { bringUpToDate } from './prepare-database.ts'
import { putRows, takeRows, type TableRows } from './table-rows.ts'

export interface VolatileMetadata extends Metadata {
  /** Every row, between two transactions. */
  readonly take: () => Promise<TableRows>
  /** Replaces every row, between two transactions. Caches of what was there are the caller's to refresh. */
  readonly put: (rows: TableRows) => Promise<void>
}

export interface VolatileSqliteOptions {
  /** Made when missing; its directory is not. */
  readonly file: string
  readonly onFatal: (error: Error) => void
}

/** Readers have a connection of their own: they see what is committed, and nothing else. */
export async function openVolatileMetadata({ file, onFatal }: VolatileSqliteOptions): Promise<VolatileMetadata> {
  const writing = openConnection(file, 0, false)
  try {
    await bringUpToDate(writing)
  } catch (error) {
    writing.close()
    throw error
  }
  const writer = createDirectWriter(writing, onFatal)
  const reading = openConnection(file, 0, false)
  reading.execute('pragma query_only = 1')
  const noteFatal = (error: unknown) => {
    if (isFatal(error) && error instanceof Error) onFatal(error)
  }
  const metadata = createSqlMetadata({
    reader: new Kysely<Tables>({ dialect: directDialect(reading, noteFatal) }),
    writer: new Kysely<Tables>({ dialect: writerDialect(writer) }),
    toStorageError,
    close: async () => {
      reading.close()
      await writer.close()
    },
  })
  return {
    ...metadata,
    take: () => writer.alone(() => takeRows(writing)),
    put: (rows) => writer.alone(() => putRows(writing, rows)),
  }
}
