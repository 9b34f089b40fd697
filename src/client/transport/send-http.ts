// One HTTP exchange with a registry or behind a presigned URL: bodies are streams both ways, time-outs fire, redirects are the caller's.

import { request as requestHttp, type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'

import type { DirectConnection } from '../connection-options.ts'
import type { HttpAnswer } from './http-answer.ts'
import { TransientError } from './place.ts'
import { receiveBlob } from './receive-blob.ts'
import { reasonOf, TransportError, transportError } from './transport-error.ts'

export interface HttpCall {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array | undefined
  /** Of a GET that fetches a blob: how much is expected. */
  readonly answerBytes?: number | undefined
  readonly signal: AbortSignal | undefined
}

export interface HttpOptions {
  /** Chooses the connection's agent: proxies, certificates. Node's own, which keeps connections, when absent. */
  readonly agentFor?: ((url: URL) => Agent | undefined) | undefined
  /** For large downloads without TLS, which then go around the agent; absent where there may be a proxy. */
  readonly direct?: DirectConnection | undefined
  /** Without a byte in either direction for so long the exchange has failed, in milliseconds. */
  readonly idleTimeoutMs?: number | undefined
}

const idleTimeoutMsDefault = 60_000
/** Up to here a connection that is kept is worth more. */
const directBytesMin = 1024 * 1024

/** Sends a request and gives the answer's head. Throws TransientError when no answer came, Aborted, and what the body's source throws. */
export async function sendHttp(call: HttpCall, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { method, url, headers, body, signal } = call
  const received = await receiveLarge(call, options)
  if (received !== undefined) return received
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const agent = options.agentFor?.(url)
  const where = url.host
  const request = send(url, {
    method,
    headers: {
      'user-agent': 'stowage',
      ...(body instanceof Uint8Array && { 'content-length': body.byteLength }),
      ...headers,
    },
    ...(agent && { agent }),
    ...(signal && { signal }),
  })
  request.setTimeout(options.idleTimeoutMs ?? idleTimeoutMsDefault, () => {
    request.destroy(new Error('it was silent for too long'))
  })
  const answered = Promise.withResolvers<IncomingMessage>()
  request.once('response', answered.resolve)
  request.once('error', answered.reject)
  // An answer may come before all of the body is sent, and then the rest is of no use.
  const sent = sendBody(request, body)
  sent.catch((error: unknown) => {
    if (error instanceof TransportError || error instanceof TransientError) answered.reject(error)
  })
  try {
    const response = await answered.promise
    const flat = Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ])
    return { status: response.statusCode ?? 0, headers: Object.fromEntries(flat), body: response }
  } catch (error) {
    request.destroy()
    throw connectionFault(where, error, signal)
  }
}

async function receiveLarge(call: HttpCall, options: HttpOptions): Promise<HttpAnswer | undefined> {
  const { url, headers = {}, answerBytes = 0, signal } = call
  if (url.protocol !== 'http:' || answerBytes < directBytesMin || options.direct === undefined) return undefined
  const idleTimeoutMs = options.idleTimeoutMs ?? idleTimeoutMsDefault
  try {
    return await receiveBlob({ url, headers, idleTimeoutMs, signal }, options.direct)
  } catch (error) {
    throw connectionFault(url.host, error, signal)
  }
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** The body's pieces. Throws TransientError where the connection is cut. */
export async function* readBody(
  answer: HttpAnswer,
  where: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer.body) yield piece as Uint8Array // no encoding is set: they are buffers
  } catch (error) {
    throw connectionFault(where, error, signal)
  } finally {
    answer.body.destroy()
  }
}

/** The body as text, cut after `bytesMax`. */
export async function readText(
  answer: HttpAnswer,
  where: string,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of readBody(answer, where, signal)) {
    pieces.push(Buffer.from(piece)) // a copy: the memory is used again
    length += piece.byteLength
    if (length > bytesMax) break
  }
  return Buffer.concat(pieces)
}

/** Reads a body that nobody wants, so that its connection can be used again; a long one is cut. */
export async function discard(answer: HttpAnswer): Promise<void> {
  await readText(answer, '', 64 * 1024).catch(() => undefined) // what matters has been answered
}

async function sendBody(
  request: ClientRequest,
  body: AsyncIterable<Uint8Array> | Uint8Array | undefined,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body)
    return
  }
  for await (const piece of body) await written(request, piece)
  request.end()
}

/** The kernel has the bytes then. A connection that is gone already takes them without a word, and tells it by `close` alone. */
function written(request: ClientRequest, piece: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const closed = () => reject(new Error('the connection was closed'))
  request.once('close', closed)
  request.write(piece, (error) => (error ? reject(error) : resolve()))
  if (request.destroyed) closed()
  return promise.finally(() => request.off('close', closed))
}

function connectionFault(where: string, error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return transportError('Aborted', undefined, signal.reason)
  if (error instanceof TransportError || error instanceof TransientError) return error
  return new TransientError(transportError('Network', { where, reason: reasonOf(error) }, error))
}
