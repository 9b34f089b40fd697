import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { workerFile } from '../../../lib/worker-file.ts'

/** True when the last process that had the database open did not close it: its log is still there. Ask before opening. */
export async function stoppedUncleanly(file: string): Promise<boolean> {
  const log = await stat(`${file}-wal`).catch(() => undefined)
  return log !== undefined && log.size > 0
}

/** Checks the database in the background; `onDamage` is told what is wrong, if anything. Gives a function that ends the check early. */
export function checkDatabase(file: string, onDamage: (error: Error) => void): () => Promise<void> {
  const worker = new Worker(workerFile('check-worker', import.meta.url), {
    workerData: { file },
    name: 'database check',
  })
  worker.on('message', (found: string) => {
    if (found !== '') onDamage(new Error(`the database is damaged: ${found}`))
  })
  // A check that could not run is no damage; a process that ends does not wait for it.
  worker.on('error', () => {})
  worker.unref()
  return async () => {
    await worker.terminate()
  }
}
