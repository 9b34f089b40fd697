// One server per data directory. The lock is the operating system's own (SQLite's on a small file of its own), so that it ends with
// the process however that dies; a file with a process id alone would outlive a kill -9.

import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface DataDirectoryLock {
  readonly release: () => Promise<void>
}

/** Who has the lock; the id is for the message only and `undefined` when it could not be read. */
export interface LockHolder {
  readonly heldBy: number | undefined
}

/** Locks the data directory, which is made when missing, for the life of the process or until `release`. */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock | LockHolder> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const nameFile = join(directory, 'lock.pid')
  const database = tryLock(join(directory, 'lock.db'))
  if (!database) return { heldBy: await readHolder(nameFile) }
  if (!workersAreGone(join(directory, workersName))) {
    database.close()
    return { heldBy: undefined }
  }
  // For a message only: on a full disk the server starts all the same.
  await writeFile(nameFile, `${process.pid}\n`).catch(() => {})
  return {
    release: async () => {
      if (!database.isOpen) return
      await rm(nameFile, { force: true })
      database.close()
    },
  }
}

const workersName = 'lock-workers.db'
/** Workers end when their server does, but one that stands still may be late. */
const workersPatienceMs = 5_000

/**
 * Says that this process works for the server that has the directory: it may outlive it for a moment, and until it is gone no other server begins.
 * For the life of the process or until `release`.
 */
export async function holdForWorker(directory: string): Promise<DataDirectoryLock> {
  const database = new DatabaseSync(join(directory, workersName), { timeout: workersPatienceMs })
  // A read that does not end holds a lock that many may hold, and that keeps the one of `workersAreGone` away.
  database.exec('pragma journal_mode = memory')
  database.exec('begin')
  database.prepare('select count(*) from sqlite_schema').get()
  return { release: async () => void (database.isOpen && database.close()) }
}

/** False when there are workers still, after a while. The caller has the lock of the server, so that none begins meanwhile. */
function workersAreGone(file: string): boolean {
  if (!existsSync(file)) return true
  const database = tryLock(file, workersPatienceMs)
  database?.close()
  return database !== undefined
}

const busy = 5

/** An open exclusive transaction on an empty database holds a lock on its file and writes nothing: its journal, which a full disk would refuse, stays in memory. */
function tryLock(file: string, timeout = 0): DatabaseSync | undefined {
  const database = new DatabaseSync(file, { timeout })
  try {
    database.exec('pragma journal_mode = memory')
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return undefined
    throw error
  }
}

async function readHolder(nameFile: string): Promise<number | undefined> {
  const text = await readFile(nameFile, 'utf8').catch(() => '')
  const id = Number.parseInt(text, 10)
  return Number.isSafeInteger(id) ? id : undefined
}
