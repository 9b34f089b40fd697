// Checks the structure of the database, and on demand its foreign keys, in a thread of its own and beside running requests. Answers with
// what it found.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { StoreFault } from '../../../domain/ports/store-audit.ts'

export interface CheckOrder {
  readonly file: string
  /** `quick_check` leaves out whether indexes hold what their tables hold. */
  readonly pragma: 'quick_check(1)' | 'integrity_check(100)'
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
    const found = db
      .prepare(`pragma ${order.pragma}`)
      .all()
      .map((row) => String(Object.values(row)[0]))
    const faults = found.filter((text) => text !== 'ok').map((detail): StoreFault => ({ kind: 'damage', detail }))
    return order.references ? [...faults, ...danglingRows(db)] : faults
  } catch (error) {
    // Damage may also show itself as a check that can not go on.
    return [{ kind: 'damage', detail: error instanceof Error ? error.message : String(error) }]
  }
}

/** SQLite's own check names no row of a table without rowid: it says which keys to ask about. */
function danglingRows(db: DatabaseSync): readonly StoreFault[] {
  const broken = new Map<string, { readonly table: string; readonly key: number }>()
  for (const row of db.prepare('pragma foreign_key_check').all())
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
