// What every handler of the data plane is given, and what their answers have in common.

import type { Context } from '../../domain/context.ts'
import type { RegistryKey } from '../../domain/ports/metadata.ts'
import type { PlaneOperations } from '../../operations/distribution/plane-operations.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'

/** A request with its caller, in the registry that its host name means, or its alias on the public side. */
export interface Call {
  readonly ctx: Context
  readonly request: HttpRequest
  readonly registry: RegistryKey
  readonly query: URLSearchParams
  readonly operations: PlaneOperations
  /** What stands before the names of this registry's repositories in addresses: nothing, or `<alias>/`. */
  readonly prefix: string
  /** The repository of this registry that an address calls `address`; `undefined` when it can be none. */
  readonly repositoryAt: (address: string) => Promise<string | undefined>
}

const noQuery = new URLSearchParams()

export function queryOf({ query }: HttpRequest): URLSearchParams {
  // Handlers read it and nothing else.
  return query === '' ? noQuery : new URLSearchParams(query)
}

/** The repository a request names, as the input of operations begins. */
export function inRepository(
  call: Call,
  name: string,
): { readonly registryId: string; readonly repositoryName: string } {
  return { registryId: call.registry.accountId, repositoryName: name }
}

/**
 * A `Location` or `Link` for an address of a repository (`<repository>/blobs/...`): absolute, as ECR's, when the client came by the configured name; the path alone when it came
 * by another one (127.0.0.1, a tunnel, AWS's own name in /etc/hosts), because clients send their credentials to the host they logged in
 * to only. What the client wrote into `Host` or `X-Forwarded-*` is never repeated (row D18).
 */
export function locate(call: Call, address: string): string {
  const { links } = call.ctx
  const path = `/v2/${call.prefix}${address}`
  const isConfigured = call.request.headers['host']?.toLowerCase() === links.registryHost(call.registry).toLowerCase()
  return isConfigured ? `${links.proxyEndpoint(call.registry)}${path}` : path
}

/** Answers 405 with the methods there are. */
export function refuseMethod(allowed: string): HttpResponse {
  return {
    status: 405,
    headers: { Allow: allowed, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message: `The methods of this address are ${allowed}` }] }),
    log: { error: 'UNSUPPORTED' },
  }
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) }
}
