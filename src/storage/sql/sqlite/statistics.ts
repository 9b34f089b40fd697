// What SQLite's planner is told about the tables: always the same figures, those of a large registry, so that plans never depend on what is
// in a database, or on when somebody measured it. Without figures it takes the columns of an index to be worth nearly the same: looking
// whether a tag still refers to an image, at each deletion of one, it walked all tags of the repository (seen; 10^5 tags: 10 ms an image).

import type { SqliteConnection } from './connection.ts'

/**
 * By table and index, in the order of their names: rows, then rows that agree in the first column, in the first two, and so on. The index of a primary key has the
 * table's name. https://www.sqlite.org/fileformat2.html#stat1tab
 */
const figures: readonly (readonly [table: string, index: string, stat: string])[] = [
  ['manifest_blob', 'manifest_blob', '5000000 50000 10 1'],
  ['manifest_blob', 'manifest_blob_by_digest', '5000000 50000 20 20 1'],
  ['manifest_child', 'manifest_child', '1000000 10000 10 1'],
  ['manifest_child', 'manifest_child_by_child', '1000000 10000 2 1'],
  ['repo_blob', 'repo_blob', '1000000 10000 1'],
  ['repo_blob', 'repo_blob_by_digest', '1000000 10 1'],
  ['tag', 'tag', '1000000 10000 1'],
  ['tag', 'tag_by_digest', '1000000 10000 2 1'],
]

/** Connections that are opened afterwards plan by them. */
export function writeStatistics(connection: SqliteConnection): void {
  // The analysis of any one table makes the table of figures.
  if (connection.run(`select 1 from sqlite_schema where name = 'sqlite_stat1'`, []).rows.length === 0)
    connection.execute('analyze hold')
  const { rows } = connection.run('select tbl, idx, stat from sqlite_stat1 order by tbl, idx', [])
  const isSo = JSON.stringify(rows.map((row) => Object.values(Object(row)))) === JSON.stringify(figures)
  if (isSo) return
  const insert = 'insert into sqlite_stat1 (tbl, idx, stat) values (?, ?, ?)'
  connection.execute('begin immediate')
  connection.execute('delete from sqlite_stat1')
  for (const row of figures) connection.run(insert, row)
  connection.execute('commit')
}
