import { createHash } from 'node:crypto'
import { algorithmOf, hexOf, type Digest } from '../lib/digest.ts'

/** Bytes on disk that are not what was stored. */
export class DamagedBlobError extends Error {
  override readonly name = 'DamagedBlobError'
}

/**
 * Passes pieces through while hashing them. The last piece leaves only when the digest agrees; otherwise `onDamage` runs and it throws,
 * so that the reader sees a short body and never a complete wrong one.
 */
export async function* verified(
  pieces: AsyncIterable<Uint8Array>,
  blob: { readonly digest: Digest; readonly size: number },
  onDamage: () => Promise<void>,
): AsyncIterable<Uint8Array> {
  const hash = createHash(algorithmOf(blob.digest))
  let bytes = 0
  for await (const piece of pieces) {
    hash.update(piece)
    bytes += piece.byteLength
    if (bytes >= blob.size && (bytes > blob.size || hash.digest('hex') !== hexOf(blob.digest))) {
      await onDamage()
      throw new DamagedBlobError(`the bytes of ${blob.digest} are not the stored ones`)
    }
    yield piece
  }
}
