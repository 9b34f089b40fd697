// Bytes that are no request, no clear one, or too many. Rows are those of the list of hostile inputs.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import type { HttpResponse } from '../../src/protocol/message.ts'
import { readBody } from '../../src/protocol/read-body.ts'
import { eventually, openAdapter } from '../support/http-adapter.ts'
import { exchangeRaw, openRaw, statusesOf } from '../support/raw-http.ts'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const ok: HttpResponse = { status: 200, headers: {}, body: 'fine' }

describe('D32 and others: bytes that are not one clear request are refused and the connection closed', () => {
  const post = 'POST /x HTTP/1.1\r\nHost: a\r\n'
  const cases: readonly { readonly what: string; readonly bytes: string; readonly status: number }[] = [
    {
      what: 'both lengths',
      bytes: `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
    },
    { what: 'two lengths', bytes: `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, status: 400 },
    { what: 'two equal lengths', bytes: `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, status: 400 },
    { what: 'a list of lengths', bytes: `${post}Content-Length: 3, 3\r\n\r\nabc`, status: 400 },
    { what: 'a length with a sign', bytes: `${post}Content-Length: +3\r\n\r\nabc`, status: 400 },
    { what: 'a negative length', bytes: `${post}Content-Length: -3\r\n\r\n`, status: 400 },
    { what: 'a length beyond 64 bits', bytes: `${post}Content-Length: 99999999999999999999\r\n\r\n`, status: 400 },
    { what: 'a folded header', bytes: `${post}X: a\r\n b\r\n\r\n`, status: 400 },
    { what: 'bare line feeds', bytes: 'GET / HTTP/1.1\nHost: a\n\n', status: 400 },
    { what: 'a bare line feed in the headers', bytes: 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', status: 400 },
    { what: 'a space before the colon', bytes: 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', status: 400 },
    { what: 'a NUL in a header', bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n', status: 400 },
    { what: 'a chunk size that is no number', bytes: `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, status: 400 },
    {
      what: 'a chunk longer than it says',
      bytes: `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
      status: 400,
    },
    {
      what: 'a chunk extension of a megabyte',
      bytes: `${post}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(1_048_576)}\r\na\r\n0\r\n\r\n`,
      status: 413,
    },
    { what: 'chunked that is not last', bytes: `${post}Transfer-Encoding: chunked, gzip\r\n\r\n`, status: 400 },
    { what: 'another transfer coding', bytes: `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, status: 501 },
    {
      what: 'chunked twice',
      bytes: `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 400,
    },
    { what: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
    { what: 'two Hosts', bytes: 'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n', status: 400 },
    { what: 'an unknown version', bytes: 'GET / HTTP/3.7\r\nHost: a\r\n\r\n', status: 400 },
    { what: 'a preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
    { what: 'a TLS greeting', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
    { what: 'CONNECT', bytes: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', status: 405 },
    {
      what: 'an expectation that cannot be met',
      bytes: `${post}Expect: a-miracle\r\nContent-Length: 3\r\n\r\nabc`,
      status: 417,
    },
    { what: 'R6: a header of 17 KiB', bytes: get('/', `X: ${'x'.repeat(17_408)}\r\n`), status: 431 },
    { what: 'R6: a target of 17 KiB', bytes: get(`/${'x'.repeat(17_408)}`), status: 431 },
    { what: 'R6: 2,000 headers', bytes: get('/', 'a: b\r\n'.repeat(2_000)), status: 431 },
    { what: 'R6: a megabyte of headers', bytes: get('/', 'abcdef: ghijkl\r\n'.repeat(70_000)), status: 431 },
  ]
  for (const { what, bytes, status } of cases) {
    test(`${what}: ${status}`, async (t) => {
      const { port, lines } = await openAdapter(
        t,
        async (request) => {
          await readBody(request, 1_000_000)
          return ok
        },
        { limits: { lingerMs: 300 } },
      )
      const text = await exchangeRaw(port, bytes)
      assert.deepEqual(statusesOf(text), [status])
      assert.match(text, /^Connection: close\r\n/m)
      assert.match(text, /^Date: /m)
      assert.match(text, /\r\n\r\n$/, 'the answer is bare')
      await eventually('one line logged', () => lines.length === 1)
      assert.equal(lines[0]?.status, status)
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200, 'the next client is served')
    })
  }

  test('HTTP/1.0 without a Host is served: so do health checks ask', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve(ok))
    assert.match(await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n'), /200 OK[^]*fine$/)
  })

  test('an upgrade is not taken: the request is served as what it is', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve(ok))
    const text = await exchangeRaw(port, get('/', 'Connection: Upgrade, close\r\nUpgrade: websocket\r\n'))
    assert.deepEqual(statusesOf(text), [200])
  })

  test('rubbish behind a request in flight closes the connection without an answer that could be taken for its own', async (t) => {
    const { port } = await openAdapter(t, async () => {
      await delay(50)
      return ok
    })
    assert.equal(await exchangeRaw(port, `${get('/')}rubbish\r\n\r\n`), '')
  })

  test('J24: a compressed body is handed on as it is', async (t) => {
    const { port } = await openAdapter(t, async (request) => {
      const body = await readBody(request, 10)
      assert.ok(body instanceof Uint8Array)
      return { status: 200, headers: {}, body: Buffer.from(body).toString('hex') }
    })
    const head =
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n'
    assert.match(await exchangeRaw(port, `${head}\x1f\x8b\x08`), /1f8b08$/)
  })
})

describe('R7: pipelining', () => {
  test('ten thousand requests on one connection are cut off, few of them served', async (t) => {
    let served = 0
    const { port, url, server } = await openAdapter(t, async () => {
      served += 1
      await delay(1)
      return ok
    })
    const raw = await openRaw(port)
    raw.send(get('/').repeat(10_000))
    await raw.closed
    await eventually('nothing active', () => server.activeRequests() === 0)
    assert.ok(served <= 32, `${served} served`)
    assert.equal((await fetch(url)).status, 200)
  })
})
