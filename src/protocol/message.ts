// Requests and responses as plain values: what every protocol handler takes and returns. Only `http.ts` knows node:http.

/** One HTTP request. Nothing in it is decoded, normalised or trusted. */
export interface HttpRequest {
  readonly method: string
  /** The request target exactly as it came, `?` and query included. */
  readonly target: string
  /** The part of the target before `?`, neither decoded nor normalised (`/v2/../x` stays so). */
  readonly path: string
  /** The part after the first `?`, undecoded; empty when there is none. */
  readonly query: string
  /** Lower-case name to value. Node drops or joins duplicates: where a duplicate matters, ask `rawHeaders`. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Name, value, name, value, as received. */
  readonly rawHeaders: readonly string[]
  /** The body. Pulling the first piece answers `Expect: 100-continue`. Pieces belong to the reader. Throws `ClientGoneError`. */
  readonly body: AsyncIterable<Uint8Array>
  /** The declared length; `undefined` when the body is chunked or there is none. */
  readonly contentLength: number | undefined
  readonly remoteAddress: string
  /** True when the connection is TLS. */
  readonly secure: boolean
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /** A UUID made for this request; answered as `x-amzn-RequestId` by the AWS protocols and logged. */
  readonly requestId: string
}

/**
 * One HTTP response. A streamed body is pulled piece by piece: the next piece is asked for only after the last one has left, so a
 * producer may reuse its buffers, and `return()` is called when the client goes away, so a producer may hold a file open.
 */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** What the log line of this request carries beside the usual (operation, principal, repository ...); never a secret. */
  readonly log?: Readonly<Record<string, unknown>>
  /** What failed inside, when this is the answer to that: logged whole, and no part of the answer. */
  readonly defect?: unknown
}

/** Thrown by a handler, or by the body of its response, to have the connection broken without a further word: a fault that a test scripts. */
export class CutConnectionError extends Error {
  override readonly name = 'CutConnectionError'
  constructor() {
    super('the connection is cut on purpose')
  }
}

/** A handler never throws for bad input; a throw is a defect, logged whole and answered as a bare 500 where no protocol has words for it. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>
