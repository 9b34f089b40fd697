// The read loop of a blob: positional reads of large pieces, one read ahead of the consumer, two buffers. Two to three times cheaper
// than `createReadStream`; written by hand because a generator that was never started would not close its file.

import type { Buffers } from './disk-buffers.ts'
import { closeDescriptor, readFully } from './disk-descriptors.ts'

/**
 * The bytes from `start` up to `end` (not included) of an open file, which is closed at the end, on failure, or by `return()`. A piece is
 * valid until the next pull. One consumer; it pulls one piece at a time.
 */
export function readPieces(
  descriptor: number,
  start: number,
  end: number,
  pieceSize: number,
  buffers: Buffers,
): AsyncIterableIterator<Uint8Array> {
  let position = start
  let ended = false
  /** The piece that the consumer has. */
  let lent: Buffer | undefined
  /** The piece that it gets next. */
  let ahead: { readonly buffer: Buffer; readonly bytes: Promise<Uint8Array> } | undefined
  let closing: Promise<void> | undefined

  const startRead = (buffer: Buffer) => {
    const length = Math.min(pieceSize, end - position)
    const bytes = readFully(descriptor, buffer, length, position)
    // Seen by the next pull; until then a failure must not count as unhandled.
    bytes.catch(() => {})
    position += length
    return { buffer, bytes }
  }

  const finish = async () => {
    if (!ended) {
      ended = true
      await ahead?.bytes.catch(() => {})
      if (ahead) buffers.give(ahead.buffer)
      if (lent) buffers.give(lent)
    }
    await (closing ??= closeDescriptor(descriptor))
  }

  const done = { done: true, value: undefined } as const
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      if (!ended && position < end) ahead ??= startRead(buffers.take())
      if (ended || !ahead) {
        await finish()
        return done
      }
      const now = ahead
      try {
        const value = await now.bytes
        // `return()` may have come while we waited; it has given the buffers back.
        if (ended) return done
        const free = lent
        lent = now.buffer
        ahead = position < end ? startRead(free ?? buffers.take()) : undefined
        if (!ahead) {
          if (free) buffers.give(free)
          // Nothing is left to read: close while the consumer works on the last piece.
          closing = closeDescriptor(descriptor)
          closing.catch(() => {})
        }
        return { done: false, value }
      } catch (error) {
        await finish()
        throw error
      }
    },
    return: async () => {
      await finish()
      return done
    },
  }
}
