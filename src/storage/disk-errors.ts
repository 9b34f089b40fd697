import { StorageFullError } from '../domain/ports/storage-errors.ts'

/** No space, no quota, or a file larger than the file system or the process may have. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

export const isMissing = (error: unknown): boolean => errorCode(error) === 'ENOENT'

/** The port's error for what the file system threw; anything else stays as it is. */
export function toStorageError(error: unknown): unknown {
  const code = errorCode(error)
  return code !== undefined && fullCodes.has(code)
    ? new StorageFullError('no room for the bytes', { cause: error })
    : error
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
