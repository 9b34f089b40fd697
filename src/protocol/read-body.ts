// The whole body of a request, bounded in bytes and in time. For documents (JSON, forms, manifests), never for layers.

import type { HttpRequest } from './message.ts'

/**
 * Thrown by a request's body when the client went away, or was cut, before the body was complete. Nobody is left to
 * answer.
 */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
  constructor() {
    super('the client went away before its request was complete')
  }
}

// Row R2: an API call's body has 30 seconds, whatever its size; only layer bytes may take longer, at a minimum rate.
const defaultDeadlineMs = 30_000

/**
 * Reads the body whole. Answers `too-large` before reading anything when the declared length says so. After `too-large`
 * and `too-slow` the rest stays unread: the adapter answers and closes the connection. Bodies are not decompressed (row
 * J24): the caller refuses `Content-Encoding`. Throws `ClientGoneError`.
 */
export async function readBody(
  request: HttpRequest,
  maxBytes: number,
  deadlineMs: number = defaultDeadlineMs,
): Promise<Uint8Array | 'too-large' | 'too-slow'> {
  const read: Uint8Array[] = []
  const failed = await receiveBody(request, maxBytes, (piece) => void read.push(piece), deadlineMs)
  return failed ?? join(read)
}

/** The same, with the pieces given to `take` as they come. `undefined` when that was all. */
export async function receiveBody(
  request: HttpRequest,
  maxBytes: number,
  take: (piece: Uint8Array) => void,
  deadlineMs: number = defaultDeadlineMs,
): Promise<'too-large' | 'too-slow' | undefined> {
  if (request.contentLength !== undefined && request.contentLength > maxBytes) return 'too-large'
  const pieces = request.body[Symbol.asyncIterator]()
  const deadline = timer(deadlineMs)
  try {
    let bytes = 0
    for (;;) {
      const step = await Promise.race([pieces.next(), deadline.passed])
      if (step === 'too-slow') return stop(pieces, 'too-slow')
      if (step.done === true) return undefined
      bytes += step.value.byteLength
      if (bytes > maxBytes) return stop(pieces, 'too-large')
      take(step.value)
    }
  } finally {
    deadline.clear()
  }
}

function timer(ms: number) {
  let handle: NodeJS.Timeout | undefined
  const passed = new Promise<'too-slow'>((resolve) => {
    handle = setTimeout(() => resolve('too-slow'), ms)
  })
  return { passed, clear: () => clearTimeout(handle) }
}

// Not awaited: a generator whose `next()` still waits for bytes would hold its `return()` back until they come.
function stop<Reason>(pieces: AsyncIterator<Uint8Array>, reason: Reason): Reason {
  pieces.return?.().catch(() => {})
  return reason
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  return Buffer.concat(pieces)
}
