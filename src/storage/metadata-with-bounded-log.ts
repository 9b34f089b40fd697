import { statfs } from 'node:fs/promises'
import type { Metadata } from '../domain/ports/metadata.ts'
import { StorageFullError } from '../domain/ports/storage-errors.ts'

export interface LogBound {
  /** The data directory. */
  readonly directory: string
  readonly logBytes: () => Promise<number>
  /** The log is let alone up to this. */
  readonly harmlessBytes: number
  /** For how long what was seen is good: one second. */
  readonly freshMs?: number
}

/**
 * Metadata whose log may not take the room it needs to become small again: writing it back makes the database larger by as much as the log
 * holds, at worst. So a log that another process keeps from starting over may be as large as what is free beside it; then only what makes room is
 * written, until that process lets go.
 */
export function withBoundedLog(metadata: Metadata, bound: LogBound): Metadata {
  const { directory, logBytes, harmlessBytes, freshMs = 1000 } = bound
  let seen: { readonly isTooLarge: boolean; readonly atMs: number } | undefined
  const isTooLarge = async () => {
    if (seen && performance.now() - seen.atMs < freshMs) return seen.isTooLarge
    const bytes = await logBytes()
    const { bavail, bsize } = bytes > harmlessBytes ? await statfs(directory) : { bavail: 0, bsize: 0 }
    seen = { isTooLarge: bytes > harmlessBytes && bytes > bavail * bsize, atMs: performance.now() }
    return seen.isTooLarge
  }
  return {
    ...metadata,
    write: async (work, purpose) => {
      if (purpose === undefined && (await isTooLarge()))
        throw new StorageFullError(
          "the database's log needs the room that is left: another process keeps it from starting over",
        )
      return metadata.write(work, purpose)
    },
  }
}
