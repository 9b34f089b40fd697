import { createHash } from 'node:crypto'
import { algorithmOf, hexOf, type Digest } from '../lib/digest.ts'

/** Bytes on disk that are not what was stored. */
export class DamagedBlobError extends Error {
  override readonly name = 'DamagedBlobError'
}

/**
 * Passes pieces through while hashing them. The last piece leaves only when the digest agrees; otherwise `onDamage` runs and it throws,
 * so that the reader sees a short body and never a complete wrong one. Not a generator: one that was never started would not hand
 * `return()` on, and its source is an open file.
 */
export function verified(
  pieces: AsyncIterable<Uint8Array>,
  blob: { readonly digest: Digest; readonly size: number },
  onDamage: () => Promise<void>,
): AsyncIterableIterator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]()
  const hash = createHash(algorithmOf(blob.digest))
  let bytes = 0
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const step = await source.next()
      if (step.done === true) return step
      hash.update(step.value)
      bytes += step.value.byteLength
      if (bytes < blob.size) return step
      if (bytes === blob.size && hash.digest('hex') === hexOf(blob.digest)) return step
      await source.return?.()
      await onDamage()
      throw new DamagedBlobError(`the bytes of ${blob.digest} are not the stored ones`)
    },
    return: async () => {
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
