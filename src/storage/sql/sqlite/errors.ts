// What SQLite's result codes mean for us. https://www.sqlite.org/rescode.html

import { StillReferencedError, StorageBusyError, StorageFullError } from '../../../domain/ports/storage-errors.ts'

/** An error of SQLite; `code` is the extended result code. Made again on this side of the worker, where classes do not survive. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError'
  readonly code: number
  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

const busy = 5
const locked = 6
const noMemory = 7
const readOnly = 8
const ioError = 10
const corrupt = 11
const full = 13
const cannotOpen = 14
const constraint = 19
const notADatabase = 26
const constraintForeignKey = 787
/** The shared-memory file could not grow: how a full disk shows itself when the WAL index needs a page. */
const ioErrorSharedMemorySize = 4874

/** The extended result code of an error of `node:sqlite` (or ours), or `undefined` for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (error instanceof SqliteError) return error.code
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

/** The port's error for what SQLite threw; anything else stays as it is. */
export function toStorageError(error: unknown): unknown {
  const code = sqliteCodeOf(error)
  if (code === undefined) return error
  const primary = code & 0xff
  if (primary === full || code === ioErrorSharedMemorySize)
    return new StorageFullError('the database has no room', { cause: error })
  // Children come after parents in every statement of ours, so that it is a parent that could not go.
  if (code === constraintForeignKey) return new StillReferencedError('a row is still referenced', { cause: error })
  if (primary === busy || primary === locked) return new StorageBusyError('the database is locked', { cause: error })
  return error
}

/** True when the database can not be trusted to go on: the process must end, and recovery replays the log at the next start. */
export function isFatal(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  if (code === undefined || code === ioErrorSharedMemorySize) return false
  return [noMemory, readOnly, ioError, corrupt, cannotOpen, notADatabase].includes(code & 0xff)
}

/** True when the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  return [corrupt, notADatabase].includes((sqliteCodeOf(error) ?? 0) & 0xff)
}

/** A commit may fail for want of room or because another process has the lock; every other failure of it is fatal. */
export function isFatalForCommit(error: unknown): boolean {
  const primary = (sqliteCodeOf(error) ?? 0) & 0xff
  return isFatal(error) || ![full, busy, locked, constraint, ioErrorSharedMemorySize & 0xff].includes(primary)
}
