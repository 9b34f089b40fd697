// Removing what lies where a file of ours was. A directory in its place is a stranger's: an empty one goes, any other is moved out of the way,
// since what is in it may be dear to somebody, and trying to unlink it would fail at each collection for ever.

import { lstat, mkdir, rename, rmdir, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isMissing } from './disk-errors.ts'
import { errorCode } from '../lib/error-code.ts'

/** Where directories go, below the data directory. Nothing reads it. */
export const setAsideIn = (directory: string): string => join(directory, 'set-aside')

export interface RemoveOptions {
  /** Where a directory goes; made when needed, on the same file system. */
  readonly aside: string
  /** Told where the directory is now. */
  readonly onSetAside: (path: string) => void
}

/** Nothing lies at `path` when this resolves; nothing there is fine. A link goes itself, and not what it leads to. */
export async function removeFile(path: string, options: RemoveOptions): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (isMissing(error)) return
    // Systems differ in how they refuse to unlink a directory.
    if (!(await isDirectory(path))) throw error
    await removeDirectory(path, options)
  }
}

async function removeDirectory(path: string, { aside, onSetAside }: RemoveOptions): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
    await mkdir(aside, { recursive: true, mode: 0o700 })
    const to = join(aside, basename(path))
    await rename(path, to)
    onSetAside(to)
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
