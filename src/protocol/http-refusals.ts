// Requests the adapter refuses by itself, with a bare answer: those that are not HTTP, and those whose meaning is in
// doubt.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

import { STATUS_CODES } from '../lib/node-http.ts'
import type { Connection, HttpLimits, Service } from './http-exchange.ts'
import { targetForLog, textForLog } from './request-log.ts'

/** The status of a refusal, or `undefined` for a request that may be served. */
export function refusalOf(incoming: IncomingMessage, limits: HttpLimits): number | undefined {
  const { rawHeaders } = incoming
  if (rawHeaders.length > 2 * limits.headersMax) return 431
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name !== undefined && name.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  // RFC 9112, 3.2: exactly one. Node keeps the first of two, and a proxy before us may have gone by the second.
  // HTTP/1.0 health checks of load balancers send none.
  if (hosts > 1 || (hosts === 0 && incoming.httpVersion !== '1.0')) return 400
  const coding = incoming.headers['transfer-encoding']
  // RFC 9112, 6.1: a coding that is not understood. The parser itself insists that `chunked` comes last.
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') return 501
  return undefined
}

/** Answers what the parser could not read, where an answer can still be told from that of an earlier request. */
export function onClientError(service: Service, error: Error & { readonly code?: string }, socket: Socket): void {
  const connection = service.connections.get(socket)
  if (connection?.refused === true) return
  const current = connection?.current
  // With a request in flight that came whole, the bad bytes follow it: an answer now would be taken for its answer.
  if (
    isClientLost(error) ||
    !socket.writable ||
    (current !== undefined && (current.incoming.complete || current.outgoing.headersSent))
  ) {
    socket.destroy()
    return
  }
  const status = statusOfParserError(error)
  if (current === undefined) {
    refuse(service, connection, socket, status, undefined)
    return
  }
  // Its own body is what is malformed.
  current.status = status
  current.cut = 'malformed'
  if (connection !== undefined) connection.refused = true
  refuseConnection(socket, status, service.limits.lingerMs)
}

/** There is nothing here to tunnel to. */
export function refuseConnect(service: Service, incoming: IncomingMessage, socket: Socket): void {
  const connection = service.connections.get(incoming.socket)
  if (connection?.current === undefined) refuse(service, connection, socket, 405, incoming)
  else socket.destroy()
}

// Refuses what never became a request: it still has its line in the log, unless nothing was said at all.
function refuse(
  service: Service,
  connection: Connection | undefined,
  socket: Socket,
  status: number,
  incoming: IncomingMessage | undefined,
): void {
  if (connection !== undefined) connection.refused = true
  refuseConnection(socket, status, service.limits.lingerMs)
  if (socket.bytesRead === 0) return
  service.log({
    requestId: service.ids.uuid(),
    method: incoming?.method ?? '',
    path: targetForLog(incoming?.url ?? ''),
    status,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
    remoteAddress: connection?.remoteAddress ?? '',
    userAgent: textForLog(incoming?.headers['user-agent'] ?? ''),
    aborted: false,
  })
}

function statusOfParserError(error: { readonly code?: string }): number {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408
    default:
      return 400
  }
}

// True when the connection failed rather than what came over it.
function isClientLost(error: { readonly code?: string }): boolean {
  return (
    error.code === 'ECONNRESET' ||
    error.code === 'EPIPE' ||
    error.code === 'ETIMEDOUT' ||
    error.code === 'HPE_INVALID_EOF_STATE'
  )
}

// Answers and closes, leaving the client a moment to read the answer before what it still sends resets the connection.
function refuseConnection(socket: Socket, status: number, lingerMs: number): void {
  socket.on('error', () => {})
  const date = new Date().toUTCString()
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nDate: ${date}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  )
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
