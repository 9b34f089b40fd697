// The bytes of a blob as the copying reads them: of the promised size and digest, going on where a connection was cut.

import { createHash } from 'node:crypto'

import { algorithmOf, type Digest } from '../../lib/digest.ts'
import { type BlobSource, type Descriptor, type Place, TransientError } from './place.ts'
import { throwIfAborted, transportError, transportFail } from './transport-error.ts'
import { createTries } from './with-retries.ts'

/** A blob at `place`. Reading fails with SizeMismatch, DigestMismatch, Aborted, and what the place fails with. */
export function openBlobSource(place: Place, blob: Descriptor, signal: AbortSignal | undefined): BlobSource {
  return {
    isLocal: place.isLocal,
    origin: place.origin,
    read: (offset) => readBlob(place, blob, offset, signal),
  }
}

async function* readBlob(
  place: Place,
  blob: Descriptor,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const tries = createTries({ signal })
  const hash = offset === 0 ? createHash(algorithmOf(blob.digest)) : undefined
  let position = offset
  // Nothing is asked for the empty blob: its digest says all.
  while (position < blob.size) {
    try {
      for await (const piece of await place.openBlob(blob, position, signal)) {
        throwIfAborted(signal)
        position += piece.byteLength
        if (position > blob.size) sizeMismatch(place, blob, position)
        hash?.update(piece)
        tries.progressed()
        yield piece
      }
      if (position < blob.size) throw new TransientError(sizeError(place, blob, position))
    } catch (error) {
      await tries.failed(error)
    }
  }
  const found = hash && `${algorithmOf(blob.digest)}:${hash.digest('hex')}`
  if (found !== undefined && found !== blob.digest)
    transportFail('DigestMismatch', { digest: blob.digest, found, where: place.name })
}

function sizeMismatch(place: Place, blob: Descriptor, found: number): never {
  throw sizeError(place, blob, found)
}

function sizeError(place: Place, blob: { readonly digest: Digest; readonly size: number }, found: number) {
  return transportError('SizeMismatch', { digest: blob.digest, expected: blob.size, found, where: place.name })
}
