// AWS JSON 1.1: `X-Amz-Target` names the operation, the body is its input. Order of checks: path, method, target, media type, size,
// signature, JSON and wire types, then what `perform` checks (constraints, rights, state).

import type { Services } from '../../domain/context.ts'
import { fail } from '../../model/errors.ts'
import type { Operation } from '../../operations/operation.ts'
import { contextFor } from '../request-context.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'
import { readBody } from '../read-body.ts'
import { membersOf } from '../../model/schema.ts'
import { namesKnownKey, type Authenticate } from '../authenticate.ts'
import { answerDocument } from './answer-document.ts'
import { faultResponse, faults, jsonType } from './faults.ts'
import { type ReceivedDocument, withReceivedPart } from './receive-document.ts'

const MiB = 1024 * 1024
/** Enough for a manifest of 4 MiB whose every character is escaped as `\n` is; PutImage is the largest but one. */
const documentBytesMax = 9 * MiB
/** 20 MiB of a part in base64, and room for the rest. */
const partBytesMax = 28 * MiB
const smallBytesMax = MiB

export interface JsonServiceOptions {
  readonly services: Services
  readonly operations: readonly Operation[]
  /** Operations of AWS's model: one that is missing in `operations` is answered as not offered. */
  readonly modelNames: readonly string[]
  readonly authenticate: Authenticate
  /** Where the service is offered, when not everywhere: a request signed for another region fails with UnsupportedCommandException. */
  readonly regions?: readonly string[]
}

/** Answers POST / with an `X-Amz-Target`. */
export function createJsonService(options: JsonServiceOptions): (request: HttpRequest) => Promise<HttpResponse> {
  const byTarget = new Map(
    options.operations.map((operation) => [`${operation.service.targetPrefix}.${operation.name}`, operation]),
  )
  const prefixes = new Set(options.operations.map((operation) => operation.service.targetPrefix))
  return async (request) => {
    const target = request.headers['x-amz-target'] ?? ''
    const operation = byTarget.get(target)
    if (!operation) return faultResponse(request.requestId, missing(target, prefixes, options.modelNames))
    const mediaFault = checkMedia(request)
    if (mediaFault) return faultResponse(request.requestId, mediaFault)
    return serve(options, request, operation)
  }
}

async function serve(options: JsonServiceOptions, request: HttpRequest, operation: Operation): Promise<HttpResponse> {
  const { requestId } = request
  const log = { service: operation.service.name, operation: operation.name }
  const maxBytes = bodyLimit(operation)
  const isTooLarge = (request.contentLength ?? 0) > maxBytes
  if (!isTooLarge && !namesKnownKey(request, options.services)) {
    // Before its body is received, which may have 28 MiB: anyone may send one. Without a key of ours no body makes it authentic.
    const stranger = await options.authenticate(request, new Uint8Array(), operation.service.name)
    if (!stranger.ok) return faultResponse(requestId, { ...stranger.fault, status: 400 }, {}, log)
  }
  const part = membersOf(operation.input).find(({ schema }) => schema.kind === 'blob')
  if (part) {
    const use = (received: Received) => answer(options, request, operation, received, log)
    return withReceivedPart(request, maxBytes, part.name, use)
  }
  const body = await readBody(request, maxBytes)
  const received = typeof body === 'string' ? body : { payload: body, document: body }
  return answer(options, request, operation, received, log)
}

type Received = ReceivedDocument | 'too-large' | 'too-slow'

async function answer(
  options: JsonServiceOptions,
  request: HttpRequest,
  operation: Operation,
  received: Received,
  log: Readonly<Record<string, unknown>>,
): Promise<HttpResponse> {
  const { requestId } = request
  if (received === 'too-large') return faultResponse(requestId, faults.tooLarge(bodyLimit(operation)), {}, log)
  if (received === 'too-slow') return faultResponse(requestId, faults.tooSlow, {}, log)
  const authentic = await options.authenticate(request, received.payload, operation.service.name)
  if (!authentic.ok) return faultResponse(requestId, { ...authentic.fault, status: 400 }, {}, log)
  const { caller, region } = authentic
  const who = { ...log, principal: caller.arn, accountId: caller.accountId, region }
  const ctx = contextFor(options.services, request, { caller, region, plane: 'api' })
  return answerDocument(operation, ctx, received, who, () => {
    if (options.regions?.includes(region) === false) fail('UnsupportedCommandException', { region })
  })
}

function bodyLimit(operation: Operation): number {
  if (operation.name === 'UploadLayerPart') return partBytesMax
  return operation.name === 'PutImage' ? documentBytesMax : smallBytesMax
}

/** J2: what is not in the public list does not exist, whatever else the program can do. */
function missing(target: string, prefixes: ReadonlySet<string | undefined>, modelNames: readonly string[]) {
  const dot = target.lastIndexOf('.')
  const name = target.slice(dot + 1)
  return prefixes.has(target.slice(0, dot)) && modelNames.includes(name)
    ? faults.notOffered(name)
    : faults.unknownOperation
}

function checkMedia(request: HttpRequest) {
  if (request.headers['content-encoding'] !== undefined) return faults.contentEncoding
  if (request.headers['content-type'] === jsonType) return undefined
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === jsonType ? undefined : faults.contentType
}
