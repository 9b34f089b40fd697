// The log of the database (its WAL). A commit appends to it, a checkpoint writes it back, and it starts over when all of it is written back
// and nobody reads from it: whoever keeps a read open, in whatever process, lets it grow.

import { stat } from 'node:fs/promises'

/** Bytes above which a commit tries to empty the log; below, it is as large as the last busy time made it. */
export const logBytesMax = 64 * 1024 * 1024

export const logOf = (file: string): string => `${file}-wal`

/** How large the log of the database `file` is; 0 when there is none. */
export async function logBytes(file: string): Promise<number> {
  const found = await stat(logOf(file)).catch(() => undefined)
  return found?.size ?? 0
}
