// One HTTP exchange with a registry or behind a presigned URL: bodies are streams both ways, time-outs fire, redirects are the caller's.

import { request as requestHttp, type Agent, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

import { TransientError } from './place.ts'
import { reasonOf, TransportError, transportError } from './transport-error.ts'

export interface HttpCall {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array | undefined
  readonly signal: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** To be read, or dropped by `discard`. */
  readonly body: IncomingMessage
}

export interface HttpOptions {
  /** Chooses the connection's agent: proxies, certificates. Node's own, which keeps connections, when absent. */
  readonly agentFor?: ((url: URL) => Agent | undefined) | undefined
  /** Without a byte in either direction for so long the exchange has failed, in milliseconds. */
  readonly idleTimeoutMs?: number | undefined
}

const idleTimeoutMsDefault = 60_000

/** Sends a request and gives the answer's head. Throws TransientError when no answer came, Aborted, and what the body's source throws. */
export async function sendHttp(call: HttpCall, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { method, url, headers, body, signal } = call
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
    pieces.push(piece)
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
  request: ReturnType<typeof requestHttp>,
  body: AsyncIterable<Uint8Array> | Uint8Array | undefined,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body)
    return
  }
  await pipeline(Readable.from(body, { objectMode: false }), request)
}

function connectionFault(where: string, error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return transportError('Aborted', undefined, signal.reason)
  if (error instanceof TransportError || error instanceof TransientError) return error
  return new TransientError(transportError('Network', { where, reason: reasonOf(error) }, error))
}
