/**
 * All bytes of a stream, or its first `limit`: then it is ended there. Text in it counts as UTF-8. Throws a TypeError for chunks that are neither.
 */
export async function readBytes(
  stream: AsyncIterable<unknown>,
  limit = Number.POSITIVE_INFINITY,
  onChunk?: (chunk: Uint8Array, receivedBytes: number) => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk
    if (!(bytes instanceof Uint8Array))
      throw new TypeError('A stream of bytes gave something that is neither bytes nor text')
    chunks.push(bytes)
    length += bytes.byteLength
    onChunk?.(bytes, length)
    if (length >= limit) break
  }
  return Buffer.concat(chunks).subarray(0, limit)
}
