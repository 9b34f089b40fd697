// The gallery's own API: `POST /<operation>` with a JSON document, for everyone, on the listener of the public registries. It changes
// nothing and knows no cookie, so that it matters little who sends it; no page of another origin may read its answers.

import type { Services } from '../../domain/context.ts'
import { galleryOperations } from '../../operations/gallery/index.ts'
import { answerDocument } from '../aws-json/answer-document.ts'
import { faultResponse, faults, type ProtocolFault } from '../aws-json/faults.ts'
import { contextFor } from '../request-context.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../message.ts'
import { anonymous } from '../public/login.ts'
import { readBody } from '../read-body.ts'

/** Many times what any of its documents needs. */
const bodyBytesMax = 64 * 1024

/** `/searchRepositoryCatalogData` and the like: the operation's name with a small first letter. */
const byPath = new Map(
  galleryOperations.map((operation) => [`/${operation.name[0]?.toLowerCase()}${operation.name.slice(1)}`, operation]),
)

/** Whether a path is one of the gallery's. */
export function isGalleryPath(path: string): boolean {
  return byPath.has(path)
}

/** Answers the paths of `isGalleryPath`. */
export function createGalleryHandler(services: Services): HttpHandler {
  return async (request) => asPlainJson(await answer(services, request))
}

async function answer(services: Services, request: HttpRequest): Promise<HttpResponse> {
  const { requestId } = request
  const operation = byPath.get(request.path)
  const log = { service: 'gallery', operation: operation?.name, principal: anonymous.arn }
  const refuse = (fault: ProtocolFault) => faultResponse(requestId, fault, {}, log)
  if (!operation) return refuse(faults.noSuchPath)
  if (request.method !== 'POST') {
    const refusal = refuse(faults.methodNotAllowed)
    return { ...refusal, headers: { ...refusal.headers, allow: 'POST' } }
  }
  if (request.headers['content-encoding'] !== undefined) return refuse(faults.contentEncoding)
  if (!isJson(request.headers['content-type'])) return refuse(notJson)
  const body = await readBody(request, bodyBytesMax)
  if (body === 'too-large') return refuse(faults.tooLarge(bodyBytesMax))
  if (body === 'too-slow') return refuse(faults.tooSlow)
  const ctx = contextFor(services, request, { caller: anonymous, region: '', plane: 'api' })
  return answerDocument(operation, ctx, { document: body }, log)
}

/** JSON by any of its names. Browsers and scrapers also send it as plain text, which needs no preflight, or without a type. */
function isJson(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return (
    type === '' ||
    type === 'text/plain' ||
    /^(?:application|text)\/(?:[a-z0-9.-]{1,100}\+)?(?:x-amz-)?json(?:-1\.[01])?$/.test(type)
  )
}

const notJson: ProtocolFault = {
  type: 'SerializationException',
  status: 400,
  message: 'Content-Type must be application/json',
}

/** For clients that know nothing of AWS. What strangers wrote is in it: no browser may take it for anything else. */
function asPlainJson(response: HttpResponse): HttpResponse {
  return {
    ...response,
    headers: {
      ...response.headers,
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  }
}
