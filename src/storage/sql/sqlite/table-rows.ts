// All rows of a database as values, to put them back later: what the registry of a test returns to.

import type { SqliteConnection } from './connection.ts'

/** Rows by table, as they were at one moment. */
export type TableRows = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>

export function takeRows(connection: SqliteConnection): TableRows {
  return new Map(tablesOf(connection).map((table) => [table, rowsOf(connection, table)]))
}

/** Replaces every row. The rows refer to each other as they did when they were taken, so that no key has to be looked after on the way. */
export function putRows(connection: SqliteConnection, rows: TableRows): void {
  // Inside a transaction it would change nothing.
  connection.execute('pragma foreign_keys = 0')
  try {
    connection.execute('begin immediate')
    for (const table of tablesOf(connection)) {
      connection.execute(`delete from ${quoted(table)}`)
      for (const row of rows.get(table) ?? []) insert(connection, table, row)
    }
    connection.execute('commit')
  } catch (error) {
    if (connection.inTransaction()) connection.execute('rollback')
    throw error
  } finally {
    connection.execute('pragma foreign_keys = 1')
  }
}

/** Those of the migrations and of SQLite itself are no data. */
function tablesOf(connection: SqliteConnection): readonly string[] {
  const { rows } = connection.run(
    `select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'
       and name not like 'kysely\\_%' escape '\\' order by name`,
    [],
  )
  return rows.map((row) => String(Object(row).name))
}

function rowsOf(connection: SqliteConnection, table: string): readonly Readonly<Record<string, unknown>>[] {
  // A row of node:sqlite is a record of its columns.
  return connection.run(`select * from ${quoted(table)}`, []).rows as Readonly<Record<string, unknown>>[]
}

function insert(connection: SqliteConnection, table: string, row: Readonly<Record<string, unknown>>): void {
  const columns = Object.keys(row)
  const names = columns.map(quoted).join(', ')
  const marks = columns.map(() => '?').join(', ')
  connection.run(`insert into ${quoted(table)} (${names}) values (${marks})`, Object.values(row))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
