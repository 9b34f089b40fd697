// Large downloads go around Node's HTTP client: what comes is the same, whatever the server does.

import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'

import type { ConnectionOptions } from '../../../src/client/connection-options.ts'
import { httpOptions } from '../../../src/client/transport/open-place.ts'
import { readBody, sendHttp } from '../../../src/client/transport/send-http.ts'
import { testCertificate, testKey } from '../../support/test-certificate.ts'

const mebibyte = 1024 * 1024
const bytes = Buffer.from(Array.from({ length: 3 * mebibyte + 7 }, (_, at) => (at * 7 + (at >> 11)) & 255))
const lengthOnly = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunksOf = (content: Buffer) => {
  const ended = Buffer.from('\r\n0\r\n\r\n')
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, ended])
}

/** What a server writes when it has read a request; `seen` has all of them. */
type Answer = (socket: Socket, request: string) => void | Promise<void>

describe('a large download', () => {
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    for (const server of servers.splice(0)) server.close()
  })

  async function serve(answer: Answer, { isSecure = false } = {}) {
    const seen: string[] = []
    const meet = (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined) // the client has gone
      let request = ''
      socket.on('data', (piece: Buffer) => {
        request += piece.toString('latin1')
        if (!request.endsWith('\r\n\r\n')) return
        seen.push(request)
        void answer(socket, request)
        request = ''
      })
    }
    const server = isSecure ? createTlsServer({ cert: testCertificate, key: testKey }, meet) : createServer(meet)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return { url: new URL(`${isSecure ? 'https' : 'http'}://localhost:${port}/blob?part=1`), seen }
  }

  async function fetchBlob(url: URL, connection: ConnectionOptions = {}, signal?: AbortSignal) {
    const call = { method: 'GET', url, headers: { range: 'bytes=0-' }, answerBytes: bytes.length, signal }
    const answer = await sendHttp(call, httpOptions({ proxy: false, ...connection }))
    const pieces: Buffer[] = []
    for await (const piece of readBody(answer, url.host, signal)) {
      // Whoever is slow still has the piece that it was given: nothing is read into it meanwhile.
      const before = Buffer.from(piece)
      if (pieces.length % 4 === 0) await sleep(5)
      assert.ok(before.equals(piece))
      pieces.push(before)
    }
    return { status: answer.status, headers: answer.headers, body: Buffer.concat(pieces) }
  }

  const whole: readonly (readonly [string, number, Answer])[] = [
    ['in one piece', 1, (socket) => void socket.end(Buffer.concat([Buffer.from(lengthOnly), bytes]))],
    [
      'with a head that comes in three',
      1,
      async (socket) => {
        for (const text of [lengthOnly.slice(0, 20), lengthOnly.slice(20, -2), lengthOnly.slice(-2)]) {
          socket.write(text)
          await sleep(20)
        }
        socket.write(bytes)
      },
    ],
    [
      'with more after its end',
      1,
      (socket) => void socket.write(Buffer.concat([Buffer.from(lengthOnly), bytes, bytes])),
    ],
    [
      'in chunks, which node:http is asked for',
      2,
      (socket) => void socket.write(Buffer.concat([Buffer.from(chunked), chunksOf(bytes)])),
    ],
  ]
  for (const [name, requests, answer] of whole)
    test(`is whole that comes ${name}`, async () => {
      const { url, seen } = await serve(answer)
      const { status, body } = await fetchBlob(url)
      assert.equal(status, 200)
      assert.ok(body.equals(bytes))
      assert.equal(seen.length, requests)
      assert.match(seen[0] ?? '', /^GET \/blob\?part=1 HTTP\/1\.1\r\n/)
      for (const line of [`host: ${url.host}`, 'range: bytes=0-', 'connection: close'])
        assert.ok(seen[0]?.includes(`\r\n${line}\r\n`), line)
    })

  test('is whole through TLS, which node:http is asked for', async () => {
    const answer: Answer = (socket) => void socket.end(Buffer.concat([Buffer.from(lengthOnly), bytes]))
    const { url, seen } = await serve(answer, { isSecure: true })
    const { body } = await fetchBlob(url, { ca: testCertificate })
    assert.ok(body.equals(bytes))
    assert.equal(seen.length, 1)
    await assert.rejects(fetchBlob(url), /self-signed certificate/)
  })

  test('that is refused gives status, headers and what was said', async () => {
    const said = Buffer.from('{"errors":[]}')
    const head = `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nwww-authenticate:  Bearer  \r\nContent-Length: ${said.length}\r\n\r\n`
    const { url } = await serve((socket) => void socket.end(Buffer.concat([Buffer.from(head), said])))
    const { status, headers, body } = await fetchBlob(url)
    assert.deepEqual(
      [status, headers['www-authenticate'], body.toString()],
      [401, 'Basic realm="x", Bearer', said.toString()],
    )
  })

  const broken: readonly (readonly [string, RegExp, Answer])[] = [
    ['closes before it answers', /closed the connection instead of answering/, (socket) => void socket.end()],
    [
      'ends in the middle',
      /closed in the middle/,
      (socket) => void socket.end(Buffer.concat([Buffer.from(lengthOnly), bytes.subarray(9)])),
    ],
    [
      'is cut in the middle',
      /closed|ECONNRESET/,
      (socket) => {
        socket.write(Buffer.concat([Buffer.from(lengthOnly), bytes.subarray(0, 100_000)]), () =>
          socket.resetAndDestroy(),
        )
      },
    ],
    ['says nothing', /silent for too long/, () => undefined],
    [
      'stops in the middle',
      /silent for too long/,
      (socket) => void socket.write(Buffer.concat([Buffer.from(lengthOnly), bytes.subarray(9)])),
    ],
    ['sends no HTTP, twice', /Parse Error/, (socket) => void socket.write('220 smtp.test ready\r\n\r\n')],
  ]
  for (const [name, reason, answer] of broken)
    test(`from a server that ${name} fails for a while`, { timeout: 20_000 }, async () => {
      const { url } = await serve(answer)
      await assert.rejects(fetchBlob(url, { idleTimeoutMs: 300 }), (error: Error) => {
        assert.equal(error.name, 'TransientError')
        assert.match((error.cause as Error).message, reason) // a TransientError has the fault as its cause
        return true
      })
    })

  test('that is given up ends at once', async () => {
    const { url } = await serve(
      (socket) => void socket.write(Buffer.concat([Buffer.from(lengthOnly), bytes.subarray(9)])),
    )
    await assert.rejects(fetchBlob(url, {}, AbortSignal.timeout(100)), { code: 'Aborted' })
    await assert.rejects(fetchBlob(url, {}, AbortSignal.abort()), { code: 'Aborted' })
  })
})
