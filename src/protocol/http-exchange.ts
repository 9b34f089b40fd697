// One request with its response on the wire: the state the parts of the adapter share, and the pace the client must
// keep.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { Ids } from '../lib/ids.ts'
import type { HttpHandler } from './message.ts'
import type { CutReason, RequestLine } from './request-log.ts'

/** What a client may cost. The defaults are in `http.ts`. */
export interface HttpLimits {
  /** From the connection, or the first byte of a later request, to the last byte of the headers (row R1). */
  readonly headersTimeoutMs: number
  /**
   * How long an idle connection is kept. Longer than the 60 s of common load balancers, or they meet closed
   * connections.
   */
  readonly keepAliveMs: number
  /** Names, values and target together (row R6). */
  readonly headerBytesMax: number
  readonly headersMax: number
  readonly connectionsMax: number
  /** Requests that may wait on one connection behind the one being served (row R7). */
  readonly pipelinedMax: number
  /** An upload slower than this over a window is cut (row R2). Only time spent waiting for the client counts. */
  readonly uploadBytesPerSecondMin: number
  readonly uploadWindowMs: number
  /**
   * A reader slower than this over a window is cut (row R3). The window is longer than that of uploads: the kernel
   * reports progress in steps of up to a third of its send buffer, more than a megabyte.
   */
  readonly downloadBytesPerSecondMin: number
  readonly downloadWindowMs: number
  /** How much of a refused body, and for how long, is read away so that the client comes to read the answer. */
  readonly lingerBytesMax: number
  readonly lingerMs: number
}

/** A client's connection. Requests on it are served one after another. */
export interface Connection {
  readonly socket: Socket
  readonly remoteAddress: string
  current: Exchange | undefined
  readonly waiting: Arrival[]
  /** No further request is taken: it is being closed. */
  refused: boolean
}

/** A request whose headers have come. */
export interface Arrival {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** The status the adapter itself answers, without asking the handler. */
  readonly refusal: number | undefined
  readonly expectsContinue: boolean
}

/** A request being served. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly connection: Connection
  readonly requestId: string
  readonly startedMs: number
  readonly hasBody: boolean
  readonly contentLength: number | undefined
  /** The client waits for `100 Continue` before it sends its body. */
  expectsContinue: boolean
  /** The body was read to its end. */
  bodyEnded: boolean
  /** The answer is on its way and the rest of the body, if any, is no longer for the handler. */
  bodyAbandoned: boolean
  /** The connection is lost, or was cut, before the answer left. */
  gone: boolean
  /** The response is over, one way or the other. */
  closed: boolean
  /** The handler has returned and its response was dealt with. */
  handled: boolean
  controller: AbortController | undefined
  /** Wakes whoever waits for the response to take a piece. */
  wakeWriter: (() => void) | undefined
  status: number | undefined
  bytesIn: number
  bytesOut: number
  cut: CutReason | undefined
  log: Readonly<Record<string, unknown>> | undefined
  readonly pace: Pace
}

/** What the requests of one server share. */
export interface Service {
  readonly handler: HttpHandler
  readonly log: (line: RequestLine) => void
  readonly onDefect: (error: unknown, requestId: string) => void
  readonly ids: Ids
  readonly limits: HttpLimits
  readonly secure: boolean
  readonly connections: Map<Socket, Connection>
  readonly active: Set<Exchange>
  closing: boolean
  /** Called when the last request is done and the server is closing. */
  onIdle: (() => void) | undefined
}

interface Pace {
  direction: 'upload' | 'download'
  waitingSinceMs: number | undefined
  waitedMs: number
  movedBytes: number
}

export function newPace(): Pace {
  return { direction: 'upload', waitingSinceMs: undefined, waitedMs: 0, movedBytes: 0 }
}

/** From now on the client, and nobody else, holds the exchange up. */
export function startWaiting(exchange: Exchange, direction: 'upload' | 'download'): void {
  const { pace } = exchange
  if (pace.direction !== direction) {
    pace.direction = direction
    pace.waitedMs = 0
    pace.movedBytes = 0
  }
  pace.waitingSinceMs = performance.now()
}

export function stopWaiting(exchange: Exchange): void {
  const { pace } = exchange
  if (pace.waitingSinceMs === undefined) return
  pace.waitedMs += performance.now() - pace.waitingSinceMs
  pace.waitingSinceMs = undefined
}

/**
 * Breaks the connection when the client kept the server waiting for a whole window and moved less than the least in it.
 */
export function cutWhenSlow(exchange: Exchange, limits: HttpLimits, nowMs: number): void {
  const { pace } = exchange
  const upload = pace.direction === 'upload'
  const windowMs = upload ? limits.uploadWindowMs : limits.downloadWindowMs
  const bytesPerSecondMin = upload ? limits.uploadBytesPerSecondMin : limits.downloadBytesPerSecondMin
  const waitedMs = pace.waitedMs + (pace.waitingSinceMs === undefined ? 0 : nowMs - pace.waitingSinceMs)
  if (waitedMs < windowMs) return
  if (pace.movedBytes * 1000 < bytesPerSecondMin * waitedMs) {
    cut(exchange, upload ? 'upload-too-slow' : 'download-too-slow')
    return
  }
  pace.waitedMs = 0
  pace.movedBytes = 0
  if (pace.waitingSinceMs !== undefined) pace.waitingSinceMs = nowMs
}

export function cut(exchange: Exchange, reason: CutReason): void {
  exchange.cut ??= reason
  exchange.connection.socket.destroy()
}
