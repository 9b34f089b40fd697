// One server per data directory. The lock is the operating system's own (SQLite's on a small file of its own), so that it ends with
// the process however that dies; a file with a process id alone would outlive a kill -9.

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

const busy = 5

/** An open exclusive transaction on an empty database holds a lock on its file and writes nothing: its journal, which a full disk would refuse, stays in memory. */
function tryLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file, { timeout: 0 })
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
