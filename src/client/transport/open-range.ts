// The bytes of a blob from some position on, over HTTP: a range where it is understood, else the whole with its beginning dropped.

import { dropFirst } from './drop-first.ts'
import { type Descriptor, TransientError } from './place.ts'
import type { HttpAnswer } from './http-answer.ts'
import { discard, readBody } from './send-http.ts'
import { transportError, transportFail } from './transport-error.ts'

const partial = 206
const notFound = 404

/** Opens a blob by `send`, which is given the headers. Fails with BlobMissing; throws TransientError as `send` does. */
export async function openRange(
  where: string,
  blob: Descriptor,
  offset: number,
  send: (headers: Readonly<Record<string, string>>) => Promise<HttpAnswer>,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const answer = await send(offset === 0 ? {} : { range: `bytes=${offset}-` })
  if (answer.status === notFound) {
    await discard(answer)
    return transportFail('BlobMissing', { digest: blob.digest, where })
  }
  if (answer.status !== partial) {
    const length = Number(answer.headers['content-length'] ?? blob.size)
    if (length !== blob.size) {
      answer.body.destroy()
      transportFail('SizeMismatch', { digest: blob.digest, expected: blob.size, found: length, where })
    }
    return dropFirst(readBody(answer, where, signal), offset)
  }
  const start = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1]
  if (Number(start) === offset) return readBody(answer, where, signal)
  answer.body.destroy()
  throw new TransientError(
    transportError('Refused', { where, reason: 'it answered with another range than was asked for.' }),
  )
}
