// A file that is there to be given up: when the disk is full to the last byte, its room lets deletes, the collector and the database's log
// go on, and a server start. Made again when there is room again. What it gave up is for nothing else meanwhile.

import { randomFillSync } from 'node:crypto'
import { open, rm, stat, statfs, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageFullError } from '../domain/ports/storage-errors.ts'
import { isMissing, toStorageError } from './disk-errors.ts'
import { reserveOf } from './disk-space.ts'

export interface Ballast {
  /** Bytes of it that are given up, and can not be had back yet: nobody but those it was given up for may write them. */
  readonly missing: () => Promise<number>
  /** Gives up all but what a start needs. False when there is nothing left to give up. */
  readonly release: () => Promise<boolean>
  /** Makes it whole when there is room above the reserve, or removes it when there shall be none. */
  readonly refill: () => Promise<void>
}

export interface BallastOptions {
  /** The data directory. */
  readonly directory: string
  /** 0 for none; never more than a sixteenth of the file system. */
  readonly bytes: number
  /** As for uploads: 512 MiB or 2 % of the file system when it is not given. */
  readonly reserveBytes: number | undefined
}

const MiB = 1024 * 1024
/** For a start: the database's index in shared memory and the first pages of its log. */
const lastBytes = MiB
/** How long what was seen of the file is good: another process may give it up. */
const freshMs = 1000

/** Nothing is made before `refill`. */
export function openBallast({ directory, bytes, reserveBytes }: BallastOptions): Ballast {
  const file = join(directory, 'ballast')
  let seen: { readonly missing: number; readonly atMs: number } | undefined
  let refilling: Promise<void> | undefined

  const measure = async () => {
    const { bavail, blocks, bsize } = await statfs(directory)
    const target = Math.min(bytes, Math.floor((blocks * bsize) / 16))
    return { available: bavail * bsize, total: blocks * bsize, target, size: await sizeOf(file) }
  }

  const refill = async () => {
    seen = undefined
    if (bytes === 0) return rm(file, { force: true })
    const { available, total, target, size = 0 } = await measure()
    const wanted = target - size
    if (wanted <= 0 || available < Math.max(reserveOf(total, reserveBytes) + wanted, 2 * wanted)) return
    await fill(file, size, target)
  }

  const refillOnce = () => (refilling ??= refill().finally(() => (refilling = undefined)))

  /** One that was never made has given nothing up. */
  const look = async () => {
    const { target, size } = await measure()
    return size === undefined ? 0 : Math.max(0, target - size)
  }

  return {
    missing: async () => {
      if (bytes === 0) return 0
      if (seen && seen.missing === 0 && performance.now() - seen.atMs < freshMs) return 0
      let missing = await look()
      if (missing > 0) {
        await refillOnce()
        missing = await look()
      }
      seen = { missing, atMs: performance.now() }
      return missing
    },
    release: async () => {
      seen = undefined
      const size = (await sizeOf(file)) ?? 0
      if (size === 0) return false
      await truncate(file, size > lastBytes ? lastBytes : 0)
      return true
    },
    refill: refillOnce,
  }
}

/**
 * Gives up the last of the ballast when a server could not start without: on a full disk even the index of the database's log has no
 * room. A disk that is only nearly full leaves it as it is.
 */
export async function releaseForStart(directory: string, ballast: Ballast): Promise<void> {
  const isFull = async () => {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize < lastBytes
  }
  while ((await isFull()) && (await ballast.release()));
}

/** Real blocks: a file of holes takes no room, and one of zeros may be compressed to nothing. */
async function fill(file: string, from: number, to: number): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  const piece = randomFillSync(Buffer.allocUnsafeSlow(MiB))
  try {
    for (let at = from; at < to; at += piece.length)
      await handle.appendFile(piece.subarray(0, Math.min(piece.length, to - at)))
    await handle.sync()
  } catch (error) {
    await handle.truncate(from)
    if (!(toStorageError(error) instanceof StorageFullError)) throw error
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
