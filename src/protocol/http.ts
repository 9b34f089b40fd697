// The HTTP server: requests in as values, responses out as values. The only place that knows node:http. It owns limits,
// time-outs, back-pressure, HEAD without a body, clients that leave, and the graceful stop; it knows no path and no
// protocol above HTTP.

import { constants } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import type { Ids } from '../lib/ids.ts'
import { createServer, createTlsServer } from '../lib/node-http.ts'
import { type HttpLimits, type Service, cutWhenSlow } from './http-exchange.ts'
import { onClientError, refuseConnect } from './http-refusals.ts'
import { arrive } from './http-serve.ts'
import { ListenError, toListenError } from './listen-error.ts'
import type { HttpHandler } from './message.ts'
import type { RequestLine } from './request-log.ts'

export interface HttpServerOptions {
  readonly handler: HttpHandler
  /** The address to listen on, such as 127.0.0.1. */
  readonly listen: string
  /** 0 picks a free one. */
  readonly port: number
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** Told of every request once, when both its handler and its response are done. Must not throw. */
  readonly log: (line: RequestLine) => void
  /**
   * Told of what should never happen: a handler or a response body that threw, an accept that failed (with an empty
   * id).
   */
  readonly onDefect: (error: unknown, requestId: string) => void
  readonly limits?: Partial<HttpLimits>
  readonly ids: Ids
}

export interface HttpServer {
  readonly port: number
  readonly address: string
  readonly activeRequests: () => number
  /** Takes nothing new, lets what is in flight finish for `graceMs`, then breaks every connection. */
  readonly close: (graceMs: number) => Promise<void>
}

const defaultLimits: HttpLimits = {
  headersTimeoutMs: 15_000,
  keepAliveMs: 75_000,
  headerBytesMax: 16_384,
  headersMax: 128,
  connectionsMax: 10_000,
  pipelinedMax: 32,
  uploadBytesPerSecondMin: 1024,
  uploadWindowMs: 60_000,
  downloadBytesPerSecondMin: 1024,
  downloadWindowMs: 300_000,
  lingerBytesMax: 1_048_576,
  lingerMs: 2_000,
}

/** Listens. Throws `ListenError` when the address, the port or the certificate cannot be used. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...options.limits }
  const server = newServer(options, limits)
  const service: Service = {
    handler: options.handler,
    log: options.log,
    onDefect: options.onDefect,
    ids: options.ids,
    limits,
    secure: options.tls !== undefined,
    connections: new Map(),
    active: new Set(),
    closing: false,
    onIdle: undefined,
  }
  const sockets = wire(server, service)
  await listening(server, options)
  server.on('error', everySecond(options.onDefect))
  const sweepMs = Math.max(10, Math.min(limits.uploadWindowMs, limits.downloadWindowMs) / 8)
  const sweep = setInterval(() => {
    const nowMs = performance.now()
    for (const exchange of service.active) cutWhenSlow(exchange, limits, nowMs)
  }, sweepMs).unref()

  // A server that listens on an address and port has an AddressInfo; only a pipe has a string.
  const { port, address } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    port,
    address,
    activeRequests: () => service.active.size,
    close: (graceMs) => {
      closed ??= close(server, service, sockets, graceMs).finally(() => clearInterval(sweep))
      return closed
    },
  }
}

/** Bytes of a request's body that are read ahead of whoever wants them. */
const bodyBytesAhead = 256 * 1024

function newServer(options: HttpServerOptions, limits: HttpLimits): Server {
  const settings = {
    headersTimeout: limits.headersTimeoutMs,
    // Our own rates take its place: a total would cut an honest upload over a slow line.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(10, Math.min(5_000, limits.headersTimeoutMs / 4)),
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.headerBytesMax,
    // Node would answer by itself, unlogged.
    requireHostHeader: false,
    insecureHTTPParser: false,
    optimizeEmptyRequests: true,
    noDelay: true,
    // Of a body: as much as one write of a file takes. With Node's 64 KiB each piece is a pause and a resumption of the socket (measured: uploads of 1 GiB
    // took 1.5 to 2 times as long on a busy machine, and 5 to 10 % more processor time).
    highWaterMark: bodyBytesAhead,
  }
  const server = options.tls === undefined ? createServer(settings) : newTlsServer(settings, options.tls, limits)
  server.maxConnections = limits.connectionsMax
  // 0 lifts node's limit of 1,000 headers, beyond which it drops them silently; `refusalOf` counts instead.
  server.maxHeadersCount = 0
  return server
}

function newTlsServer(settings: object, tls: { cert: Buffer; key: Buffer }, limits: HttpLimits): Server {
  try {
    return createTlsServer({
      ...settings,
      cert: tls.cert,
      key: tls.key,
      minVersion: 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      handshakeTimeout: limits.headersTimeoutMs,
    })
  } catch (error) {
    throw new ListenError('bad-certificate', 'the TLS certificate and key cannot be used', error)
  }
}

function listening(server: Server, options: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(toListenError(error, options.listen, options.port))
    server.once('error', onError)
    server.listen(options.port, options.listen, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

// An accept that fails (no file descriptor left) fails again for each connection that waits.
function everySecond(onDefect: HttpServerOptions['onDefect']): (error: Error) => void {
  let toldMs = -Infinity
  return (error) => {
    const nowMs = performance.now()
    if (nowMs - toldMs < 1_000) return
    toldMs = nowMs
    onDefect(error, '')
  }
}

// Returns every accepted socket, those still in their TLS handshake included.
function wire(server: Server, service: Service): ReadonlySet<Socket> {
  const { connections } = service
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on(service.secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.set(socket, {
      socket,
      remoteAddress: addressOf(socket),
      current: undefined,
      waiting: [],
      refused: false,
    })
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', (incoming, outgoing) => arrive(service, incoming, outgoing, false, undefined))
  server.on('checkContinue', (incoming, outgoing) => arrive(service, incoming, outgoing, true, undefined))
  server.on('checkExpectation', (incoming, outgoing) => arrive(service, incoming, outgoing, false, 417))
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    refuseConnect(service, incoming, socket)
  })
  server.on('clientError', (error: Error & { readonly code?: string }, socket) => {
    // Without TLS or with it, what node:http hands over here is a net.Socket; its type says Duplex.
    onClientError(service, error, socket as Socket)
  })
  return sockets
}

function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

// Row F21.
async function close(server: Server, service: Service, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const { connections, active } = service
  service.closing = true
  const stopped = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  for (const connection of connections.values()) {
    if (connection.current === undefined) connection.socket.destroy()
  }
  const idle = new Promise<void>((resolve) => {
    if (active.size === 0) resolve()
    else service.onIdle = resolve
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs)
  })
  await Promise.race([Promise.all([stopped, idle]), late])
  clearTimeout(timer)
  for (const connection of connections.values()) connection.socket.destroy()
  for (const socket of sockets) socket.destroy()
  await stopped
}
