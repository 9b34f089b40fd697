// Answers that a test asks for in place of the real ones: in the form of the protocol that the request speaks, so that each client reads
// them as if its service had sent them.

import { escapeXml } from '../lib/escape-xml.ts'
import { faultResponse } from './aws-json/faults.ts'
import { parseRoute } from './distribution/route.ts'
import { operationName } from './distribution/dispatch.ts'
import type { HttpRequest, HttpResponse } from './message.ts'
import { isAddress } from './public/address.ts'
import { readBody } from './read-body.ts'

/** The form of an answer: AWS JSON 1.1, AWS Query (STS), the OCI distribution specification, or S3's (layer URLs). */
type Form = 'json' | 'query' | 'oci' | 's3'

/** What a request asks for, as its own protocol names it, and the request to go on with: naming a form reads its body. */
export interface NamedRequest {
  /** `PutImage`, `AssumeRole`, `PUT manifest`, `GetLayer`; `undefined` for what belongs to none of them. */
  readonly operation: string | undefined
  readonly request: HttpRequest
}

/** An STS request, which is named by its body, has some kilobytes. */
const formBytesMax = 64 * 1024

export async function nameRequest(request: HttpRequest, side: 'private' | 'public'): Promise<NamedRequest> {
  const { path, headers, contentLength = 0 } = request
  if (isOci(path)) {
    const route = side === 'public' ? parseRoute(path, isAddress) : parseRoute(path)
    return { operation: 'fault' in route ? undefined : operationName(request, route), request }
  }
  if (path.startsWith('/layers/')) return { operation: 'GetLayer', request }
  const target = headers['x-amz-target']
  if (target !== undefined) return { operation: target.slice(target.lastIndexOf('.') + 1), request }
  if (formOf(request) !== 'query' || contentLength > formBytesMax) return { operation: undefined, request }
  const body = await readBody(request, formBytesMax)
  if (typeof body === 'string') return { operation: undefined, request }
  const operation = new URLSearchParams(Buffer.from(body).toString('utf8')).get('Action') ?? undefined
  return { operation, request: withBody(request, once(body)) }
}

/** The same request with another body. Its members are copied one by one: `signal` is made when it is first asked for. */
export function withBody(request: HttpRequest, body: AsyncIterable<Uint8Array>): HttpRequest {
  const { method, target, path, query, headers, rawHeaders, contentLength, remoteAddress, secure, requestId } = request
  return {
    method,
    target,
    path,
    query,
    headers,
    rawHeaders,
    contentLength,
    remoteAddress,
    secure,
    requestId,
    body,
    get signal() {
      return request.signal
    },
  }
}

/** As AWS answers who asks too often; the data plane and layer URLs have their own words for it. */
export function throttledAnswer(request: HttpRequest): HttpResponse {
  switch (formOf(request)) {
    case 'json':
      return failedAnswer(request, 400, 'ThrottlingException', 'Rate exceeded')
    case 'query':
      return failedAnswer(request, 400, 'Throttling', 'Rate exceeded')
    case 'oci':
      return withRetryAfter(failedAnswer(request, 429, 'TOOMANYREQUESTS', 'Rate exceeded'))
    case 's3':
      return withRetryAfter(failedAnswer(request, 503, 'SlowDown', 'Please reduce your request rate.'))
  }
}

/** @param code what the protocol calls the error; its own name for a broken server when it is not given */
export function failedAnswer(
  request: HttpRequest,
  status: number,
  code: string | undefined,
  message = 'A fault that a test asked for',
): HttpResponse {
  const { requestId } = request
  switch (formOf(request)) {
    case 'json':
      return faultResponse(requestId, { type: code ?? 'ServerException', status, message })
    case 'query': {
      const error = `<Error><Type>${status >= 500 ? 'Receiver' : 'Sender'}</Type>${codeAndMessage(code ?? 'InternalFailure', message)}</Error>`
      return xml(request, status, `<ErrorResponse>${error}<RequestId>${requestId}</RequestId></ErrorResponse>`)
    }
    case 'oci':
      return {
        status,
        headers: {
          'Content-Type': 'application/json; charset=utf-8',
          'Docker-Distribution-Api-Version': 'registry/2.0',
        },
        body: JSON.stringify({ errors: [{ code: code ?? 'UNKNOWN', message }] }),
      }
    case 's3': {
      const error = `${codeAndMessage(code ?? 'InternalError', message)}<RequestId>${requestId}</RequestId>`
      return xml(request, status, `<Error>${error}</Error>`)
    }
  }
}

/** What a proxy in between would say: any bytes under any media type. */
export function foreignAnswer(status: number, contentType: string, body: string): HttpResponse {
  return { status, headers: { 'content-type': contentType }, body }
}

function formOf({ path, headers }: HttpRequest): Form {
  if (isOci(path)) return 'oci'
  if (path.startsWith('/layers/')) return 's3'
  const isForm = /^application\/x-www-form-urlencoded *(?:;|$)/i.test(headers['content-type'] ?? '')
  return isForm && headers['x-amz-target'] === undefined ? 'query' : 'json'
}

function isOci(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/')
}

function withRetryAfter(answer: HttpResponse): HttpResponse {
  return { ...answer, headers: { ...answer.headers, 'Retry-After': '1' } }
}

function codeAndMessage(code: string, message: string): string {
  return `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`
}

function xml({ requestId }: HttpRequest, status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
