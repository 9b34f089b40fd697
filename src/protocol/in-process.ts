// A handler called without a socket: what `http*.ts` does between the wire and the handlers, done between values. For callers in the
// same process; nothing here defends against a hostile client.

import type { Ids } from '../lib/ids.ts'
import { CutConnectionError, type HttpHandler, type HttpRequest, type HttpResponse } from './message.ts'
import { ClientGoneError } from './read-body.ts'

export interface InProcessCall {
  readonly method: string
  /** Path and query, undecoded. */
  readonly target: string
  /** Any case; one value a name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined
  readonly secure: boolean
  /** Aborting it is the client going away. */
  readonly signal?: AbortSignal | undefined
}

export interface InProcessAnswer {
  readonly status: number
  /** Lower-case names, values joined. */
  readonly headers: Readonly<Record<string, string>>
  /** Pull it to its end or call `return()`. `undefined` where HTTP has no body, such as for HEAD. */
  readonly body: AsyncIterable<Uint8Array> | undefined
}

export interface InProcessOptions {
  readonly ids: Ids
  /** Told of what should never happen: a handler or a body that threw. */
  readonly onDefect: (error: unknown, requestId: string) => void
}

/** Throws what a client would see of a connection that broke (`ECONNRESET`), and an `AbortError` when `signal` is aborted before the answer. */
export async function callInProcess(
  handler: HttpHandler,
  call: InProcessCall,
  { ids, onDefect }: InProcessOptions,
): Promise<InProcessAnswer> {
  const { signal } = call
  const request = requestOf(call, ids.uuid())
  if (signal?.aborted) throw abortError(signal)
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal && abortError(signal))
  signal?.addEventListener('abort', onAbort, { once: true })
  const answering = handler(request)
  // When the client is gone first, whatever becomes of the answer is of no interest to it.
  answering.catch(() => {})
  try {
    return answerOf(await Promise.race([answering, aborted.promise]), call, request, onDefect)
  } catch (error) {
    if (error instanceof CutConnectionError) throw connectionReset(error)
    if (signal?.aborted) throw error
    onDefect(error, request.requestId)
    return { status: 500, headers: { 'content-length': '0' }, body: noBytes() }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function requestOf(call: InProcessCall, requestId: string): HttpRequest {
  const { method, target, body, secure } = call
  const mark = target.indexOf('?')
  // Without a prototype: a signature may list any name, `constructor` too, as a signed header.
  const headers: Record<string, string | undefined> = Object.create(null)
  for (const [name, value] of Object.entries(call.headers)) headers[name.toLowerCase()] = value
  const declared = headers['content-length']
  if (body instanceof Uint8Array && declared === undefined) headers['content-length'] = String(body.byteLength)
  return {
    method,
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers,
    rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name, value ?? '']),
    body: piecesOf(body, call.signal),
    contentLength: body instanceof Uint8Array ? body.byteLength : declared === undefined ? undefined : Number(declared),
    remoteAddress: '127.0.0.1',
    secure,
    signal: call.signal ?? new AbortController().signal,
    requestId,
  }
}

async function* piecesOf(body: InProcessCall['body'], signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (body === undefined) return
  const pieces = (body instanceof Uint8Array ? oneOf(body) : body)[Symbol.asyncIterator]()
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  const onAbort = () => gone.reject(new ClientGoneError())
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      // The next piece may never come.
      const step = await Promise.race([gone.promise, pieces.next()])
      if (step.done === true) return
      // A copy: pieces belong to the reader, who may give their memory back, and these are the caller's. Not Buffer.from: the SDK's bytes are taken for
      // a text by it, and complain.
      if (step.value.byteLength > 0) yield Buffer.copyBytesFrom(step.value)
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // Not awaited, for the same reason.
    endUnread(pieces)
  }
}

function answerOf(
  { status, headers, body }: HttpResponse,
  call: InProcessCall,
  { requestId }: HttpRequest,
  onDefect: InProcessOptions['onDefect'],
): InProcessAnswer {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    joined[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  // Clients of AWS set their clock by it.
  joined['date'] ??= new Date().toUTCString()
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array())
  const isEmptyStatus = status === 204 || status === 304
  if (bytes instanceof Uint8Array && !isEmptyStatus && !(call.method === 'HEAD' && body === undefined))
    joined['content-length'] ??= String(bytes.byteLength)
  if (call.method === 'HEAD' || isEmptyStatus) {
    if (!(bytes instanceof Uint8Array)) endUnread(bytes[Symbol.asyncIterator]())
    return { status, headers: joined, body: undefined }
  }
  const pieces = bytes instanceof Uint8Array ? oneOf(bytes) : bytes
  return { status, headers: joined, body: delivered(pieces, call.signal, (error) => onDefect(error, requestId)) }
}

/** The producer's buffers are its own again with the next pull: what leaves is a copy. */
async function* delivered(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onDefect: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  const producer = pieces[Symbol.asyncIterator]()
  // Whoever aborts may not pull again, and a producer may hold a file open.
  const onAbort = () => endUnread(producer)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      if (signal?.aborted) throw abortError(signal)
      const step = await producer.next()
      if (signal?.aborted) throw abortError(signal)
      if (step.done === true) return
      if (step.value.byteLength > 0) yield Buffer.from(step.value)
    }
  } catch (error) {
    if (signal?.aborted) throw error
    if (!(error instanceof CutConnectionError)) onDefect(error)
    throw connectionReset(error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    endUnread(producer)
  }
}

function endUnread(pieces: AsyncIterator<Uint8Array>): void {
  pieces.return?.().catch(() => {})
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

/** As node's own client calls it. */
function connectionReset(cause: unknown): Error {
  return Object.assign(new Error('socket hang up', { cause }), { code: 'ECONNRESET' })
}

/** As the SDK and `fetch` call it. */
function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  if (reason instanceof Error) return reason
  return Object.assign(new Error('Request aborted'), { name: 'AbortError' })
}
