// Checks the structure of the database, and on demand its foreign keys, in a thread of its own and beside running requests. Answers with
// what it found.

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { StoreFault } from '../../../domain/ports/store-audit.ts'

export interface CheckOrder {
  readonly file: string
  /** `quick_check` leaves out whether indexes hold what their tables hold. */
  readonly pragma: 'quick_check' | 'integrity_check'
  /** Whether others write to it meanwhile: their log can not start over while one statement reads. */
  readonly beside: boolean
  /** The largest database that is checked in one statement beside others. */
  readonly wholeBytesMax: number
  /** Whether foreign keys are checked too. */
  readonly references: boolean
}

/** Named of one foreign key: more rows say nothing more. */
const namedMax = 1000

// As `startCheck` starts it.
const order = workerData as CheckOrder
const database = new DatabaseSync(order.file, { readOnly: true, timeout: 5000 })
try {
  parentPort?.postMessage(check(database))
} finally {
  database.close()
}

function check(db: DatabaseSync): readonly StoreFault[] {
  try {
    const faults = checks(db)
      .flatMap((pragma) => db.prepare(pragma).all())
      .map((row) => String(Object.values(row)[0]))
      .filter((text) => text !== 'ok')
      .map((detail): StoreFault => ({ kind: 'damage', detail }))
    return order.references ? [...faults, ...danglingRows(db)] : faults
  } catch (error) {
    // Damage may also show itself as a check that can not go on.
    return [{ kind: 'damage', detail: error instanceof Error ? error.message : String(error) }]
  }
}

/**
 * The whole check is one statement, and one read for as long as it takes. Of a large database beside others it is one for each table, which leaves
 * out only whether two tables claim the same page, and whether a page is lost.
 */
function checks(db: DatabaseSync): readonly string[] {
  if (!order.beside || statSync(order.file).size <= order.wholeBytesMax) return [`pragma ${order.pragma}`]
  return ['sqlite_schema', ...tablesOf(db)].map((table) => `pragma ${order.pragma}(${quoted(table)})`)
}

function tablesOf(db: DatabaseSync): readonly string[] {
  return db
    .prepare(`select name from sqlite_schema where type = 'table' order by name`)
    .all()
    .map((row) => String(row['name']))
}

/** SQLite's own check names no row of a table without rowid: it says which keys to ask about. */
function danglingRows(db: DatabaseSync): readonly StoreFault[] {
  const broken = new Map<string, { readonly table: string; readonly key: number }>()
  for (const row of tablesOf(db).flatMap((table) => db.prepare(`pragma foreign_key_check(${quoted(table)})`).all()))
    broken.set(`${String(row['table'])} ${String(row['fkid'])}`, {
      table: String(row['table']),
      key: Number(row['fkid']),
    })
  return [...broken.values()].flatMap(({ table, key }) => rowsOf(db, table, key))
}

function rowsOf(db: DatabaseSync, table: string, key: number): readonly StoreFault[] {
  const columns = db
    .prepare(`pragma foreign_key_list(${quoted(table)})`)
    .all()
    .filter((row) => row['id'] === key)
    .map((row) => ({ from: String(row['from']), to: String(row['to']), parent: String(row['table']) }))
  const parent = columns[0]?.parent ?? ''
  const primary = db
    .prepare(`pragma table_info(${quoted(table)})`)
    .all()
    .filter((row) => Number(row['pk']) > 0)
    .map((row) => String(row['name']))
  const given = columns.map(({ from }) => `child.${quoted(from)} is not null`)
  const same = columns.map(({ from, to }) => `parent.${quoted(to)} = child.${quoted(from)}`)
  const rows = db
    .prepare(
      `select ${primary.map((name) => `child.${quoted(name)}`).join(', ')} from ${quoted(table)} as child
       where ${given.join(' and ')}
         and not exists (select 1 from ${quoted(parent)} as parent where ${same.join(' and ')})
       limit ${namedMax}`,
    )
    .all()
  return rows.map((row) => ({
    kind: 'dangling',
    table,
    key: Object.entries(row)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
    refersTo: parent,
  }))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
