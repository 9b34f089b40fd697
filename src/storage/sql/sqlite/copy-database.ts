// A copy of the database as it is at one moment, beside whoever reads and writes it.

import { backup, DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { workerFile } from '../../../lib/worker-file.ts'

/** Pages between two reports: 4 MiB. */
const pagesAtOnce = 1024

/**
 * Copies the database of `from` into the new file `to`. A reader keeps the moment: without it SQLite's online backup begins again at every
 * commit of another process, and never ends under load (seen). Writers go on; their log can not start over meanwhile, which costs room.
 * The pages are copied in the thread pool. `onPages` is told how many are done, and of how many.
 */
export async function copyDatabase(
  from: string,
  to: string,
  onPages: (done: number, total: number) => void,
): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 })
  try {
    source.exec('begin')
    // The moment is that of the first read.
    source.prepare('select count(*) from sqlite_schema').get()
    await backup(source, to, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) => onPages(totalPages - remainingPages, totalPages),
    })
  } finally {
    source.close()
  }
}

/** Reads a database through, in a thread of its own: what is wrong with it in a sentence, or `undefined`. */
export async function inspectDatabase(file: string): Promise<string | undefined> {
  const worker = new Worker(workerFile('inspect-worker', import.meta.url), {
    workerData: { file },
    name: 'database inspection',
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error(`the inspection of ${file} ended without an answer`)))
  const found = await promise
  await worker.terminate()
  return found === '' ? undefined : found
}
