// Bodies that end before their time: a connection that breaks in the middle, as a test asks for it.

import { CutConnectionError, type HttpRequest, type HttpResponse } from './message.ts'
import { withBody } from './scripted-answers.ts'

/** The request with a body that breaks after `bytes`. What reads it throws `CutConnectionError`. */
export function cutRequest(request: HttpRequest, bytes: number): HttpRequest {
  return withBody(request, firstOf(request.body, bytes))
}

/** The answer to a request, of which at most `bytes` of the body leave; the client is told the whole length. Throws when nothing is to leave. */
export async function cutResponse(
  { method }: HttpRequest,
  response: HttpResponse,
  bytes: number,
): Promise<HttpResponse> {
  const { body = '' } = response
  // Nobody would pull it.
  if (bytes === 0 || method === 'HEAD' || body === '') {
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.()
    throw new CutConnectionError()
  }
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return { ...response, body: firstOf(body, bytes) }
  const whole = typeof body === 'string' ? Buffer.from(body) : body
  const isDeclared = Object.keys(response.headers).some((name) => name.toLowerCase() === 'content-length')
  const length = isDeclared ? {} : { 'Content-Length': String(whole.byteLength) }
  return { ...response, headers: { ...response.headers, ...length }, body: firstOf(once(whole), bytes) }
}

async function* firstOf(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  if (left > 0) {
    for await (const piece of body) {
      if (piece.byteLength > 0) yield piece.subarray(0, left)
      left -= piece.byteLength
      if (left <= 0) break
    }
  }
  throw new CutConnectionError()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
