// The write loop of an upload: pieces of any size are copied into large ones, and each is hashed while it is being written, and the next one
// fills. At most two pieces are held.

import { UploadTooLargeError } from '../domain/ports/storage-errors.ts'
import { pieceBytes, type Buffers } from './disk-buffers.ts'
import type { RunningHash } from './disk-hashes.ts'
import type { Pieces } from './disk-pieces.ts'

export interface Appending {
  readonly pieces: Pieces
  readonly offset: number
  readonly maxBytes: number
  /** Follows the bytes; it is right whenever `onIntact` runs. */
  readonly hash: RunningHash | undefined
  readonly buffers: Buffers
  /** Asked before each write of so many bytes; throws when there is no room. */
  readonly check: (bytes: number) => Promise<void>
  /** Everything that was hashed is in the file: the hash is that of `length` bytes. Also runs when the source failed. */
  readonly onIntact: (length: number) => void
}

/** Appends all of `source` and gives the new length. When `source` throws, what came before it is written first. */
export async function appendAll(appending: Appending, source: AsyncIterable<Uint8Array>): Promise<number> {
  const { pieces, maxBytes, hash, buffers } = appending
  const taken: Buffer[] = []
  let current = 0
  let filled = 0
  let position = appending.offset
  let running: Promise<void> = Promise.resolve()
  let broken = false

  const buffer = () => (taken[current] ??= buffers.take())

  /** Waits for the last write and starts the next one. */
  const flush = async () => {
    await running
    await appending.check(filled)
    const bytes = buffer().subarray(0, filled)
    running = pieces.write(buffer(), filled, position)
    running.catch(() => {
      // Seen by whoever waits for it next; here only noted, so that an upload's end can not overtake it.
      broken = true
    })
    // While they are being written, and not as they came: the pieces of a body in chunks are small, and each update of a hash has its price.
    hash?.sha256.update(bytes)
    hash?.checksums.update(bytes)
    position += filled
    filled = 0
    current = 1 - current
  }

  const add = async (piece: Uint8Array) => {
    for (let done = 0; done < piece.byteLength;) {
      // Pieces end at multiples of their size in the file, wherever the first one begins: direct writes need it.
      const size = pieceBytes - (position % pieceBytes)
      const part = piece.subarray(done, done + size - filled)
      buffer().set(part, filled)
      filled += part.byteLength
      done += part.byteLength
      if (filled === size) await flush()
    }
  }

  const finish = async () => {
    if (filled > 0) await flush()
    await running
    appending.onIntact(position)
  }

  let sourceEnded = false
  try {
    for await (const piece of source) {
      if (position + filled + piece.byteLength > maxBytes) throw new UploadTooLargeError(`more than ${maxBytes} bytes`)
      await add(piece)
    }
    sourceEnded = true
    await finish()
    return position
  } catch (error) {
    // A write that failed ends everything; a source that failed leaves its bytes.
    if (!sourceEnded && !broken) await finish()
    throw error
  } finally {
    // A buffer goes back only when nothing is being written from it.
    await running.catch(() => {})
    taken.forEach((one) => buffers.give(one))
  }
}
