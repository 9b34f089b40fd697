// How much may still be written. A reserve stays free, so that the database, deletes and the collector go on working on a full disk.

import { statfs } from 'node:fs/promises'
import { StorageFullError } from '../domain/ports/storage-errors.ts'

export interface Space {
  /** Bytes above the reserve, 0 at least. */
  readonly freeBytes: () => Promise<number>
  /** Throws `StorageFullError` when the reserve has begun (`new`), or when half of it is gone (`running`: what is under way may end). */
  readonly check: (upload: 'new' | 'running') => Promise<void>
}

const MiB = 1024 * 1024
const freshMs = 1000

/** `reserveBytes` defaults to 512 MiB or 2 % of the file system, whichever is more. */
export function openSpace(directory: string, reserveBytes: number | undefined): Space {
  let known: { readonly available: number; readonly reserve: number; readonly atMs: number } | undefined
  const look = async () => {
    if (known && performance.now() - known.atMs < freshMs) return known
    const { bavail, blocks, bsize } = await statfs(directory)
    const reserve = reserveBytes ?? Math.max(512 * MiB, Math.floor(blocks * bsize * 0.02))
    known = { available: bavail * bsize, reserve, atMs: performance.now() }
    return known
  }
  return {
    freeBytes: async () => {
      const { available, reserve } = await look()
      return Math.max(0, available - reserve)
    },
    check: async (upload) => {
      const { available, reserve } = await look()
      if (available < (upload === 'new' ? reserve : reserve / 2))
        throw new StorageFullError('below the reserve of free space')
    },
  }
}
