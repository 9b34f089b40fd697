// Checks of the database's file, in a thread of their own and beside running requests.

import { Worker } from 'node:worker_threads'
import { workerFile } from '../../../lib/worker-file.ts'
import type { CheckStore, StoreFault } from '../../../domain/ports/store-audit.ts'
import type { CheckOrder } from './check-worker.ts'
import { logBytes } from './log-file.ts'

/** Of a database; or in two or three, on a slow machine. */
const readInASecondBytes = 256 * 1024 * 1024

/** True when the last process that had the database open did not close it: its log is still there. Ask before opening. */
export async function stoppedUncleanly(file: string): Promise<boolean> {
  return (await logBytes(file)) > 0
}

/** Checks the database in the background; `onDamage` is told what is wrong, if anything. Gives a function that ends the check early. */
export function checkInBackground(file: string, onDamage: (error: Error) => void): () => Promise<void> {
  const check = startCheck({
    file,
    pragma: 'quick_check',
    beside: true,
    wholeBytesMax: readInASecondBytes,
    references: false,
  })
  check.faults.then(
    ([fault]) => {
      if (fault?.kind === 'damage') onDamage(new Error(`the database is damaged: ${fault.detail}`))
    },
    // A check that could not run is no damage.
    () => {},
  )
  // A process that ends does not wait for it.
  check.unref()
  return check.stop
}

/**
 * The port's check of the store, on this file. Running ones end when `opened` is disposed, and throw then.
 * @param beside whether anybody writes to it meanwhile
 * @param wholeBytesMax the largest database that is checked in one statement then; 256 MiB
 */
export function createCheck(
  file: string,
  opened: AsyncDisposableStack,
  beside: boolean,
  wholeBytesMax: number = readInASecondBytes,
): CheckStore {
  const running = new Set<() => Promise<void>>()
  opened.defer(async () => {
    await Promise.all([...running].map((stop) => stop()))
  })
  return async (references) => {
    const check = startCheck({ file, pragma: 'integrity_check', beside, wholeBytesMax, references })
    running.add(check.stop)
    try {
      return await check.faults
    } finally {
      running.delete(check.stop)
    }
  }
}

interface RunningCheck {
  /** Rejects when the check could not be made, or was stopped. */
  readonly faults: Promise<readonly StoreFault[]>
  readonly stop: () => Promise<void>
  readonly unref: () => void
}

function startCheck(order: CheckOrder): RunningCheck {
  const worker = new Worker(workerFile('check-worker', import.meta.url), { workerData: order, name: 'database check' })
  const { promise: faults, resolve, reject } = Promise.withResolvers<readonly StoreFault[]>()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('the check of the database ended early')))
  return {
    faults,
    stop: async () => {
      await worker.terminate()
    },
    unref: () => worker.unref(),
  }
}
