// Faults that a test scripts: which request, how often, and what becomes of it.

import { cutRequest, cutResponse } from '../protocol/cut-bodies.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from '../protocol/message.ts'
import { failedAnswer, foreignAnswer, throttledAnswer } from '../protocol/scripted-answers.ts'
import { pause } from './pause.ts'

/** Which requests. Without `operation` and `route`: every one. */
export interface FaultTarget {
  /**
   * As the request log calls it: an operation of an API (`PutImage`), a verb and a noun of the data plane (`GET blob`, `PUT manifest`,
   * `PATCH upload`), `GetLayer` for a layer URL.
   */
  readonly operation?: string | readonly string[]
  /** Method and path: `GET /v2/team/app/manifests/v1`, or a pattern of it. */
  readonly route?: string | RegExp
  /** The listener it comes to. */
  readonly side?: 'private' | 'public'
}

export type FaultEffect =
  /** As AWS answers who asks too often: ThrottlingException, 429 on the data plane, SlowDown of a layer URL. The request is not performed. */
  | { readonly kind: 'throttle' }
  /**
   * A status of 400 to 599 in place of the real answer; the request is not performed. `code` is the error's name in the request's own protocol. With `body` that
   * text, such as the page of a proxy, under `contentType` (text/html).
   */
  | { readonly kind: 'error'; readonly status: number; readonly code?: string; readonly message?: string }
  | { readonly kind: 'error'; readonly status: number; readonly body: string; readonly contentType?: string }
  /**
   * The connection breaks after so many bytes of the body (0) of the answer, when the request has been performed; or of the request,
   * which is then performed with what came.
   */
  | { readonly kind: 'cut'; readonly afterBytes?: number; readonly of?: 'answer' | 'request' }
  /** The request waits; a further fault may still meet it. */
  | { readonly kind: 'slow'; readonly delayMs: number }

/** What, to whom, and how often. */
export type Fault = FaultTarget &
  FaultEffect & {
    /** How many requests it meets; 1. `Infinity` until it is removed. */
    readonly times?: number
    /** How many requests pass unharmed before; 0. */
    readonly after?: number
  }

export interface AddedFault {
  /** Requests that it met. */
  readonly met: number
  readonly remove: () => void
}

export interface Faults {
  /** Takes effect with the next request. Of several that fit the first one added counts, but for slow ones, which add up. Throws RangeError for what cannot be. */
  readonly add: (fault: Fault) => AddedFault
  readonly clear: () => void
  /** Faults that have not met all their requests: a test may want to see none at its end. */
  readonly waiting: readonly Fault[]
}

interface Waiting extends AddedFault {
  readonly fault: Fault
  met: number
  toPass: number
}

/** What the faults do to one request; `undefined` when none met it. */
export interface FaultRun {
  readonly kinds: readonly FaultEffect['kind'][]
  readonly answer: (handler: HttpHandler, request: HttpRequest) => Promise<HttpResponse>
}

export interface ScriptedFaults extends Faults {
  readonly meet: (
    operation: string | undefined,
    request: HttpRequest,
    side: 'private' | 'public',
  ) => FaultRun | undefined
}

export function createFaults(): ScriptedFaults {
  let all: readonly Waiting[] = []
  const remove = (one: Waiting) => {
    all = all.filter((other) => other !== one)
  }
  const take = (one: Waiting): boolean => {
    if (one.toPass > 0) {
      one.toPass--
      return false
    }
    one.met++
    if (one.met >= (one.fault.times ?? 1)) remove(one)
    return true
  }
  return {
    add: (fault) => {
      check(fault)
      const one: Waiting = { fault, met: 0, toPass: fault.after ?? 0, remove: () => remove(one) }
      all = [...all, one]
      return one
    },
    clear: () => {
      all = []
    },
    get waiting() {
      return all.map(({ fault }) => fault)
    },
    meet: (operation, request, side) => {
      const met: Fault[] = []
      for (const one of all) {
        if (!fits(one.fault, operation, request, side) || !take(one)) continue
        met.push(one.fault)
        if (one.fault.kind !== 'slow') break
      }
      return met.length === 0 ? undefined : runOf(met)
    },
  }
}

function runOf(met: readonly Fault[]): FaultRun {
  return {
    kinds: met.map(({ kind }) => kind),
    answer: (handler, request) => {
      const through = met.reduceRight<HttpHandler>((next, fault) => (its) => answerWith(fault, next, its), handler)
      return through(request)
    },
  }
}

async function answerWith(fault: Fault, next: HttpHandler, request: HttpRequest): Promise<HttpResponse> {
  switch (fault.kind) {
    case 'slow':
      await pause(fault.delayMs, request.signal)
      return next(request)
    case 'throttle':
      return throttledAnswer(request)
    case 'error':
      return 'body' in fault
        ? foreignAnswer(fault.status, fault.contentType ?? 'text/html', fault.body)
        : failedAnswer(request, fault.status, fault.code, fault.message)
    case 'cut': {
      const { afterBytes = 0, of = 'answer' } = fault
      if (of === 'request') return next(cutRequest(request, afterBytes))
      return cutResponse(request, await next(request), afterBytes)
    }
  }
}

function fits(fault: Fault, operation: string | undefined, request: HttpRequest, side: 'private' | 'public'): boolean {
  const { operation: wanted, route, side: itsSide } = fault
  if (itsSide !== undefined && itsSide !== side) return false
  if (wanted !== undefined && (operation === undefined || ![wanted].flat().includes(operation))) return false
  if (route === undefined) return true
  const its = `${request.method} ${request.path}`
  if (typeof route === 'string') return its === route
  // A pattern that is global or sticky would remember where it was.
  return new RegExp(route.source, route.flags.replace(/[gy]/g, '')).test(its)
}

function check(fault: Fault): void {
  const { times = 1, after = 0 } = fault
  if (times !== Infinity) whole('times', times, 1)
  whole('after', after, 0)
  if (fault.kind === 'error' && (fault.status < 400 || fault.status > 599 || !Number.isInteger(fault.status)))
    throw new RangeError(`status must be 400 to 599, not ${fault.status}`)
  if (fault.kind === 'cut') whole('afterBytes', fault.afterBytes ?? 0, 0)
  if (fault.kind === 'slow') whole('delayMs', fault.delayMs, 0)
}

function whole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`)
}
