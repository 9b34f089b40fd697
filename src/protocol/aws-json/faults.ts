// Refusals that belong to the protocol and not to an operation. Statuses as real answers show them: 400 but for size and media type.

import { defectSentence, sentences } from '../../model/errors.ts'
import type { HttpResponse } from '../message.ts'

/** A request that never became an operation. */
export interface ProtocolFault {
  readonly type: string
  readonly status: number
  /** Some AWS services send no message at all (UnknownOperationException). */
  readonly message: string | undefined
}

export const faults = {
  /** AWS answers without a message; seen on a sibling JSON 1.1 service. */
  unknownOperation: { type: 'UnknownOperationException', status: 400, message: undefined },
  notOffered: (name: string): ProtocolFault => ({
    type: 'UnknownOperationException',
    status: 400,
    message: sentences['UnknownOperationException/notOffered'].text({ operation: name }),
  }),
  noSuchPath: { type: 'UnknownOperationException', status: 404, message: undefined },
  methodNotAllowed: { type: 'UnknownOperationException', status: 405, message: undefined },
  contentType: {
    type: 'SerializationException',
    status: 400,
    message: 'Content-Type must be application/x-amz-json-1.1',
  },
  contentEncoding: {
    type: 'UnsupportedMediaTypeException',
    status: 415,
    message: 'A Content-Encoding of the request body is not supported',
  },
  tooLarge: (maxBytes: number): ProtocolFault => ({
    type: 'RequestEntityTooLargeException',
    status: 413,
    message: `The request body must not exceed ${maxBytes} bytes`,
  }),
  tooSlow: { type: 'RequestTimeoutException', status: 408, message: 'The request body did not arrive in time' },
  /** Something failed inside: what, is for the log. */
  defect: { type: 'ServerException', status: 500, message: defectSentence },
  serialization: (message: string): ProtocolFault => ({ type: 'SerializationException', status: 400, message }),
} as const

export const jsonType = 'application/x-amz-json-1.1'

/** The answer for a fault of AWS JSON 1.1. Clients read `__type`; `message` is lower case in ECR's answers. */
export function faultResponse(
  requestId: string,
  fault: { readonly type: string; readonly status: number; readonly message: string | undefined },
  members: Readonly<Record<string, unknown>> = {},
  log: Readonly<Record<string, unknown>> = {},
): HttpResponse {
  return {
    status: fault.status,
    headers: { 'content-type': jsonType, 'x-amzn-requestid': requestId, 'x-amzn-errortype': fault.type },
    body: JSON.stringify({ __type: fault.type, message: fault.message, ...members }),
    log: { error: fault.type, ...log },
  }
}
