// An operation performed for a JSON document: what the signed APIs and the gallery have in common once it is known who calls.

import type { Context } from '../../domain/context.ts'
import { EcrError } from '../../model/errors.ts'
import { decode, encode, WireTypeError } from '../../model/wire.ts'
import type { Operation } from '../../operations/operation.ts'
import { perform } from '../../operations/perform.ts'
import type { HttpResponse } from '../message.ts'
import { faultResponse, faults, jsonType } from './faults.ts'
import { parseDocument } from './parse-document.ts'
import { type ReceivedDocument, withBlob } from './receive-document.ts'

/**
 * Answers in AWS JSON 1.1, refusals included.
 * @param log what the log line says, but for the repository, which is read off the input
 * @param check throws an `EcrError` before anything of the input is looked at
 */
export async function answerDocument(
  operation: Operation,
  ctx: Context,
  received: Pick<ReceivedDocument, 'document' | 'blob'>,
  log: Readonly<Record<string, unknown>>,
  check: () => void = () => {},
): Promise<HttpResponse> {
  const { requestId } = ctx
  const parsed = parseDocument(received.document)
  if ('fault' in parsed) return faultResponse(requestId, faults.serialization(parsed.fault), {}, log)
  try {
    check()
    const input = decode(operation.input, withBlob(parsed.document, received.blob))
    const output = await perform(operation, ctx, input)
    return {
      status: 200,
      headers: { 'content-type': jsonType, 'x-amzn-requestid': requestId },
      body: JSON.stringify(encode(operation.output, output)),
      log: { ...log, ...repositoryIn(input) },
    }
  } catch (error) {
    if (error instanceof WireTypeError) return faultResponse(requestId, faults.serialization(error.message), {}, log)
    if (error instanceof EcrError) {
      const fault = { type: error.name, status: error.status, message: error.message }
      return faultResponse(requestId, fault, error.members, log)
    }
    return { ...faultResponse(requestId, faults.defect, {}, log), defect: error }
  }
}

function repositoryIn(input: unknown): { readonly repository?: string } {
  const name =
    typeof input === 'object' && input !== null && 'repositoryName' in input ? input.repositoryName : undefined
  return typeof name === 'string' ? { repository: name } : {}
}
