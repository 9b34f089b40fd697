// Checks the structure of the database after an unclean stop, in a thread of its own and beside running requests. Answers with what
// it found, or an empty text.

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

// As `checkDatabase` starts it.
const { file } = workerData as { readonly file: string }
const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
let found: string
try {
  const row = database.prepare('pragma quick_check(1)').get()
  const answer = String(Object.values(row ?? {})[0])
  found = answer === 'ok' ? '' : answer
} catch (error) {
  // Damage may also show itself as a check that can not go on.
  found = error instanceof Error ? error.message : String(error)
} finally {
  database.close()
}
parentPort?.postMessage(found)
