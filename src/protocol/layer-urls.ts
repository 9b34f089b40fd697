// Layer URLs: what GetDownloadUrlForLayer gives. The signature in the query is the whole permission, so no login, no account and no
// repository name is looked at. Errors have S3's form, because that is where ECR's URLs lead.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

import type { Services } from '../domain/context.ts'
import type { Layer } from '../domain/ports/metadata.ts'
import { parseDigest, type Digest } from '../lib/digest.ts'
import { escapeXml } from '../lib/escape-xml.ts'
import { answerLayer } from './distribution/blob-answer.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './message.ts'
import { createOpenReads, endingWith } from './open-reads.ts'
import type { SigV4Verifier } from './sigv4/verify.ts'

export interface LayerUrlOptions {
  readonly services: Pick<Services, 'metadata' | 'blobs' | 'keptLayers' | 'onBackgroundError'>
  readonly verifyQuery: SigV4Verifier<unknown>['verifyQuery']
}

/** The path whose presigned form is a layer URL. */
export function layerPath(repositoryId: string, digest: Digest): string {
  return `/layers/${repositoryId}/${digest}`
}

/** Reads of one URL under way at once: far above what a client opens for the ranges of a layer (row U12). */
const readsOfOneUrl = 256

const expectation = { service: 's3', maxExpiresSeconds: 3600 } as const

/** Serves GET and HEAD of `/layers/<repository id>/<digest>` to whoever holds a URL that we signed and that has not expired. */
export function createLayerUrlHandler(options: LayerUrlOptions): HttpHandler {
  const { services, verifyQuery } = options
  const takeTurn = createOpenReads(readsOfOneUrl)
  return async (request) => {
    const verdict = await verifyQuery(request, expectation)
    // Before anything is looked up: without a signature a path tells nothing (row U11).
    if (!verdict.ok) return refusal(request, verdict.fault.status, verdict.fault.kind, verdict.fault.message)
    const place = parsePath(request.path)
    const layer = place && (await services.metadata.read.layers.find(place.repositoryId, place.digest))
    if (!layer) return refusal(request, 404, 'NoSuchKey', 'The specified key does not exist.')
    // The query holds the signature: one URL, one key.
    const turn = takeTurn(request.query)
    if (!turn) return refusal(request, 503, 'SlowDown', 'Please reduce your request rate.', { 'Retry-After': '1' })
    const answer = await serveLayer(services, request, layer).catch((error: unknown) => {
      turn.end()
      throw error
    })
    if (answer.body === undefined || typeof answer.body === 'string' || answer.body instanceof Uint8Array) {
      turn.end()
      return answer
    }
    return { ...answer, body: endingWith(answer.body, turn.end) }
  }
}

async function serveLayer(
  services: LayerUrlOptions['services'],
  request: HttpRequest,
  layer: Layer,
): Promise<HttpResponse> {
  const answer = await answerLayer(services, request, layer, privateHeaders(request))
  if (answer === 'damaged') return refusal(request, 404, 'NoSuchKey', 'The specified key does not exist.')
  if (answer !== 'unsatisfiable') return { ...answer, log: { operation: 'GetLayer', layer: layer.digest } }
  const range = { 'Content-Range': `bytes */${layer.size}` }
  return refusal(request, 416, 'InvalidRange', 'The requested range is not satisfiable', range)
}

function parsePath(path: string): { readonly repositoryId: string; readonly digest: Digest } | undefined {
  const [, repositoryId, text] = /^\/layers\/([0-9a-f-]{36})\/(sha(?:256|512)(?::|%3A)[0-9a-f]+)$/.exec(path) ?? []
  const digest = text === undefined ? undefined : parseDigest(text.replace('%3A', ':'))
  return repositoryId === undefined || digest === undefined ? undefined : { repositoryId, digest }
}

/** The URL is a secret while it lives: it must not travel on as a referrer (row U10). */
function privateHeaders(request: HttpRequest): Readonly<Record<string, string>> {
  return { 'Referrer-Policy': 'no-referrer', 'x-amz-request-id': request.requestId }
}

function refusal(
  request: HttpRequest,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const fields = [
    ['Code', code],
    ['Message', message],
    ['RequestId', request.requestId],
  ] as const
  const xml = fields.map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`).join('')
  return {
    status,
    headers: {
      ...privateHeaders(request),
      'Content-Type': 'application/xml',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xml}</Error>`,
    log: { operation: 'GetLayer', error: code },
  }
}
