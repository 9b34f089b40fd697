// A process of its own, to be killed: writes rows from many callers at once and prints each one's name once it is acknowledged.

import { openSqliteMetadata } from '../../../src/storage/sql/sqlite/open-sqlite-metadata.ts'

const metadata = await openSqliteMetadata({
  file: process.argv[2] ?? '',
  onFatal: (error) => {
    throw error
  },
})
let next = 0
const caller = async () => {
  for (;;) {
    const phys = `written/${next++}`
    await metadata.write((tx) => tx.trash.put(phys, 'test', 0))
    // Waits for a reader that is behind; `writeSync` fails there, for the worker's output has made the pipe one that does not wait.
    process.stdout.write(`${phys}\n`)
  }
}
await Promise.all(Array.from({ length: 16 }, caller))
