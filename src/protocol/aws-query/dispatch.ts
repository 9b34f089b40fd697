// The AWS Query protocol, as STS speaks it: a form in, XML out. `Action` names the operation, `Version` the API.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html

import type { Services } from '../../domain/context.ts'
import { escapeXml } from '../../lib/escape-xml.ts'
import { EcrError } from '../../model/errors.ts'
import { decode, WireTypeError } from '../../model/wire.ts'
import type { Operation } from '../../operations/operation.ts'
import { perform } from '../../operations/perform.ts'
import type { Authenticate } from '../authenticate.ts'
import { contextFor } from '../request-context.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'
import { readBody } from '../read-body.ts'
import { documentOf } from './form.ts'
import { element, toXml } from './xml.ts'

const bodyBytesMax = 64 * 1024

export interface QueryServiceOptions {
  readonly services: Services
  readonly operations: readonly Operation[]
  readonly authenticate: Authenticate
}

/** Answers POST / with a form. */
export function createQueryService(options: QueryServiceOptions): (request: HttpRequest) => Promise<HttpResponse> {
  const byAction = new Map(
    options.operations.map((operation) => [`${operation.service.apiVersion}/${operation.name}`, operation]),
  )
  return async (request) => {
    const body = await readBody(request, bodyBytesMax)
    if (body === 'too-large')
      return refusal(request, 413, 'RequestEntityTooLarge', `The request body must not exceed ${bodyBytesMax} bytes`)
    if (body === 'too-slow') return refusal(request, 408, 'RequestTimeout', 'The request body did not arrive in time')
    const form = new URLSearchParams(Buffer.from(body).toString('utf8'))
    const action = form.get('Action')
    const version = form.get('Version') ?? 'NO_VERSION_SPECIFIED' // AWS's own word for it
    if (action === null)
      return refusal(request, 400, 'MissingAction', 'The request is missing an action or a required parameter')
    const operation = byAction.get(`${version}/${action}`)
    if (!operation) {
      return refusal(
        request,
        400,
        'InvalidAction',
        `Could not find operation ${action.slice(0, 100)} for version ${version.slice(0, 20)}`,
      )
    }
    return serve(options, request, body, operation, form)
  }
}

async function serve(
  options: QueryServiceOptions,
  request: HttpRequest,
  body: Uint8Array,
  operation: Operation,
  form: URLSearchParams,
): Promise<HttpResponse> {
  const log = { service: operation.service.name, operation: operation.name }
  const authentic = await options.authenticate(request, body, operation.service.name)
  if (!authentic.ok) return refusal(request, 403, queryCode(authentic.fault.type), authentic.fault.message, log)
  const { caller, region } = authentic
  const who = { ...log, principal: caller.arn, accountId: caller.accountId, region }
  try {
    const ctx = contextFor(options.services, request, { caller, region, plane: 'api' })
    const output = await perform(operation, ctx, decode(operation.input, documentOf(operation.input, form)))
    const result = element(`${operation.name}Result`, toXml(operation.output, output))
    const metadata = element('ResponseMetadata', element('RequestId', request.requestId))
    const name = `${operation.name}Response`
    const xml = `<${name} xmlns="${namespaceOf(operation)}">${result}${metadata}</${name}>`
    return { status: 200, headers: headersOf(request), body: xml, log: who }
  } catch (error) {
    if (error instanceof WireTypeError) return refusal(request, 400, 'MalformedInput', error.message, who)
    // Denials are 403 here, where AWS JSON has 400.
    if (error instanceof EcrError) {
      const status = error.name === 'AccessDeniedException' ? 403 : error.status
      return refusal(request, status, queryCode(error.name), error.message, who)
    }
    // Code and words of AWS's list of common errors.
    const message = 'The request processing has failed because of an unknown error, exception or failure.'
    return { ...refusal(request, 500, 'InternalFailure', message, who), defect: error }
  }
}

function namespaceOf(operation: Operation): string {
  return `https://${operation.service.name}.amazonaws.com/doc/${operation.service.apiVersion}/`
}

/** The Query protocol's codes have no "Exception" at their end: `InvalidClientTokenId` is the one with another name. */
function queryCode(type: string): string {
  if (type === 'UnrecognizedClientException') return 'InvalidClientTokenId'
  if (type === 'InvalidSignatureException') return 'SignatureDoesNotMatch'
  return type.replace(/Exception$/, '')
}

function refusal(
  request: HttpRequest,
  status: number,
  code: string,
  message: string,
  log: Readonly<Record<string, unknown>> = {},
): HttpResponse {
  const side = status >= 500 ? 'Receiver' : 'Sender'
  const error = element('Error', element('Type', side) + element('Code', code) + element('Message', escapeXml(message)))
  return {
    status,
    headers: headersOf(request),
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${error}${element('RequestId', request.requestId)}</ErrorResponse>`,
    log: { error: code, ...log },
  }
}

function headersOf(request: HttpRequest): Readonly<Record<string, string>> {
  return { 'content-type': 'text/xml', 'x-amzn-requestid': request.requestId }
}
