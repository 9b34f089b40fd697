import { crc32 } from 'node:zlib'
import { checkedBytes } from '../lib/checksums.ts'
import type { ByteRange } from './ports/blobs.ts'
import { DamagedBlobError } from './verified-bytes.ts'

/** The range that must be read to check `range`: whole MiBs of a file of `size` bytes. */
export function coveringRange(range: ByteRange, size: number): ByteRange {
  const start = range.start - (range.start % checkedBytes)
  const end = range.end - (range.end % checkedBytes) + checkedBytes - 1
  return { start, end: Math.min(end, size - 1) }
}

/**
 * Gives the bytes of `range` out of `pieces`, which are those of its covering range, and compares every MiB with its checksum. The last bytes
 * of a MiB leave only when it agrees; otherwise `onDamage` runs and it throws, so that wrong bytes never make a complete answer.
 * Holds no more than one piece. Not a generator, for the reason that `verified` is none.
 */
export function checkedRange(
  pieces: AsyncIterable<Uint8Array>,
  range: ByteRange,
  size: number,
  checksums: readonly number[],
  onDamage: () => Promise<void>,
): AsyncIterableIterator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  const covering = coveringRange(range, size)
  let position = covering.start
  let current = 0
  let ended = false
  const done = { done: true, value: undefined } as const

  /** Whether all MiBs that end within the piece agree. */
  const agrees = (piece: Uint8Array): boolean => {
    for (let at = 0; at < piece.byteLength;) {
      const part = piece.subarray(at, at + checkedBytes - (position % checkedBytes))
      current = crc32(part, current)
      position += part.byteLength
      at += part.byteLength
      const isWhole = position % checkedBytes === 0 || position === size
      if (!isWhole) continue
      if (checksums[Math.ceil(position / checkedBytes) - 1] !== current) return false
      current = 0
    }
    return true
  }

  const pull = async (): Promise<{ readonly piece: Uint8Array; readonly at: number }> => {
    const step = await source.next()
    const at = position
    if (step.done !== true && agrees(step.value)) return { piece: step.value, at }
    ended = true
    await source.return?.()
    await onDamage()
    throw new DamagedBlobError(`the bytes from ${range.start} to ${range.end} are not the stored ones`)
  }

  /** The wanted bytes of the next piece that has some; what comes after the last wanted byte has been checked by then. */
  const pullWanted = async (): Promise<Uint8Array> => {
    for (;;) {
      const { piece, at } = await pull()
      const from = Math.max(0, range.start - at)
      const wanted = piece.subarray(from, range.end + 1 - at)
      if (from >= piece.byteLength) continue
      if (position <= range.end || position > covering.end) return wanted
      // The piece is good until the next pull only, and its MiB is not yet read to its end.
      const held = Uint8Array.from(wanted)
      while (position <= covering.end) await pull()
      return held
    }
  }

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      if (ended || position > range.end) {
        ended = true
        await source.return?.()
        return done
      }
      return { done: false, value: await pullWanted() }
    },
    return: async () => {
      ended = true
      await source.return?.()
      return done
    },
  }
}
