// The HTTP adapter around a handler of the test's own, with everything it logged and every defect it told of.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { randomIds } from '../../src/lib/ids.ts'
import { type HttpServer, type HttpServerOptions, openHttpServer } from '../../src/protocol/http.ts'
import type { HttpHandler } from '../../src/protocol/message.ts'
import type { RequestLine } from '../../src/protocol/request-log.ts'

export interface Adapter {
  readonly server: HttpServer
  readonly port: number
  readonly url: string
  readonly lines: readonly RequestLine[]
  readonly defects: unknown[]
}

type Settings = Pick<HttpServerOptions, 'limits' | 'tls'>

/** Closed after the test, which fails when a defect is left that it has not taken out of `defects`. */
export async function openAdapter(t: TestContext, handler: HttpHandler, settings: Settings = {}): Promise<Adapter> {
  const lines: RequestLine[] = []
  const defects: unknown[] = []
  const server = await openHttpServer({
    handler,
    listen: '127.0.0.1',
    port: 0,
    log: (line) => lines.push(line),
    onDefect: (error) => defects.push(error),
    ids: randomIds,
    ...settings,
  })
  t.after(async () => {
    await server.close(0)
    assert.deepEqual(defects, [])
  })
  return { server, port: server.port, url: `http://127.0.0.1:${server.port}`, lines, defects }
}

/** Waits, for five seconds at most, until something is so. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!isSo()) {
    assert.ok(Date.now() < deadline, `still not so: ${what}`)
    await delay(5)
  }
}

/** The one defect there is, taken out. */
export function takeDefect(adapter: Adapter): string {
  assert.equal(adapter.defects.length, 1)
  return String(adapter.defects.pop())
}
