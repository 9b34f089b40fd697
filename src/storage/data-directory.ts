// What is refused before anything in a directory is opened or changed: a directory that is none of ours, or no longer whole.

import { access, constants, lstat, opendir, readdir, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { prefixes } from './disk-layout.ts'
import { logBytes } from './sql/sqlite/log-file.ts'
import { errorCode } from '../lib/error-code.ts'

/** Why nothing is begun in a directory, in one sentence for the operator. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
  /** `foreign` when it is none of ours: it is the wrong one that was named. */
  readonly kind: 'foreign' | 'unusable'
  constructor(kind: DataDirectoryError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** The database of a data directory. */
export const databaseIn = (data: string): string => join(data, 'metadata.db')

const folders = ['blobs', 'uploads', 'logos'] as const

/** What a server makes, or somebody may have put there before its first start. */
const own: ReadonlySet<string> = new Set([
  ...folders,
  'audit',
  'set-aside',
  'ballast',
  'restoring',
  'keys.json',
  'secrets.json',
  'server.json',
  'lock.db',
  'lock.db-journal',
  'lock.pid',
  'lock-workers.db',
  'lock-workers.db-journal',
  'metadata.db',
  'metadata.db-wal',
  'metadata.db-shm',
  'metadata.db-journal',
  'lost+found',
])

/**
 * Throws DataDirectoryError when a server must not start on `data`. A directory that is missing is fine, as is an empty one, or one with files
 * that the operator has `named`: a certificate, its key.
 */
export async function refuseForServer(data: string, named: readonly string[] = []): Promise<void> {
  const found = await stat(data).catch(() => undefined)
  if (!found) return
  await refuseUnusable(data, found.isDirectory())
  if (await hasDatabase(data)) return
  if (await hasLayers(data))
    throw new DataDirectoryError(
      'unusable',
      `${data} holds layers, but its database metadata.db is missing or empty, and a new one would give them up: restore a backup with "stowage restore", or choose another directory with --data`,
    )
  const known = new Set(named.map((path) => resolve(path)))
  const isForeign = (name: string) => !own.has(name) && !name.startsWith('.') && !known.has(resolve(data, name))
  const foreign = (await readdir(data)).find(isForeign)
  if (foreign !== undefined)
    throw new DataDirectoryError(
      'foreign',
      `${data} is not a data directory of stowage, and not empty (it has ${JSON.stringify(foreign)}): choose a new or empty directory with --data`,
    )
}

/** Throws DataDirectoryError when a command can not work on `data`, which has to be a data directory already. */
export async function refuseForCommand(data: string): Promise<void> {
  const found = await stat(data).catch(() => undefined)
  if (!found?.isDirectory() || !(await hasDatabase(data)))
    throw new DataDirectoryError(
      'foreign',
      `${data} is not a data directory of stowage (it has no metadata.db): name one with --data`,
    )
  await refuseUnusable(data, true)
}

/** The reason why a store of `data` can not be opened, where it is not in the error: a disk without any room. */
export async function isFull(data: string): Promise<boolean> {
  const disk = await statfs(data).catch(() => undefined)
  // The index of the database's log in shared memory takes 32 KiB, and the log itself as much.
  return disk !== undefined && disk.bavail * disk.bsize < 128 * 1024
}

async function refuseUnusable(data: string, isDirectory: boolean): Promise<void> {
  if (!isDirectory) throw new DataDirectoryError('foreign', `${data} is a file: name a directory with --data`)
  try {
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const isReadOnly = errorCode(error) === 'EROFS'
    const reason = isReadOnly ? 'its file system is read-only' : 'this user may not'
    throw new DataDirectoryError('unusable', `the data directory ${data} can not be written to: ${reason}`, {
      cause: error,
    })
  }
  const database = await lstat(databaseIn(data)).catch(() => undefined)
  if (database?.isDirectory())
    throw new DataDirectoryError('unusable', `${databaseIn(data)} is a directory, where the database should be`)
  for (const name of folders) {
    const folder = await stat(join(data, name)).catch(() => undefined)
    if (folder && !folder.isDirectory())
      throw new DataDirectoryError(
        'unusable',
        `${join(data, name)} is a file, where a directory should be: the data directory is damaged`,
      )
  }
}

/** After a crash within the first second all of it may still be in its log. */
async function hasDatabase(data: string): Promise<boolean> {
  const found = await stat(databaseIn(data)).catch(() => undefined)
  return found !== undefined && found.isFile() && (found.size > 0 || (await logBytes(databaseIn(data))) > 0)
}

async function hasLayers(data: string): Promise<boolean> {
  for (const prefix of prefixes) {
    const shard = await opendir(join(data, 'blobs', prefix)).catch(() => undefined)
    if (!shard) continue
    const first = await shard.read()
    await shard.close()
    if (first) return true
  }
  return false
}
