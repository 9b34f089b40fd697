// How much may still be written. A reserve stays free, so that the database, deletes and the collector go on working on a full disk.

import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { StorageFullError } from '../domain/ports/storage-errors.ts'

export interface Space {
  /** Bytes above the reserve, 0 at least; 0 as well where hardly a file can be made. */
  readonly freeBytes: () => Promise<number>
  /**
   * Asked before `bytes` are written. Throws `StorageFullError` when the reserve has begun (`new`), or when half of it would be gone
   * (`running`: what is under way may end).
   */
  readonly check: (upload: 'new' | 'running', bytes: number) => Promise<void>
  /** Throws `StorageFullError` when so many bytes could not all be written: asked before any of them is taken. */
  readonly requireRoom: (bytes: number) => Promise<void>
}

export interface SpaceOptions {
  readonly directory: string
  /** 512 MiB or 2 % of the file system, whichever is more, when it is not given. */
  readonly reserveBytes: number | undefined
  /** Bytes beside the reserve that are free and not for uploads. */
  readonly setAside?: (() => Promise<number>) | undefined
  /** How long what was seen is good: a second. */
  readonly freshMs?: number
  readonly look?: Look
}

type Look = (directory: string) => Promise<Pick<StatsFs, 'bavail' | 'blocks' | 'bsize' | 'files' | 'ffree'>>

const MiB = 1024 * 1024
/** Files that can still be made below which new uploads are refused. Of a file system that tells of 0 in all there is no such limit (btrfs). */
const filesReserve = 16

/** The reserve on a file system of so many bytes. */
export const reserveOf = (totalBytes: number, reserveBytes: number | undefined): number =>
  reserveBytes ?? Math.max(512 * MiB, Math.floor(totalBytes * 0.02))

interface Room {
  available: number
  readonly reserve: number
  readonly hasFiles: boolean
}

export function openSpace({ directory, reserveBytes, setAside, freshMs = 1000, look = statfs }: SpaceOptions): Space {
  let known: (Room & { readonly atMs: number }) | undefined
  const measure = async () => {
    const { bavail, blocks, bsize, files, ffree } = await look(directory)
    const reserve = reserveOf(blocks * bsize, reserveBytes)
    const available = bavail * bsize - ((await setAside?.()) ?? 0)
    known = { available, reserve, hasFiles: files === 0 || ffree >= filesReserve, atMs: performance.now() }
    return known
  }
  const recent = async () => (known && performance.now() - known.atMs < freshMs ? known : measure())
  const hasRoom = ({ available, reserve, hasFiles }: Room, upload: 'new' | 'running', bytes: number) =>
    upload === 'new' ? hasFiles && available - bytes >= reserve : available - bytes >= reserve / 2
  /** Nothing is awaited between the comparison and what it takes: others are about to ask as well. */
  const lookFor = async (upload: 'new' | 'running', bytes: number, taken: number) => {
    let space = await recent()
    // What is written counts at once: within a second a fast disk takes more than the whole reserve.
    if (!hasRoom(space, upload, bytes)) space = await measure()
    if (!hasRoom(space, upload, bytes)) throw new StorageFullError('below the reserve of free space or files')
    space.available -= taken
  }
  return {
    freeBytes: async () => {
      // A disk that was full may not be any more.
      const { available, reserve, hasFiles } = hasRoom(await recent(), 'new', 1) ? await recent() : await measure()
      return hasFiles ? Math.max(0, available - reserve) : 0
    },
    check: (upload, bytes) => lookFor(upload, bytes, bytes),
    requireRoom: (bytes) => lookFor('running', bytes, 0),
  }
}
