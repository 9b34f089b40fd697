// Something at the other end that is not well: a server on loopback that answers what a test scripts, one step a request.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface SeenRequest {
  /** The operation of `X-Amz-Target`. */
  readonly operation: string
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What a request gets; the last step stays for all that follow. */
export type Step = (response: ServerResponse, request: SeenRequest) => void

export interface FakeService {
  readonly origin: string
  readonly port: number
  readonly requests: SeenRequest[]
  /** The answers from now on. */
  script(...steps: readonly Step[]): void
  close(): Promise<void>
}

export async function startFakeService(tls?: ServerOptions): Promise<FakeService> {
  let steps: readonly Step[] = []
  const requests: SeenRequest[] = []
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('error', () => undefined)
    request.on('end', () => {
      const seen = {
        operation: String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, ''),
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      }
      requests.push(seen)
      const [step = json(200, {}), ...rest] = steps
      if (rest.length > 0) steps = rest
      step(response, seen)
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    script: (...next) => {
      steps = next
      requests.length = 0
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step =>
  (response) => {
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': 'request-1',
      ...headers,
    })
    response.end(JSON.stringify(body))
  }

export const errorAnswer = (name: string, message: string, status = 400): Step =>
  json(status, { __type: name, message })

export const page =
  (status: number, html: string): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html' })
    response.end(html)
  }

/** The connection ends before an answer. */
export const cut: Step = (response) => {
  response.socket?.destroy()
}

/** The connection ends in the middle of the answer. */
export const cutInBody: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': '1000' })
  response.write('{"repositories":[', () => response.socket?.destroy())
}

/** Nothing ever comes. */
export const silence: Step = () => undefined

/** The head comes, and the rest never. */
export const silenceInBody: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': '1000' })
  response.write('{"repositories":[')
}
