// The `Content-Range` of a chunk: `<first>-<last>`, not the RFC's form.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks

export interface Chunk {
  readonly start: number
  readonly length: number
}

/** `undefined` without the header, `invalid` when it is anything but two positions in order. */
export function parseContentRange(header: string | undefined): Chunk | 'invalid' | undefined {
  if (header === undefined) return undefined
  const [, first, last] = /^([0-9]{1,16})-([0-9]{1,16})$/.exec(header) ?? []
  const [start, end] = [Number(first ?? Number.NaN), Number(last ?? Number.NaN)]
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start > end) return 'invalid'
  return { start, length: end - start + 1 }
}

/** A body that is not as long as its chunk says. */
export class ChunkLengthError extends Error {
  override readonly name = 'ChunkLengthError'
}

/** Passes on a body of exactly `length` bytes; throws `ChunkLengthError` before a byte too many, or at an early end. */
export async function* ofLength(source: AsyncIterable<Uint8Array>, length: number): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.byteLength
    if (bytes > length) throw new ChunkLengthError(`the chunk is longer than ${length} bytes`)
    yield piece
  }
  if (bytes < length) throw new ChunkLengthError(`the chunk ended after ${bytes} of ${length} bytes`)
}
