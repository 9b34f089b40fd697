import { StartError } from '../start-error.ts'
import { BackupError } from '../stores.ts'
import { CommandError } from './command-error.ts'

/** What to throw for whatever ended a backup or a restore: a sentence where the reason is outside this program, else the defect itself. */
export function backupFailure(what: string, error: unknown): unknown {
  if (error instanceof BackupError || error instanceof StartError) return new CommandError(error.message, 1, error)
  // A file system that is full, a directory that may not be written, a database that is locked.
  if (error instanceof Error && ('code' in error || 'errcode' in error || error.name.startsWith('Storage')))
    return new CommandError(`${what}: ${error.message}`, 1, error)
  return error
}
