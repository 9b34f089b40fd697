import type { Context, Services } from '../domain/context.ts'
import type { HttpRequest } from './message.ts'

/**
 * What an operation is given for a request, once it is known who calls. The address is the connection's: headers that proxies write are not
 * believed.
 */
export function contextFor(
  services: Services,
  { remoteAddress, headers, secure, requestId }: HttpRequest,
  { caller, region, plane }: Pick<Context, 'caller' | 'region' | 'plane'>,
): Context {
  const client = { address: remoteAddress, userAgent: headers['user-agent'], isSecure: secure }
  // One by one: a second spread would take as long as all the rest of it.
  return { ...services, caller, region, plane, client, requestId }
}
