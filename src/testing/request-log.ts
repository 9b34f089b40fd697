// What clients asked a registry for: each request with the operations it led to and what was given to them.

import type { Audit, AuditEvent } from '../domain/ports/audit.ts'
import type { HttpRequest, HttpResponse } from '../protocol/message.ts'
import { targetForLog } from '../protocol/request-log.ts'
import type { FaultEffect } from './faults.ts'

/** One operation that a request led to. */
export interface PerformedOperation {
  readonly operation: string
  /**
   * Names as the API has them. Bytes are left out, secrets are `***`, texts are cut after 2,048 characters. `{}` when there is nothing.
   */
  readonly input: Readonly<Record<string, unknown>>
  /** The error's name. */
  readonly error: string | undefined
}

/** One request, noted when its answer was ready. Never a secret. */
export interface RecordedRequest {
  readonly requestId: string
  readonly side: 'private' | 'public'
  readonly method: string
  /** With its query, signatures masked. */
  readonly path: string
  /** An operation of an API, a verb and a noun of the data plane (`PUT manifest`), or `GetLayer`; `undefined` for anything else. */
  readonly operation: string | undefined
  /** What the request did: one operation of an API, several for some requests of the data plane, none when it was refused before. */
  readonly performed: readonly PerformedOperation[]
  /** Of the first of them. */
  readonly input: Readonly<Record<string, unknown>> | undefined
  /** `undefined` when the connection broke before there was an answer. */
  readonly status: number | undefined
  /** The error's name as it was answered. */
  readonly error: string | undefined
  /** ARN; `undefined` when nobody was known. */
  readonly caller: string | undefined
  readonly userAgent: string | undefined
  /** The faults that met it. */
  readonly faults: readonly FaultEffect['kind'][]
  readonly durationMs: number
}

/** In the order of the answers. The last 10,000 are kept. */
export interface RequestLog extends Iterable<RecordedRequest> {
  readonly all: readonly RecordedRequest[]
  /** Those that were, or that led to, an operation: `of('PutImage')` has the pushes of docker, too. */
  readonly of: (operation: string) => readonly RecordedRequest[]
  readonly clear: () => void
}

const keptMax = 10_000

export interface Noting {
  readonly end: (response: HttpResponse | undefined, faults: readonly FaultEffect['kind'][]) => void
}

export interface Recorder {
  readonly log: RequestLog
  /** Where operations tell what they did. */
  readonly audit: Audit
  readonly begin: (request: HttpRequest, operation: string | undefined, side: 'private' | 'public') => Noting
}

export function createRequestLog(): Recorder {
  let kept: RecordedRequest[] = []
  const underWay = new Map<string, PerformedOperation[]>()
  return {
    log: {
      get all() {
        return [...kept]
      },
      of: (name) =>
        kept.filter(
          ({ operation, performed }) => operation === name || performed.some((one) => one.operation === name),
        ),
      clear: () => {
        kept = []
      },
      [Symbol.iterator]: () => [...kept][Symbol.iterator](),
    },
    audit: {
      level: 'all',
      // What a test does itself, past the listeners, belongs to no request.
      record: (event) => {
        underWay.get(event.requestID)?.push(performedIn(event))
        return true
      },
      flush: async () => true,
    },
    begin: (request, operation, side) => {
      const { requestId, method, target, headers } = request
      const startedMs = performance.now()
      const performed: PerformedOperation[] = []
      underWay.set(requestId, performed)
      return {
        end: (response, faults) => {
          underWay.delete(requestId)
          kept.push({
            requestId,
            side,
            method,
            operation,
            performed,
            faults,
            path: targetForLog(target),
            input: performed[0]?.input,
            status: response?.status,
            error: textOf(response?.log?.['error']),
            caller: textOf(response?.log?.['principal']),
            userAgent: headers['user-agent'],
            durationMs: performance.now() - startedMs,
          })
          if (kept.length > keptMax) kept.shift()
        },
      }
    },
  }
}

function performedIn({ eventName, requestParameters, errorCode }: AuditEvent): PerformedOperation {
  // Made from the members of an input: a record of them, or nothing.
  const input = (requestParameters ?? {}) as Readonly<Record<string, unknown>>
  return { operation: eventName, input, error: errorCode }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
