// A client that does no harm, and how long it waits meanwhile.

import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Target } from './data-plane.ts'

export interface Latency {
  readonly requests: number
  readonly p99Ms: number
  /** What was not answered as it should be. */
  readonly failures: readonly string[]
}

/** Asks for `path` again and again, over one connection that it keeps, until stopped. */
export function watchLatency({ origin, authorization }: Target, path: string, pauseMs: number) {
  const stopping = new AbortController()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  const failures: string[] = []
  const ask = () =>
    new Promise<void>((resolve) => {
      const startMs = performance.now()
      const outgoing = request(new URL(path, origin), { agent, headers: { authorization } }, (incoming) => {
        if (incoming.statusCode !== 200) failures.push(`${path} was answered ${incoming.statusCode}`)
        incoming.resume()
        incoming.once('close', () => {
          times.push(performance.now() - startMs)
          resolve()
        })
      })
      outgoing.on('error', (error) => {
        failures.push(`${path}: ${error.message}`)
        resolve()
      })
      outgoing.end()
    })
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await ask()
      await sleep(pauseMs)
    }
  })()
  return {
    stop: async (): Promise<Latency> => {
      stopping.abort()
      await done
      agent.destroy()
      const sorted = times.toSorted((one, other) => one - other)
      return { requests: times.length, p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0), failures }
    },
  }
}
