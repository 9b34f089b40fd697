// One call, from the input that a caller wrote to a result: check, send through the SDK, tell what happened.

import type { MetadataBearer } from '@smithy/types'
import type { StructSchema } from '../model/schema.ts'
import type { LogCall } from './call-log.ts'
import { checkInput } from './check-input.ts'
import type { AnswerFacts, Result } from './errors.ts'
import { invalidInput, toFailure } from './to-failure.ts'
import type { WireLog } from './watch-wire.ts'

/** What a call needs of its client. */
export interface CallerParts {
  readonly service: string
  readonly inputs: Readonly<Record<string, StructSchema>>
  readonly errors: Readonly<Record<string, readonly string[]>>
  /** Sends a checked input; the very same object has to reach the middleware. */
  readonly send: (name: string, input: object, signal: AbortSignal | undefined) => Promise<MetadataBearer>
  /** Asks for new credentials; `undefined` when they are fixed. */
  readonly refreshCredentials: (() => Promise<unknown>) | undefined
  readonly wireLog: WireLog
  readonly logCall: LogCall | undefined
  readonly checksInput: boolean
}

type AnyResult = Result<object, Error & AnswerFacts>
/** Never rejects. */
export type Caller = (name: string, input: unknown, signal: AbortSignal | undefined) => Promise<AnyResult>

export function createCaller(parts: CallerParts): Caller {
  return async (name, input, signal) => {
    const startedAtMs = performance.now()
    const { result, attempts } = await outcome(parts, name, input, signal)
    const facts = result.ok ? result : result.error
    parts.logCall?.({
      service: parts.service,
      operation: name,
      input,
      output: result.ok ? result.value : undefined,
      httpStatus: facts.httpStatus,
      requestId: facts.requestId,
      attempts,
      durationMs: Math.round(performance.now() - startedAtMs),
      error: result.ok ? undefined : errorName(result.error),
      errorMessage: result.ok ? undefined : result.error.message,
    })
    return result
  }
}

interface Outcome {
  readonly result: AnyResult
  readonly attempts: number
}

async function outcome(
  parts: CallerParts,
  name: string,
  input: unknown,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { service, inputs, errors, wireLog, checksInput } = parts
  let value: object = {}
  const attempts = () => wireLog.attempts.get(value) ?? 0
  try {
    const schema = inputs[name]
    if (schema === undefined) throw new TypeError(`There is no operation ${name} in the API of ${service}`)
    const checked = await checkInput(schema, input)
    if (checksInput && checked.faults.length > 0) {
      return { result: { ok: false, error: invalidInput(name, checked.faults) }, attempts: 0 }
    }
    value = checked.value
    signal?.throwIfAborted()
    const { $metadata, ...output } = await sendFresh(parts, name, value, signal)
    const { httpStatusCode: httpStatus, requestId } = $metadata
    return { result: { ok: true, value: output, httpStatus, requestId }, attempts: attempts() }
  } catch (thrown) {
    const isConnection = typeof thrown === 'object' && thrown !== null && wireLog.broken.has(thrown)
    const error = toFailure(thrown, { declared: errors[name] ?? [], signal, attempts: attempts(), isConnection })
    return { result: { ok: false, error }, attempts: error.attempts }
  }
}

const expired: readonly string[] = ['ExpiredTokenException', 'ExpiredToken', 'TokenRefreshRequired']

/** Credentials that end in the middle are asked for once more, where there is somebody to ask. The SDK looks at their announced end only. */
async function sendFresh(
  { send, refreshCredentials }: CallerParts,
  name: string,
  value: object,
  signal: AbortSignal | undefined,
): Promise<MetadataBearer> {
  try {
    return await send(name, value, signal)
  } catch (error) {
    const isExpired = error instanceof Error && expired.includes(error.name)
    if (!isExpired || refreshCredentials === undefined || signal?.aborted === true) throw error
    await refreshCredentials()
    return send(name, value, signal)
  }
}

function errorName(error: Error): string {
  return 'code' in error ? `${error.name} (${String(error.code)})` : error.name
}
