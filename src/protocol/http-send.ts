// Writes a response to the wire, at the client's pace: the one place that does.

import { STATUS_CODES } from '../lib/node-http.ts'
import { drain } from './http-body.ts'
import { type Exchange, type HttpLimits, startWaiting, stopWaiting } from './http-exchange.ts'
import type { HttpResponse } from './message.ts'

// A body up to this size leaves in one write. Above, it goes in pieces, so that a slow reader is seen to make progress.
const oneWriteBytesMax = 262_144

// An unread body of up to this size is read away to keep the connection: the manifest or form behind a 401 that is sent
// again.
const keptBodyBytesMax = 65_536

/**
 * Sends the response. The last of it was handed to the connection, or the client is gone, when it returns nothing or
 * when its promise resolves. A streamed body has been closed by then, whatever happened. Throws or rejects with what the
 * body threw, and for a header or length that cannot be sent.
 */
export function send(
  exchange: Exchange,
  response: HttpResponse,
  limits: HttpLimits,
  close: boolean,
): Promise<void> | undefined {
  const { body } = response
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    if (exchange.gone) return undefined
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : (body?.byteLength ?? 0)
    if (bytes <= oneWriteBytesMax || isWithoutBody(exchange, response.status)) {
      return sendWhole(exchange, response, body, bytes, limits, close)
    }
    const whole = typeof body === 'string' ? Buffer.from(body) : body
    return sendPieces(exchange, response, slices(whole ?? new Uint8Array()), bytes, limits, close)
  }
  return sendPieces(exchange, response, body, undefined, limits, close)
}

function sendWhole(
  exchange: Exchange,
  response: HttpResponse,
  body: string | Uint8Array | undefined,
  bytes: number,
  limits: HttpLimits,
  close: boolean,
): Promise<void> | undefined {
  const { outgoing } = exchange
  const withoutBody = isWithoutBody(exchange, response.status)
  // A HEAD answer without a body may state the length a GET would have; one made like the GET answer states its body's.
  const length = withoutBody && body === undefined ? undefined : bytes
  const rest = restOf(exchange)
  writeHead(exchange, response, isEmptyStatus(response.status) ? undefined : length, close || rest === 'close')
  const sent = withoutBody ? undefined : body
  if (rest !== 'none') {
    if (sent === undefined || bytes === 0) outgoing.flushHeaders()
    else outgoing.write(sent)
    exchange.bytesOut = withoutBody ? 0 : bytes
    return endAfterRest(exchange, rest, limits)
  }
  startWaiting(exchange, 'download')
  if (sent === undefined) outgoing.end()
  // ASCII: said so, node need not measure and translate it once more, head included (5 us of a small request).
  else if (typeof sent === 'string' && sent.length === bytes) outgoing.end(sent, 'latin1')
  else outgoing.end(sent)
  exchange.bytesOut = withoutBody ? 0 : bytes
  return undefined
}

async function sendPieces(
  exchange: Exchange,
  response: HttpResponse,
  body: AsyncIterable<Uint8Array>,
  bytes: number | undefined,
  limits: HttpLimits,
  close: boolean,
): Promise<void> {
  const pieces = body[Symbol.asyncIterator]()
  let read = false
  try {
    if (exchange.gone) return
    const rest = restOf(exchange)
    const begin = () => writeHead(exchange, response, bytes, close || rest === 'close')
    if (isWithoutBody(exchange, response.status)) {
      begin()
    } else {
      const declared = bytes ?? declaredLength(response)
      let begun = false
      for (;;) {
        const step = await pieces.next()
        if (step.done === true) read = true
        if (exchange.gone) return
        // The head waits for the first piece: a body that fails at once can still be answered as a defect.
        if (!begun) begin()
        begun = true
        if (step.done === true) break
        if (step.value.byteLength === 0) continue
        if (declared !== undefined && exchange.bytesOut + step.value.byteLength > declared) {
          throw new Error(`the body of the response is longer than its declared ${declared} bytes`)
        }
        await writePiece(exchange, step.value)
        if (exchange.gone) return
      }
      if (declared !== undefined && exchange.bytesOut < declared) {
        throw new Error(`the body of the response ended after ${exchange.bytesOut} of its declared ${declared} bytes`)
      }
    }
    if (rest !== 'none') {
      exchange.outgoing.flushHeaders()
      return await endAfterRest(exchange, rest, limits)
    }
    startWaiting(exchange, 'download')
    exchange.outgoing.end()
  } finally {
    if (!read) await pieces.return?.()
  }
}

// Waits for the write's callback AND for the close of the response: `write()` on a response whose connection is gone
// may drop both the data and the callback, and a loop that waited for the callback alone would hold its file open for
// ever. And a broken connection fails the callback before it closes the response: a loop over a body in memory that
// went by the close alone would never let it happen.
async function writePiece(exchange: Exchange, piece: Uint8Array): Promise<void> {
  startWaiting(exchange, 'download')
  await new Promise<void>((resolve) => {
    exchange.wakeWriter = resolve
    exchange.outgoing.write(piece, (error) => {
      if (error) exchange.gone = true
      resolve()
    })
  })
  exchange.wakeWriter = undefined
  stopWaiting(exchange)
  if (exchange.connection.socket.destroyed) exchange.gone = true
  if (exchange.gone) return
  exchange.bytesOut += piece.byteLength
  exchange.pace.movedBytes += piece.byteLength
}

function writeHead(exchange: Exchange, response: HttpResponse, bytes: number | undefined, close: boolean): void {
  const lines: (string | string[])[] = []
  let lengthGiven = false
  const { headers } = response
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? ''
    lines.push(name, typeof value === 'string' ? value : [...value])
    if (isContentLength(name)) {
      lengthGiven = true
      if (bytes !== undefined && String(bytes) !== value && !isWithoutBody(exchange, response.status)) {
        throw new Error(`the response declares ${String(value)} bytes and has ${bytes}`)
      }
    }
  }
  if (bytes !== undefined && !lengthGiven) lines.push('Content-Length', String(bytes))
  if (close) lines.push('Connection', 'close')
  // The phrase is given because node keeps that of a first head it could not write.
  exchange.outgoing.writeHead(response.status, STATUS_CODES[response.status] ?? '', lines)
  exchange.status = response.status
}

function declaredLength(response: HttpResponse): number | undefined {
  const entry = Object.entries(response.headers).find(([name]) => isContentLength(name))
  return entry === undefined ? undefined : Number(entry[1])
}

function isContentLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length'
}

function isEmptyStatus(status: number): boolean {
  return status === 204 || status === 304
}

function isWithoutBody(exchange: Exchange, status: number): boolean {
  return exchange.incoming.method === 'HEAD' || isEmptyStatus(status)
}

// What is left of the request's body: nothing, little enough to read away, or too much to wait for.
function restOf(exchange: Exchange): 'none' | 'drain' | 'close' {
  if (!exchange.hasBody || exchange.bodyEnded) return 'none'
  exchange.bodyAbandoned = true
  exchange.incoming.removeAllListeners('readable')
  if (exchange.incoming.complete) {
    exchange.incoming.resume()
    return 'none'
  }
  const { contentLength } = exchange
  if (contentLength === undefined || contentLength > keptBodyBytesMax || exchange.expectsContinue) return 'close'
  return 'drain'
}

// The answer is already on its way, whole. Closing now would reset the connection under a client that is still sending,
// and a reset discards what the client has not read yet (RFC 9112, 9.6). So some of the body is read away first.
async function endAfterRest(exchange: Exchange, rest: 'drain' | 'close', limits: HttpLimits): Promise<void> {
  const whole = await drain(exchange, limits.lingerBytesMax, limits.lingerMs)
  if (exchange.gone) return
  exchange.outgoing.end()
  if (rest === 'drain' && !whole) exchange.connection.socket.destroySoon()
}

async function* slices(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < whole.byteLength; offset += oneWriteBytesMax) {
    yield whole.subarray(offset, offset + oneWriteBytesMax)
  }
}
