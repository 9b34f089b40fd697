// Small layers and configs that were read not long ago, in memory. They are kept by digest, after their bytes agreed with it, so that they can
// never be wrong; whether a repository has them and who may read them is asked at each request all the same. Checks of the store read the files.

import type { Digest } from '../lib/digest.ts'

export interface KeptLayers {
  /** All bytes of it: not to be written to. */
  readonly find: (digest: Digest) => Uint8Array | undefined
  /** Passes on the verified bytes of a whole layer, and keeps them when it is small: in one piece. */
  readonly keeping: (
    layer: { readonly digest: Digest; readonly size: number },
    pieces: AsyncIterable<Uint8Array>,
  ) => AsyncIterable<Uint8Array>
}

/** Above this a layer costs more to send than to open. */
const layerBytesMax = 64 * 1024

/** Keeps those that were asked for last, `bytesMax` together. */
export function createKeptLayers(bytesMax = 32 * 1024 * 1024): KeptLayers {
  const kept = new Map<Digest, Uint8Array>()
  let bytes = 0
  const keep = (digest: Digest, whole: Uint8Array) => {
    if (kept.has(digest)) return
    kept.set(digest, whole)
    bytes += whole.byteLength
    for (const [oldest, { byteLength }] of kept) {
      if (bytes <= bytesMax) break
      kept.delete(oldest)
      bytes -= byteLength
    }
  }
  return {
    find: (digest) => {
      const found = kept.get(digest)
      if (found) {
        // Now the youngest.
        kept.delete(digest)
        kept.set(digest, found)
      }
      return found
    },
    keeping: (layer, pieces) =>
      layer.size > layerBytesMax
        ? pieces
        : watchingFirst(pieces, (piece) => {
            // A piece is its reader's until the next one is pulled.
            if (piece.byteLength === layer.size) keep(layer.digest, Uint8Array.from(piece))
          }),
  }
}

/** Not a generator: one that was never started would not hand `return()` on, and behind it is an open file. */
function watchingFirst(
  pieces: AsyncIterable<Uint8Array>,
  see: (piece: Uint8Array) => void,
): AsyncIterableIterator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  let isFirst = true
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const step = await source.next()
      if (isFirst && step.done !== true) see(step.value)
      isFirst = false
      return step
    },
    return: async () => {
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
