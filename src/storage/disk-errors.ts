import { StorageBusyError, StorageFullError } from '../domain/ports/storage-errors.ts'
import { errorCode } from '../lib/error-code.ts'

/** No space, no quota, or a file larger than the file system or the process may have. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** No descriptor is left, in the process or on the machine: it passes. */
const busyCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])

/** What a file that must not be followed to answers (`ELOOP`; `EMLINK` on FreeBSD), or one that can not be opened: a socket. */
export const isLink = (error: unknown): boolean => ['ELOOP', 'EMLINK', 'ENXIO'].includes(errorCode(error) ?? '')

/** What reading a directory as a file answers. */
export const isDirectoryError = (error: unknown): boolean => errorCode(error) === 'EISDIR'

export const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT'

/** The port's error for what the file system threw; anything else stays as it is. */
export function toStorageError(error: unknown): unknown {
  const code = errorCode(error)
  if (code === undefined) return error
  if (fullCodes.has(code)) return new StorageFullError('no room for the bytes', { cause: error })
  return busyCodes.has(code) ? new StorageBusyError('no file can be opened', { cause: error }) : error
}
