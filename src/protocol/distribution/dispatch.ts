// One request of a data plane, private or public: from its route to its answer.

import type { HttpRequest, HttpResponse } from '../message.ts'
import { handleBlob } from './blobs.ts'
import { json, refuseMethod, type Call } from './call.ts'
import { answerFault, defectFault, faultOf, type Fault } from './faults.ts'
import { handleCatalog, handleTags } from './listings.ts'
import { handleManifest } from './manifests.ts'
import { handleReferrers } from './referrers.ts'
import type { Route, RouteFault } from './route.ts'
import { handleUpload, handleUploads } from './uploads.ts'

/** Answers what `work` throws; of a defect the client learns nothing but that there was one. */
export async function orFault(
  kind: Route['kind'],
  ecrQuirks: boolean,
  work: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await work()
  } catch (error) {
    const fault = faultOf(error, kind, ecrQuirks)
    return fault ? answerFault(fault) : { ...answerFault(defectFault), defect: error }
  }
}

/** Throws what `faultOf` reads. */
export function dispatch(call: Call, route: Route): Promise<HttpResponse> {
  switch (route.kind) {
    case 'version':
      return Promise.resolve(handleVersion(call.request))
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

export function handleVersion(request: HttpRequest): HttpResponse {
  return request.method === 'GET' || request.method === 'HEAD' ? json(200, {}) : refuseMethod('GET, HEAD')
}

/** Every answer says that a registry speaks, and what its log line is about. */
export function marked(response: HttpResponse, log: Readonly<Record<string, unknown>>): HttpResponse {
  const headers = { 'Docker-Distribution-Api-Version': 'registry/2.0', ...response.headers }
  return { ...response, headers, log: response.log ? { ...log, ...response.log } : log }
}

/** For the log: a verb of HTTP with a noun of the specification, such as `PUT manifest`. */
export function operationName(request: HttpRequest, route: Route): string {
  return `${/^[A-Z]{1,10}$/.test(request.method) ? request.method : 'OTHER'} ${route.kind}`
}

export const routeFaults: Record<RouteFault, Fault> = {
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
