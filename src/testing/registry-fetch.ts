// `fetch` for URLs of a registry, without a port: layer URLs, the data plane, the gallery.

import type { InProcessAnswer, InProcessCall } from '../protocol/in-process.ts'
import { errorCode } from '../lib/error-code.ts'

/** Takes what the global `fetch` takes. No redirect is followed: a registry sends none. Rejects with a TypeError when the connection breaks. */
export type RegistryFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export function createRegistryFetch(call: (url: URL, call: InProcessCall) => Promise<InProcessAnswer>): RegistryFetch {
  return async (input, init) => {
    const request = new Request(input, init?.body instanceof ReadableStream ? { duplex: 'half', ...init } : init)
    const url = new URL(request.url)
    const isStream = init?.body instanceof ReadableStream
    const body =
      request.body === null ? undefined : isStream ? request.body : new Uint8Array(await request.arrayBuffer())
    try {
      const answer = await call(url, {
        method: request.method,
        target: `${url.pathname}${url.search}`,
        headers: { host: url.host, ...Object.fromEntries(request.headers) },
        body,
        secure: url.protocol === 'https:',
        signal: request.signal,
      })
      return responseOf(answer)
    } catch (error) {
      // As undici has it.
      if (isReset(error)) throw new TypeError('fetch failed', { cause: error })
      throw error
    }
  }
}

function responseOf({ status, headers, body }: InProcessAnswer): Response {
  return new Response(body === undefined ? null : ReadableStream.from(body), { status, headers: { ...headers } })
}

function isReset(error: unknown): boolean {
  return errorCode(error) === 'ECONNRESET'
}
