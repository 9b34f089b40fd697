// A server whose descriptors are used up by connections: those that are open are served, readiness says so, and all heals when some go.

import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { serve } from './program.ts'

/** More than a server needs for itself (some 50), and few enough to be used up at once. */
const descriptorsMax = 96

test('readiness tells when no descriptor is left, and recovers', { skip: process.platform === 'win32' }, async (t) => {
  const { origin } = await serve(t, ['--dev'], undefined, ['sh', '-c', `ulimit -n ${descriptorsMax}; exec "$@"`, 'sh'])
  const { hostname, port } = new URL(origin)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  /** On one connection that stays open: a new one could not be taken. */
  const ask = async (path: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly [number | undefined, string]>()
    request({ hostname, port, path, agent }, (answer) => {
      text(answer).then((body) => resolve([answer.statusCode, body]), reject)
    })
      .once('error', reject)
      .end()
    return promise
  }
  const ok = [200, '{"status":"ok"}\n']
  assert.deepEqual(await ask('/readyz'), ok)
  const sockets: Socket[] = []
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  for (let count = 0; count < descriptorsMax; count++) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.resume()
    sockets.push(socket)
  }
  const isTurnedAway = () => sockets.some((socket) => socket.closed)
  for (const endMs = Date.now() + 10_000; !isTurnedAway() && Date.now() < endMs;) await delay(20)
  assert.ok(isTurnedAway(), 'not one connection was turned away')
  assert.deepEqual(await ask('/readyz'), [503, '{"status":"unready","reason":"no file or connection can be opened"}\n'])
  assert.deepEqual(await ask('/healthz'), ok)
  for (const socket of sockets) socket.destroy()
  for (const endMs = Date.now() + 10_000; (await ask('/readyz'))[0] !== 200 && Date.now() < endMs;) await delay(20)
  assert.deepEqual(await ask('/readyz'), ok)
})
