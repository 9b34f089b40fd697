// One request from its headers to its log line: its turn on the connection, its handler, its answer, its end.

import type { IncomingMessage, ServerResponse } from 'node:http'

import { bodyOf, emptyBody } from './http-body.ts'
import { type Arrival, type Connection, type Exchange, type Service, cut, newPace } from './http-exchange.ts'
import { refusalOf } from './http-refusals.ts'
import { send } from './http-send.ts'
import { CutConnectionError, type HttpRequest, type HttpResponse } from './message.ts'
import { ClientGoneError } from './read-body.ts'
import { type RequestLine, targetForLog, textForLog } from './request-log.ts'

const defectAnswer: HttpResponse = { status: 500, headers: {} }

/**
 * Takes a request whose headers have come; `expectation` is the status when its `Expect` cannot be met.
 *
 * Node hands over pipelined requests all at once. They are served in turn: a later one may depend on an earlier one,
 * and what one connection can make us do at a time stays bounded (row R7).
 */
export function arrive(
  service: Service,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  expectsContinue: boolean,
  expectation: number | undefined,
): void {
  const connection = service.connections.get(incoming.socket)
  if (connection === undefined || connection.refused) return
  const refusal = expectation ?? refusalOf(incoming, service.limits)
  const arrival = { incoming, outgoing, refusal, expectsContinue }
  if (connection.current === undefined) {
    serve(service, connection, arrival)
    return
  }
  if (connection.waiting.length >= service.limits.pipelinedMax) {
    connection.refused = true
    connection.socket.destroy()
    return
  }
  connection.waiting.push(arrival)
}

function serve(service: Service, connection: Connection, arrival: Arrival): void {
  const exchange = newExchange(service, connection, arrival)
  connection.current = exchange
  service.active.add(exchange)
  arrival.outgoing.on('close', () => onResponseClosed(service, exchange))
  // A response is closed too when its connection breaks; an error beside that tells nothing new, and unheard would end
  // the process.
  arrival.outgoing.on('error', ignore)
  void answer(service, exchange, arrival.refusal)
}

async function answer(service: Service, exchange: Exchange, refusal: number | undefined): Promise<void> {
  const { limits } = service
  let response: HttpResponse
  let close = false
  if (refusal === undefined) {
    try {
      response = await service.handler(new ReceivedRequest(exchange, service.secure))
    } catch (error) {
      if (error instanceof CutConnectionError) return breakOff(service, exchange)
      response = { ...defectAnswer, defect: error }
    }
    const { defect } = response
    if (defect !== undefined && !(exchange.gone && defect instanceof ClientGoneError))
      service.onDefect(defect, exchange.requestId)
  } else {
    response = { status: refusal, headers: {} }
    close = true
    exchange.connection.refused = true
  }
  exchange.log = response.log
  try {
    const sending = send(exchange, response, limits, close || service.closing)
    if (sending) await sending
  } catch (error) {
    if (error instanceof CutConnectionError) return breakOff(service, exchange)
    if (!exchange.gone) {
      service.onDefect(error, exchange.requestId)
      if (exchange.outgoing.headersSent) cut(exchange, 'defect')
      else await send(exchange, defectAnswer, limits, service.closing)
    }
  }
  exchange.handled = true
  if (exchange.closed) finish(service, exchange)
}

function breakOff(service: Service, exchange: Exchange): void {
  cut(exchange, 'asked')
  exchange.handled = true
  if (exchange.closed) finish(service, exchange)
}

function onResponseClosed(service: Service, exchange: Exchange): void {
  const { connection } = exchange
  exchange.closed = true
  exchange.gone = !exchange.outgoing.writableFinished
  if (exchange.gone) {
    exchange.controller?.abort(new ClientGoneError())
    exchange.wakeWriter?.()
  }
  connection.current = undefined
  if (exchange.handled) finish(service, exchange)
  if (service.closing) {
    connection.socket.destroySoon()
    return
  }
  const next = connection.waiting.shift()
  if (next !== undefined && !connection.refused && !connection.socket.destroyed) serve(service, connection, next)
}

function finish(service: Service, exchange: Exchange): void {
  service.active.delete(exchange)
  service.log(lineOf(exchange))
  if (service.closing && service.active.size === 0) service.onIdle?.()
}

function newExchange(service: Service, connection: Connection, arrival: Arrival): Exchange {
  const { incoming, outgoing, expectsContinue } = arrival
  const { headers } = incoming
  const length = headers['content-length']
  const chunked = headers['transfer-encoding'] !== undefined
  const contentLength = chunked || length === undefined ? undefined : Number(length)
  return {
    incoming,
    outgoing,
    connection,
    requestId: service.ids.uuid(),
    startedMs: performance.now(),
    hasBody: chunked || (contentLength !== undefined && contentLength > 0),
    contentLength,
    expectsContinue,
    bodyEnded: false,
    bodyAbandoned: false,
    gone: false,
    closed: false,
    handled: false,
    controller: undefined,
    wakeWriter: undefined,
    status: undefined,
    bytesIn: 0,
    bytesOut: 0,
    cut: undefined,
    log: undefined,
    pace: newPace(),
  }
}

// A class, for its getter: in an object literal the getter would give each request a hidden class of its own, which
// only a full collection frees (seen: a third more processor time on a small GET). Copying a request with `...` loses
// its signal.
class ReceivedRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawHeaders: readonly string[]
  readonly body: AsyncIterable<Uint8Array>
  readonly contentLength: number | undefined
  readonly remoteAddress: string
  readonly secure: boolean
  readonly requestId: string
  readonly #exchange: Exchange

  constructor(exchange: Exchange, secure: boolean) {
    const { incoming } = exchange
    const target = incoming.url ?? ''
    const mark = target.indexOf('?')
    this.method = incoming.method ?? ''
    this.target = target
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? '' : target.slice(mark + 1)
    this.headers = headersOf(incoming)
    this.rawHeaders = incoming.rawHeaders
    this.body = exchange.hasBody ? bodyOf(exchange) : emptyBody
    this.contentLength = exchange.contentLength
    this.remoteAddress = exchange.connection.remoteAddress
    this.secure = secure
    this.requestId = exchange.requestId
    this.#exchange = exchange
  }

  // Made when first asked for: most requests never do.
  get signal(): AbortSignal {
    const exchange = this.#exchange
    if (exchange.controller === undefined) {
      exchange.controller = new AbortController()
      if (exchange.gone) exchange.controller.abort(new ClientGoneError())
    }
    return exchange.controller.signal
  }
}

// Without a prototype: a signature may list any name, `constructor` too, as a signed header. Node 26 makes them so.
function headersOf(incoming: IncomingMessage): Readonly<Record<string, string | undefined>> {
  const { headers } = incoming
  // `set-cookie` is the only header node makes a list of; in a request it means nothing.
  if (headers['set-cookie'] === undefined && Object.getPrototypeOf(headers) === null)
    return headers as Readonly<Record<string, string | undefined>>
  const copy: Record<string, string | undefined> = Object.create(null)
  for (const [name, value] of Object.entries(headers))
    copy[name] = typeof value === 'string' ? value : value?.join(', ')
  return copy
}

function lineOf(exchange: Exchange): RequestLine {
  const { incoming } = exchange
  return {
    requestId: exchange.requestId,
    method: incoming.method ?? '',
    path: targetForLog(incoming.url ?? ''),
    status: exchange.status,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    durationMs: Math.round((performance.now() - exchange.startedMs) * 100) / 100,
    remoteAddress: exchange.connection.remoteAddress,
    userAgent: textForLog(incoming.headers['user-agent'] ?? ''),
    aborted: exchange.gone,
    ...(exchange.cut === undefined ? undefined : { cut: exchange.cut }),
    ...exchange.log,
  }
}

function ignore(): void {}
