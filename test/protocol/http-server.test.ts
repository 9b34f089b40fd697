// Opening and stopping the HTTP server, TLS, and what it does when the machine runs short.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

import { randomIds } from '../../src/lib/ids.ts'
import { openHttpServer } from '../../src/protocol/http.ts'
import { ListenError } from '../../src/protocol/listen-error.ts'
import type { HttpResponse } from '../../src/protocol/message.ts'
import { eventually, openAdapter } from '../support/http-adapter.ts'
import { openRaw, statusesOf } from '../support/raw-http.ts'
import { testCertificate, testKey } from '../support/test-certificate.ts'

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const ok: HttpResponse = { status: 200, headers: {}, body: 'fine' }
const tls = { cert: Buffer.from(testCertificate), key: Buffer.from(testKey) }

describe('F21: a graceful stop', () => {
  test('closes what is idle at once, lets what is in flight finish, and takes nothing new', async (t) => {
    const release = Promise.withResolvers<void>()
    const { port, server, lines } = await openAdapter(t, async (request) => {
      if (request.path === '/slow') await release.promise
      return ok
    })
    const idle = await openRaw(port)
    idle.send(get)
    await idle.until('fine')
    const silent = await openRaw(port)
    const busy = await openRaw(port)
    busy.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await eventually('in flight', () => server.activeRequests() === 1)

    const closed = server.close(5_000)
    assert.equal(server.close(5_000), closed, 'asking twice is asking once')
    await Promise.all([idle.closed, silent.closed])
    await assert.rejects(openRaw(port), { code: 'ECONNREFUSED' })
    assert.equal(busy.received(), '')
    release.resolve()
    const text = await busy.closed
    assert.match(text, /200 OK[^]*Connection: close[^]*fine$/)
    await closed
    assert.equal(server.activeRequests(), 0)
    assert.deepEqual(
      lines.map((line) => line.status),
      [200, 200],
    )
  })

  test('finishes a download whose headers have long left', async (t) => {
    const release = Promise.withResolvers<void>()
    const { port, server } = await openAdapter(t, () =>
      Promise.resolve({
        status: 200,
        headers: { 'Content-Length': '6' },
        body: (async function* () {
          yield Buffer.from('one')
          await release.promise
          yield Buffer.from('two')
        })(),
      }),
    )
    const busy = await openRaw(port)
    busy.send(get)
    await busy.until('one')
    const closed = server.close(5_000)
    await delay(20)
    release.resolve()
    assert.match(await busy.closed, /onetwo$/)
    await closed
  })

  test('breaks what is still in flight when the time is over', async (t) => {
    const { port, server, lines } = await openAdapter(
      t,
      (request) => new Promise((resolve) => request.signal.addEventListener('abort', () => resolve(ok))),
    )
    const busy = await openRaw(port)
    busy.send(get)
    await eventually('in flight', () => server.activeRequests() === 1)
    const startedMs = performance.now()
    await server.close(100)
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs > 90 && tookMs < 2_000, `took ${tookMs} ms`)
    assert.equal(await busy.closed, '')
    await eventually('the line', () => lines.length === 1)
    assert.equal(lines[0]?.aborted, true)
  })

  test('waits for a handler whose client has left', async (t) => {
    const release = Promise.withResolvers<void>()
    const { port, server } = await openAdapter(t, async () => {
      await release.promise
      return ok
    })
    const busy = await openRaw(port)
    busy.send(get)
    await eventually('in flight', () => server.activeRequests() === 1)
    busy.destroy()
    let stopped = false
    const closed = server.close(5_000).then(() => {
      stopped = true
    })
    await delay(50)
    assert.equal(stopped, false)
    release.resolve()
    await closed
  })
})

describe('TLS', () => {
  test('serves TLS 1.2 and 1.3, marks the request secure, and refuses TLS 1.1 (R11)', async (t) => {
    const { port, lines } = await openAdapter(
      t,
      (request) => Promise.resolve({ status: 200, headers: {}, body: `${request.secure} ${request.remoteAddress}` }),
      { tls },
    )
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const agent = new Agent({ ca: testCertificate, minVersion: version, maxVersion: version })
      const asked = httpsRequest({ host: '127.0.0.1', port, agent, headers: { Connection: 'close' } }).end()
      const [answer] = await once(asked, 'response')
      const text = Buffer.concat(await answer.toArray()).toString()
      assert.equal(text, 'true 127.0.0.1')
      agent.destroy()
    }
    const old = connectTls({
      host: '127.0.0.1',
      port,
      ca: testCertificate,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await assert.rejects(once(old, 'secureConnect'), /protocol version|unsupported protocol|no protocols/i)
    old.destroy()
    const plain = await openRaw(port)
    plain.send(get)
    assert.deepEqual(statusesOf(await plain.closed), [])
    assert.equal(lines.length, 2)
  })

  test('a connection in the middle of its handshake does not hold up the stop', async (t) => {
    const { port, server } = await openAdapter(t, () => Promise.resolve(ok), { tls })
    const raw = await openRaw(port)
    raw.send('\x16\x03\x01')
    await delay(30)
    await server.close(50)
    await raw.closed
  })

  test('a stream of large pieces arrives whole over TLS, and an aborted one ends its producer', async (t) => {
    let closed = 0
    const { port, lines } = await openAdapter(
      t,
      (request) =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            try {
              for (let n = 0; request.path === '/endless' || n < 20; n += 1) yield Buffer.alloc(262_144, n)
            } finally {
              closed += 1
            }
          })(),
        }),
      { tls },
    )
    const agent = new Agent({ ca: testCertificate })
    const [whole] = await once(httpsRequest({ host: '127.0.0.1', port, agent }).end(), 'response')
    assert.equal(Buffer.concat(await whole.toArray()).length, 20 * 262_144)
    const [endless] = await once(httpsRequest({ host: '127.0.0.1', port, agent, path: '/endless' }).end(), 'response')
    await once(endless, 'readable')
    endless.on('error', () => {})
    endless.destroy()
    await eventually('both lines', () => lines.length === 2)
    assert.deepEqual([closed, lines[1]?.aborted], [2, true])
    agent.destroy()
  })
})

describe('a server that cannot listen says why', () => {
  const open = (more: { port?: number; listen?: string; tls?: { cert: Buffer; key: Buffer } }) =>
    openHttpServer({
      handler: () => Promise.resolve(ok),
      listen: '127.0.0.1',
      port: 0,
      log: () => {},
      onDefect: () => {},
      ids: randomIds,
      ...more,
    })

  test('the port is taken', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve(ok))
    await assert.rejects(
      open({ port }),
      (error) =>
        error instanceof ListenError &&
        error.reason === 'address-in-use' &&
        error.message === `127.0.0.1:${port} is taken by another program`,
    )
  })

  test('the address is not of this machine', async () => {
    await assert.rejects(
      open({ listen: '192.0.2.1' }),
      (error) => error instanceof ListenError && error.reason === 'no-such-address',
    )
  })

  test('the certificate is none, or not that of the key', async () => {
    for (const cert of [Buffer.from('rubbish'), Buffer.alloc(0)]) {
      await assert.rejects(
        open({ tls: { cert, key: tls.key } }),
        (error) => error instanceof ListenError && error.reason === 'bad-certificate',
      )
    }
  })
})

describe('limits of the machine', () => {
  test('connections above the limit are dropped, the others served', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve(ok), { limits: { connectionsMax: 2 } })
    const first = await openRaw(port)
    const second = await openRaw(port)
    await delay(20)
    const third = await openRaw(port)
    third.send(get)
    assert.equal(await third.closed, '')
    second.destroy()
    first.send(get)
    await first.until('fine')
  })

  test(
    'no file descriptor left for a connection: the server lives and serves again',
    { skip: process.platform !== 'linux' && 'sets a limit with a POSIX shell' },
    async (t) => {
      const program = `
      import { openHttpServer } from ${JSON.stringify(import.meta.resolve('../../src/protocol/http.ts'))}
      import { randomIds } from ${JSON.stringify(import.meta.resolve('../../src/lib/ids.ts'))}
      const server = await openHttpServer({
        handler: async () => ({ status: 200, headers: {}, body: 'fine' }),
        listen: '127.0.0.1', port: 0, log: () => {}, ids: randomIds,
        onDefect: (error) => console.log(error.code),
      })
      console.log(server.port)
    `
      const child = spawn(
        'sh',
        ['-c', 'ulimit -n 60; exec "$0" --input-type=module -e "$1"', process.execPath, program],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      t.after(() => child.kill('SIGKILL'))
      let output = ''
      child.stdout.on('data', (data: Buffer) => {
        output += data.toString()
      })
      await eventually('it listens', () => output.includes('\n'))
      const port = Number(output.trim())
      // Node accepts and closes what it has no descriptor for, without a word.
      let turnedAway = 0
      const many = Array.from({ length: 100 }, () =>
        connect(port, '127.0.0.1')
          .on('error', () => {})
          .on('close', () => {
            turnedAway += 1
          }),
      )
      await eventually('it ran out', () => turnedAway > 40)
      for (const socket of many) socket.destroy()
      await delay(50)
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } })
      assert.equal(await answer.text(), 'fine')
      assert.equal(child.exitCode, null)
    },
  )
})
