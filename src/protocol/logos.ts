// Logos of public repositories, for everyone: `/logo/<name>.png`. What is served was sent by a stranger, so that a browser is told to
// take it for nothing but an image and to run nothing in it.

import type { Services } from '../domain/context.ts'
import type { HttpHandler, HttpResponse } from './message.ts'

/** The path of a logo. */
export function logoPath(name: string): string {
  return `/logo/${name}.png`
}

const safe = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'cross-origin',
}

/** Serves GET and HEAD of logos. A name is never used for other bytes, so that a browser may keep them for good. */
export function createLogoHandler({ logos }: Pick<Services, 'logos'>): HttpHandler {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refusal(405, 'Method not allowed', { Allow: 'GET, HEAD' })
    const [, name] = /^\/logo\/([0-9a-f-]{1,100})\.png$/.exec(request.path) ?? []
    const bytes = name === undefined ? undefined : await logos.read(name)
    if (!bytes) return refusal(404, 'There is no such logo')
    return {
      status: 200,
      headers: {
        ...safe,
        'Content-Type': 'image/png',
        'Content-Length': String(bytes.byteLength),
        'Cache-Control': 'public, max-age=31536000, immutable',
      },
      body: bytes,
      log: { operation: 'GetLogo' },
    }
  }
}

function refusal(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return {
    status,
    headers: { ...safe, ...headers, 'Content-Type': 'text/plain; charset=utf-8' },
    body: `${text}\n`,
    log: { operation: 'GetLogo' },
  }
}
