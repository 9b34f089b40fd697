// The data plane: what `docker`, `skopeo` and `oras` talk to. Each request is read into a route, performed as one or two operations of the
// API on behalf of its caller, and answered in the words of the OCI distribution specification.

import type { Caller, Context, Services } from '../../domain/context.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../message.ts'
import { handleBlob } from './blobs.ts'
import { json, refuseMethod, type Call } from './call.ts'
import { answerFault, faultOf, type Fault } from './faults.ts'
import { handleCatalog, handleTags } from './listings.ts'
import { createLogin } from './login.ts'
import { handleManifest } from './manifests.ts'
import { handleReferrers } from './referrers.ts'
import { registryOfHost, type DefaultRegistry } from './registry-host.ts'
import { isDistributionPath, parseRoute, type Route, type RouteFault } from './route.ts'
import { handleUpload, handleUploads } from './uploads.ts'

export interface DistributionOptions {
  readonly services: Services
  readonly defaultRegistry: DefaultRegistry
  /** Set for development only: the caller that a password stands for which is not one of our tokens. */
  readonly anyPassword?: ((password: string) => Caller) | undefined
}

/** Answers every path that begins with `/v2`; any other one is 404. */
export function createDistributionHandler(options: DistributionOptions): HttpHandler {
  const { services, defaultRegistry } = options
  const login = createLogin(options)
  return async (request) => {
    if (!isDistributionPath(request.path)) return answerFault(routeFaults['no-endpoint'])
    const registry = registryOfHost(request.headers['host'], defaultRegistry)
    const outcome = login(request, registry)
    if ('refusal' in outcome) return marked(outcome.refusal, {})
    const { caller } = outcome
    const who = { principal: caller.arn, registryId: registry.accountId, region: registry.region }
    const route = parseRoute(request.path)
    if ('fault' in route) return marked(answerFault(routeFaults[route.fault]), who)
    const ctx: Context = {
      ...services,
      caller,
      region: registry.region,
      requestId: request.requestId,
      plane: 'distribution',
    }
    const call: Call = { ctx, request, registry, query: new URLSearchParams(request.query) }
    const repository = 'name' in route ? { repository: route.name } : {}
    return marked(await answer(call, route), { ...who, ...repository, operation: operationName(request, route) })
  }
}

async function answer(call: Call, route: Route): Promise<HttpResponse> {
  try {
    return await dispatch(call, route)
  } catch (error) {
    const fault = faultOf(error, route.kind, call.ctx.ecrQuirks)
    if (fault === undefined) throw error
    return answerFault(fault)
  }
}

function dispatch(call: Call, route: Route): Promise<HttpResponse> {
  switch (route.kind) {
    case 'version':
      return Promise.resolve(handleVersion(call))
    case 'catalog':
      return handleCatalog(call)
    case 'tags':
      return handleTags(call, route.name)
    case 'manifest':
      return handleManifest(call, route.name, route.reference)
    case 'blob':
      return handleBlob(call, route.name, route.digest)
    case 'uploads':
      return handleUploads(call, route.name)
    case 'upload':
      return handleUpload(call, route.name, route.uploadId)
    case 'referrers':
      return handleReferrers(call, route.name, route.subject)
  }
}

function handleVersion(call: Call): HttpResponse {
  return call.request.method === 'GET' || call.request.method === 'HEAD' ? json(200, {}) : refuseMethod('GET, HEAD')
}

/** Every answer says that a registry speaks, and what its log line is about. */
function marked(response: HttpResponse, log: Readonly<Record<string, unknown>>): HttpResponse {
  const headers = { 'Docker-Distribution-Api-Version': 'registry/2.0', ...response.headers }
  return { ...response, headers, log: { ...log, ...response.log } }
}

/** For the log: a verb of HTTP with a noun of the specification, such as `PUT manifest`. */
function operationName(request: HttpRequest, route: Route): string {
  return `${/^[A-Z]{1,10}$/.exec(request.method)?.[0] ?? 'OTHER'} ${route.kind}`
}

const routeFaults: Record<RouteFault, Fault> = {
  'no-endpoint': { status: 404, code: 'UNSUPPORTED', message: 'There is no such endpoint' },
  'invalid-name': {
    status: 400,
    code: 'NAME_INVALID',
    message:
      'A repository name has 2 to 256 lower-case letters and digits, in parts separated by one . or one or two _ or any number of - , and /',
  },
  'invalid-digest': {
    status: 400,
    code: 'DIGEST_INVALID',
    message: 'A digest is sha256: with 64 or sha512: with 128 lower-case hexadecimal digits',
  },
}
