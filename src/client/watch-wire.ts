// The innermost middleware, right before the request handler: what leaves and what comes is counted, shown to hooks and the wire trace, and an
// answer that is not of the service is told as such. It reads the answer, so that a connection cut in its middle fails here as well.

import { Readable } from 'node:stream'
import type { DeserializeMiddleware, MetadataBearer } from '@smithy/types'
import { readBytes } from './read-bytes.ts'
import { redactBody, redactHeaders } from './redact.ts'

/** A piece of a body on its way. */
export interface ChunkEvent {
  readonly operation: string
  /** From 1; a repeated request begins anew. */
  readonly attempt: number
  readonly chunk: Uint8Array
  /** Bytes of this body so far, this piece included. */
  readonly bytes: number
  /** Bytes of the whole body; `undefined` where the other side did not say. */
  readonly totalBytes: number | undefined
}

export interface WireHooks {
  /** What is sent: the body of a request, JSON with base64 in it, in pieces of 64 KiB. */
  readonly onChunkSent?: ((event: ChunkEvent) => void) | undefined
  /** What is received: the body of an answer, in the pieces in which it comes. */
  readonly onChunkReceived?: ((event: ChunkEvent) => void) | undefined
  /** Requests and answers as they are on the wire, secrets hidden. */
  readonly onWireText?: ((text: string) => void) | undefined
}

/** What is known of the requests of a call. Keyed by the input that was given to the SDK's command. */
export interface WireLog {
  readonly attempts: WeakMap<object, number>
  /** Errors of the connection, in contrast to those of an answer. */
  readonly broken: WeakSet<object>
}

export function createWireLog(): WireLog {
  return { attempts: new WeakMap(), broken: new WeakSet() }
}

/** Something answered that is not the service. Carries `$metadata`, so that the SDK repeats it where the status says so. */
export class NotJsonAnswer extends Error {
  override readonly name = 'NotJsonAnswer'
  readonly $metadata: { readonly httpStatusCode: number }
  readonly contentType: string | undefined
  readonly body: string

  constructor(httpStatusCode: number, contentType: string | undefined, body: string) {
    super(`The answer is not of the service: status ${httpStatusCode}, ${contentType ?? 'no content type'}`)
    this.$metadata = { httpStatusCode }
    this.contentType = contentType
    this.body = body
  }
}

export interface HttpRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: unknown
}
interface HttpResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  body?: unknown
}

const pieceBytes = 64 * 1024
/** More than any answer of ECR; a server that never ends must not fill the memory. */
const answerBytesMax = 512 * 1024 * 1024
const bodyShownMax = 1000

export function watchWire<I extends object, O extends MetadataBearer>(
  hooks: WireHooks,
  log: WireLog,
): DeserializeMiddleware<I, O> {
  return (next, context) => async (args) => {
    const operation = context.commandName?.replace(/Command$/, '') ?? ''
    const attempt = (log.attempts.get(args.input) ?? 0) + 1
    log.attempts.set(args.input, attempt)
    const request = args.request as HttpRequest // what the serializer of an HTTP protocol makes
    hooks.onWireText?.(requestText(request, attempt))
    const sent = withPieces(request, (chunk, bytes, totalBytes) =>
      hooks.onChunkSent?.({ operation, attempt, chunk, bytes, totalBytes }),
    )
    try {
      const result = await next({ ...args, request: hooks.onChunkSent === undefined ? request : sent })
      const response = result.response as HttpResponse // what a request handler gives
      const totalBytes = numberOf(response.headers['content-length'])
      const body = await bodyOf(response.body, (chunk, bytes) =>
        hooks.onChunkReceived?.({ operation, attempt, chunk, bytes, totalBytes }),
      )
      hooks.onWireText?.(responseText(response, body))
      response.body = body
      refuseOther(response, body)
      return result
    } catch (error) {
      if (typeof error === 'object' && error !== null && !(error instanceof NotJsonAnswer)) log.broken.add(error)
      throw error
    }
  }
}

/** The same request with a body that goes in pieces, each told when the connection takes it. */
function withPieces(
  request: HttpRequest,
  tell: (chunk: Uint8Array, bytes: number, totalBytes: number) => void,
): HttpRequest {
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body
  if (!(body instanceof Uint8Array)) return request
  const pieces = function* () {
    for (let start = 0; start < body.byteLength; start += pieceBytes) {
      const chunk = body.subarray(start, start + pieceBytes)
      yield chunk
      tell(chunk, start + chunk.byteLength, body.byteLength)
    }
  }
  const stream = Readable.from(pieces(), { objectMode: false, highWaterMark: pieceBytes })
  return withStream(request, stream, body.byteLength)
}

/** The same request with another body, of so many bytes. */
export function withStream(request: HttpRequest, body: Readable, bytes: number): HttpRequest {
  const headers = { ...request.headers, 'content-length': String(bytes) }
  const copy = Object.create(Object.getPrototypeOf(request) as object) as HttpRequest // of the same class, for handlers ask for it
  return Object.assign(copy, request, { headers, body })
}

async function bodyOf(body: unknown, onChunk: (chunk: Uint8Array, bytes: number) => void): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array()
  const isStream = typeof body === 'object' && Symbol.asyncIterator in body
  const stream = isStream ? (body as AsyncIterable<unknown>) : once(body) // the chunks are checked one by one
  const bytes = await readBytes(stream, answerBytesMax, onChunk)
  if (bytes.byteLength < answerBytesMax) return bytes
  throw Object.assign(new Error(`The answer is longer than ${answerBytesMax} bytes`), { code: 'ERR_ANSWER_TOO_LARGE' })
}

// oxlint-disable-next-line require-await
async function* once(body: unknown): AsyncGenerator {
  yield body
}

/** ECR answers with a JSON object, always. A proxy's page, a portal's text or nothing at all is not its answer, whatever the status. */
function refuseOther(response: HttpResponse, body: Uint8Array): void {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, bodyShownMax)).toString('utf8')
  if (start.trimStart().startsWith('{')) return
  throw new NotJsonAnswer(response.statusCode, response.headers['content-type'], start)
}

function requestText(request: HttpRequest, attempt: number): string {
  const port = request.port === undefined ? '' : `:${request.port}`
  const head = `> ${request.method} ${request.protocol}//${request.hostname}${port}${request.path} (attempt ${attempt})`
  return [head, ...headerLines('>', request.headers), `> ${redactBody(request.body)}`].join('\n')
}

function responseText(response: HttpResponse, body: Uint8Array): string {
  return [`< ${response.statusCode}`, ...headerLines('<', response.headers), `< ${redactBody(body)}`].join('\n')
}

function headerLines(sign: string, headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(redactHeaders(headers)).map(([name, value]) => `${sign} ${name}: ${value}`)
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}
