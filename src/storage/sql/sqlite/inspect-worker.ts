// Judges a database that nobody uses: one that was copied, or that came from elsewhere and is trusted in nothing. Answers with what is
// wrong in a sentence, or an empty text.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// As `inspectDatabase` starts it.
const { file } = workerData as { readonly file: string }

function inspect(): string {
  const database = new DatabaseSync(file, { readOnly: true, defensive: true, allowExtension: false })
  try {
    database.exec('pragma trusted_schema = off; pragma cell_size_check = on')
    // What runs by itself when tables are read or written. This program makes nothing of the kind.
    const strange = database
      .prepare(
        `select name from sqlite_schema where type not in ('table', 'index') or sql like 'create virtual%' limit 1`,
      )
      .get()
    if (strange) return `it holds ${JSON.stringify(strange['name'])}, which is neither a table nor an index`
    const answer = String(Object.values(database.prepare('pragma integrity_check(1)').get() ?? {})[0])
    // It begins with a line that only says in which database.
    if (answer !== 'ok') return answer.replace(/^\*\*\* in database .* \*\*\*\n/, '').replaceAll('\n', '; ')
    const broken = database.prepare('pragma foreign_key_check').get()
    return broken
      ? `a row of ${String(broken['table'])} refers to one of ${String(broken['parent'])} that is not there`
      : ''
  } finally {
    database.close()
  }
}

let found: string
try {
  found = inspect()
} catch (error) {
  // Damage may also show itself as a check that can not go on.
  found = error instanceof Error ? error.message : String(error)
}
parentPort?.postMessage(found)
