import type { Client } from '../domain/context.ts'
import type { HttpRequest } from './message.ts'

/** What policies may ask of where a request comes from. The address is the connection's: headers that proxies write are not believed. */
export function clientOf({ remoteAddress, headers, secure }: HttpRequest): Client {
  return { address: remoteAddress, userAgent: headers['user-agent'], isSecure: secure }
}
