// The `requestHandler` of an AWS SDK client that reaches a registry without a port: what the SDK would send goes to the handlers as a value.
// Its types are structural: the SDK is its user's own.

import { Readable } from 'node:stream'
import type { InProcessAnswer, InProcessCall } from '../protocol/in-process.ts'

/** A request as the SDK's middleware leaves it. */
export interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface SdkResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Readable
}

export interface SdkRequestHandler {
  readonly metadata: { readonly handlerProtocol: string }
  /** Rejects as node's own client does when the connection breaks, and with an AbortError or a TimeoutError. */
  readonly handle: (
    request: SdkRequest,
    options?: { readonly abortSignal?: unknown; readonly requestTimeout?: number },
  ) => Promise<{ response: SdkResponse }>
  readonly destroy: () => void
  /** There is no connection that could be configured: throws. */
  readonly updateHttpClientConfig: (key: never, value: unknown) => void
  readonly httpHandlerConfigs: () => Record<string, never>
}

export function createSdkRequestHandler(call: (call: InProcessCall) => Promise<InProcessAnswer>): SdkRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: async (request, { abortSignal, requestTimeout = 0 } = {}) => {
      const signals = [
        ...(abortSignal instanceof AbortSignal ? [abortSignal] : []),
        ...(requestTimeout > 0 ? [AbortSignal.timeout(requestTimeout)] : []),
      ]
      const { status, headers, body } = await call({
        method: request.method,
        target: `${request.path}${queryOf(request.query)}`,
        headers: { host: hostOf(request), ...request.headers },
        body: bytesOf(request.body),
        secure: request.protocol === 'https:',
        signal: signals.length === 0 ? undefined : AbortSignal.any(signals),
      })
      return {
        response: {
          statusCode: status,
          headers: { ...headers },
          body: Readable.from(body ?? [], { objectMode: false }),
        },
      }
    },
    destroy: () => {},
    updateHttpClientConfig: (key) => {
      throw new Error(`there is no connection here whose ${String(key)} could be set`)
    },
    httpHandlerConfigs: () => ({}),
  }
}

function hostOf({ hostname, port }: SdkRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`
}

function queryOf(query: SdkRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [escape(name)] : [value].flat().map((one) => `${escape(name)}=${escape(one)}`),
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** As signatures have it: RFC 3986. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function bytesOf(body: unknown): InProcessCall['body'] {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  if (typeof body === 'object' && Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array> // a stream of bytes
  throw new TypeError('the body of a request must be text, bytes or a stream')
}
