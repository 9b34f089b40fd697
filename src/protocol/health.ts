// What load balancers, orchestrators and people ask: is it alive (`/healthz`), and can it serve (`/readyz`)?

import type { Blobs } from '../domain/ports/blobs.ts'
import { StorageBusyError } from '../domain/ports/storage-errors.ts'
import type { Metadata } from '../domain/ports/metadata.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './message.ts'

export interface HealthOptions {
  readonly metadata: Pick<Metadata, 'ping'>
  readonly blobs: Pick<Blobs, 'freeBytes' | 'requireFiles'>
  /** True from the moment the server was told to stop: it finishes what it has and wants nothing new. */
  readonly isStopping: () => boolean
  /** How long the stores may take to answer. */
  readonly patienceMs?: number
}

export interface HealthHandlers {
  readonly healthz: HttpHandler
  readonly readyz: HttpHandler
}

/**
 * `/healthz` is 200 while the process answers: a restart would not help against a full disk, so that is said and not failed.
 * `/readyz` is 503 while the server stops, a store does not answer, or no descriptor is left for one more request; connections that are open
 * are served all the same. A full disk leaves it ready, if degraded: pulls and deletes still work.
 */
export function createHealth({ metadata, blobs, isStopping, patienceMs = 2_000 }: HealthOptions): HealthHandlers {
  return {
    healthz: answering('HealthCheck', async () => {
      const free = await within(patienceMs, blobs.freeBytes())
      if (free === 'failed' || free === 'busy')
        return { status: 200, state: 'degraded', reason: 'the storage of layers does not answer' }
      if (free === 0) return { status: 200, state: 'degraded', reason: 'the storage is full' }
      return { status: 200, state: 'ok' }
    }),
    readyz: answering('ReadyCheck', async () => {
      if (isStopping()) return { status: 503, state: 'stopping', reason: 'the server is stopping' }
      const [database, files, free] = await Promise.all([
        within(patienceMs, metadata.ping()),
        within(patienceMs, blobs.requireFiles()),
        within(patienceMs, blobs.freeBytes()),
      ])
      if (database === 'failed' || database === 'busy')
        return { status: 503, state: 'unready', reason: 'the database does not answer' }
      if (files === 'busy') return { status: 503, state: 'unready', reason: 'no file or connection can be opened' }
      if (files === 'failed' || free === 'failed' || free === 'busy')
        return { status: 503, state: 'unready', reason: 'the storage of layers does not answer' }
      if (free === 0) return { status: 200, state: 'degraded', reason: 'the storage is full' }
      return { status: 200, state: 'ok' }
    }),
  }
}

interface Finding {
  readonly status: number
  readonly state: 'ok' | 'degraded' | 'stopping' | 'unready'
  readonly reason?: string
}

function answering(operation: string, look: () => Promise<Finding>): HttpHandler {
  return async (request) => {
    const refusal = refuseOtherMethods(request, operation)
    if (refusal) return refusal
    const { status, state, reason } = await look()
    return {
      status,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: `${JSON.stringify({ status: state, reason })}\n`,
      log: { operation },
    }
  }
}

/** The answer for a method that only looks at things, `undefined` when the request's is one. */
export function refuseOtherMethods(request: HttpRequest, operation: string): HttpResponse | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined
  return {
    status: 405,
    headers: { allow: 'GET, HEAD', 'content-type': 'text/plain' },
    body: 'Use GET\n',
    log: { operation },
  }
}

/** What a store says in time; how it fails is its own business and in the log of whoever uses it. */
async function within<T>(patienceMs: number, answer: Promise<T>): Promise<T | 'failed' | 'busy'> {
  const { promise, resolve } = Promise.withResolvers<'failed'>()
  const timer = setTimeout(() => resolve('failed'), patienceMs)
  try {
    return await Promise.race([answer, promise])
  } catch (error) {
    return error instanceof StorageBusyError ? 'busy' : 'failed'
  } finally {
    clearTimeout(timer)
  }
}
