// How much may still be written. A reserve stays free, so that the database, deletes and the collector go on working on a full disk.

import { statfs } from 'node:fs/promises'
import { StorageFullError } from '../domain/ports/storage-errors.ts'

export interface Space {
  /** Bytes above the reserve, 0 at least. */
  readonly freeBytes: () => Promise<number>
  /**
   * Asked before `bytes` are written. Throws `StorageFullError` when the reserve has begun (`new`), or when half of it would be gone
   * (`running`: what is under way may end).
   */
  readonly check: (upload: 'new' | 'running', bytes: number) => Promise<void>
}

type Look = (directory: string) => Promise<{ readonly bavail: number; readonly blocks: number; readonly bsize: number }>

const MiB = 1024 * 1024
const freshMs = 1000

/** `reserveBytes` defaults to 512 MiB or 2 % of the file system, whichever is more. */
export function openSpace(directory: string, reserveBytes: number | undefined, look: Look = statfs): Space {
  let known: { available: number; readonly reserve: number; readonly atMs: number } | undefined
  const measure = async () => {
    const { bavail, blocks, bsize } = await look(directory)
    const reserve = reserveBytes ?? Math.max(512 * MiB, Math.floor(blocks * bsize * 0.02))
    known = { available: bavail * bsize, reserve, atMs: performance.now() }
    return known
  }
  const recent = async () => (known && performance.now() - known.atMs < freshMs ? known : measure())
  return {
    freeBytes: async () => {
      const { available, reserve } = await recent()
      return Math.max(0, available - reserve)
    },
    check: async (upload, bytes) => {
      const hasRoom = ({ available, reserve }: { readonly available: number; readonly reserve: number }) =>
        available - bytes >= (upload === 'new' ? reserve : reserve / 2)
      let space = await recent()
      // What is written counts at once: within a second a fast disk takes more than the whole reserve.
      if (!hasRoom(space)) space = await measure()
      if (!hasRoom(space)) throw new StorageFullError('below the reserve of free space')
      space.available -= bytes
    },
  }
}
