// Whatever a call fails with, as a member of the closed union of errors.ts.

import type { AnswerFacts, CommonErrorName, InputFault } from './errors.ts'
import { NotJsonAnswer } from './watch-wire.ts'

const bodyShownMax = 1000

/** What has to be known to tell failures apart. */
export interface Circumstance {
  /** The names that the model declares for the operation. */
  readonly declared: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly attempts: number
  /** Whether the connection failed, in contrast to an answer that tells of an error. */
  readonly isConnection: boolean
}

/** Of every error of a call. What else a kind has is added as properties. */
class CallError extends Error {
  override readonly name: string
  constructor(name: string, message: string, cause: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = name
  }
}

interface SdkError {
  readonly name?: string
  readonly message?: unknown
  readonly code?: string | number
  readonly errors?: readonly unknown[]
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  readonly $responseBodyText?: string
}

/** The error value of what the SDK threw. */
export function toFailure(
  thrown: unknown,
  { declared, signal, attempts, isConnection }: Circumstance,
): Error & AnswerFacts {
  const error: SdkError = typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) }
  const { httpStatusCode: httpStatus, requestId } = error.$metadata ?? {}
  const facts = { httpStatus, requestId, attempts: Math.max(attempts, error.$metadata?.attempts ?? 0) }
  const common = (name: CommonErrorName, message: string, more: object = {}) =>
    Object.assign(new CallError(name, message, thrown), facts, more)

  if (signal?.aborted === true) {
    return Object.assign(new CallError('Aborted', 'The call was aborted', signal.reason), facts)
  }
  if (thrown instanceof NotJsonAnswer) return notJson(thrown.contentType, thrown.body)
  if (thrown instanceof SyntaxError && error.$response !== undefined) {
    return notJson(error.$response.headers?.['content-type'], error.$responseBodyText ?? '')
  }
  if (isConnection) {
    const code = String(error.code ?? error.name)
    return common('Network', `There was no answer from the service: ${messageOf(error)}`, {
      code: error.name === 'TimeoutError' && error.code === undefined ? 'TimeoutError' : code,
    })
  }
  const name = error.name ?? 'Error'
  if (declared.includes(name))
    return Object.assign(new CallError(name, messageOf(error), thrown), facts, membersOf(error))
  return common('Unmodelled', messageOf(error), { code: name })

  function notJson(contentType: string | undefined, body: string): Error & AnswerFacts {
    const seen = body.trim() === '' ? 'nothing' : JSON.stringify(body.trim().slice(0, 100))
    const message = `Something that is not the service answered with status ${httpStatus}, ${contentType ?? 'no content type'}: ${seen}`
    return common('NotJson', message, { contentType, body: body.slice(0, bodyShownMax) })
  }
}

/** The error value of an input that was not sent. */
export function invalidInput(operation: string, faults: readonly InputFault[]): Error & AnswerFacts {
  const message = `The input of ${operation} is not valid: ${faults.map((fault) => fault.message).join('; ')}`
  const facts = { httpStatus: undefined, requestId: undefined, attempts: 0 }
  return Object.assign(new CallError('InvalidInput', message, undefined), facts, { faults })
}

function messageOf(error: SdkError): string {
  if (typeof error.message === 'string' && error.message !== '') return error.message
  // Where a name has several addresses, Node's error is of all of them and has no text of its own.
  const first: unknown = error.errors?.[0]
  return first instanceof Error ? first.message : String(error.code ?? error.name ?? 'unknown error')
}

/** The members that the model gives the error, without what the SDK adds. */
function membersOf(error: object): Readonly<Record<string, unknown>> {
  const own = new Set(['name', 'message', 'stack', '__type', 'Message', 'cause'])
  return Object.fromEntries(Object.entries(error).filter(([name]) => !own.has(name) && !name.startsWith('$')))
}
