/** The bytes without the first `count`. */
export async function* dropFirst(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const piece of bytes) {
    if (piece.byteLength > left) yield left === 0 ? piece : piece.subarray(left)
    left = Math.max(left - piece.byteLength, 0)
  }
}
