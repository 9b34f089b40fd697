// What well-behaved clients get from the HTTP adapter. Hostile and slow ones are in `http-hostile.test.ts`.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { HttpRequest, HttpResponse } from '../../src/protocol/message.ts'
import { readBody } from '../../src/protocol/read-body.ts'
import { eventually, openAdapter, takeDefect } from '../support/http-adapter.ts'
import { exchangeRaw, openRaw, statusesOf } from '../support/raw-http.ts'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`

/** A response body that counts what is done to it. */
function countedBody(pieces: readonly string[]) {
  const counts = { pulled: 0, returned: 0 }
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const piece = pieces[counts.pulled]
        counts.pulled += 1
        return Promise.resolve(
          piece === undefined ? { done: true, value: undefined } : { done: false, value: Buffer.from(piece) },
        )
      },
      return: () => {
        counts.returned += 1
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
  return { body, counts }
}

describe('a request as a value', () => {
  test('carries the target undecoded and not normalised, and the headers as they came', async (t) => {
    const seen: HttpRequest[] = []
    const { port } = await openAdapter(t, (request) => {
      seen.push(request)
      return Promise.resolve({ status: 204, headers: {} })
    })
    await exchangeRaw(port, get('/v2/../a%2Fb//c?x=%20&y?z', 'X-Two: 1\r\nX-Two: 2\r\nConnection: close\r\n'))
    const [request] = seen
    assert.ok(request !== undefined)
    assert.deepEqual(
      {
        method: request.method,
        target: request.target,
        path: request.path,
        query: request.query,
        two: request.headers['x-two'],
        inherited: request.headers['constructor'],
        rawHeaders: request.rawHeaders,
        contentLength: request.contentLength,
        remoteAddress: request.remoteAddress,
        secure: request.secure,
      },
      {
        method: 'GET',
        target: '/v2/../a%2Fb//c?x=%20&y?z',
        path: '/v2/../a%2Fb//c',
        query: 'x=%20&y?z',
        two: '1, 2',
        inherited: undefined,
        rawHeaders: ['Host', 'a', 'X-Two', '1', 'X-Two', '2', 'Connection', 'close'],
        contentLength: undefined,
        remoteAddress: '127.0.0.1',
        secure: false,
      },
    )
    assert.match(request.requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })

  test('gives the body of known length, chunked, or absent', async (t) => {
    const { url } = await openAdapter(t, async (request) => {
      const pieces: Uint8Array[] = []
      for await (const piece of request.body) pieces.push(piece)
      const whole = Buffer.concat(pieces)
      return {
        status: 200,
        headers: {},
        body: `${request.contentLength} ${whole.length} ${whole.subarray(0, 3).toString()}`,
      }
    })
    const known = await fetch(url, { method: 'PUT', body: 'abc'.repeat(100_000) })
    assert.equal(await known.text(), '300000 300000 abc')
    const stream = new Blob(['abc'.repeat(100_000)]).stream()
    const chunked = await fetch(url, { method: 'PUT', body: stream, duplex: 'half' })
    assert.equal(await chunked.text(), 'undefined 300000 abc')
    assert.equal(await (await fetch(url)).text(), 'undefined 0 ')
    assert.equal(await (await fetch(url, { method: 'PUT', body: '' })).text(), '0 0 ')
  })

  test('D18: says nothing of X-Forwarded-For: the address is that of the connection', async (t) => {
    const { url } = await openAdapter(t, (request) =>
      Promise.resolve({ status: 200, headers: {}, body: request.remoteAddress }),
    )
    const answer = await fetch(url, { headers: { 'X-Forwarded-For': '10.0.0.1', Forwarded: 'for=10.0.0.1' } })
    assert.equal(await answer.text(), '127.0.0.1')
  })
})

describe('a response as a value', () => {
  const cases: readonly {
    readonly what: string
    readonly response: HttpResponse
    readonly head: string
    readonly body: string
  }[] = [
    {
      what: 'a string body has its length in bytes, not characters',
      response: { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'é€' },
      head: 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close',
      body: 'é€',
    },
    {
      what: 'a body of bytes',
      response: { status: 201, headers: {}, body: new Uint8Array([65, 66]) },
      head: 'HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close',
      body: 'AB',
    },
    {
      what: 'no body says so',
      response: { status: 202, headers: {} },
      head: 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close',
      body: '',
    },
    {
      what: '204 has no length',
      response: { status: 204, headers: {} },
      head: 'HTTP/1.1 204 No Content\r\nConnection: close',
      body: '',
    },
    {
      what: '304 may state the length of what was not sent',
      response: { status: 304, headers: { 'content-length': '10' } },
      head: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\nConnection: close',
      body: '',
    },
    {
      what: 'a list becomes a header line each',
      response: { status: 401, headers: { 'WWW-Authenticate': ['Basic', 'Bearer'] } },
      head: 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close',
      body: '',
    },
  ]
  for (const { what, response, head, body } of cases) {
    test(`${what}; nothing is added but Date and Connection`, async (t) => {
      const { port } = await openAdapter(t, () => Promise.resolve(response))
      const text = Buffer.from(await exchangeRaw(port, get('/', 'Connection: close\r\n')), 'latin1').toString()
      const date = /^Date: (.*)\r\n/m.exec(text)?.[1]
      assert.ok(date !== undefined && Math.abs(Date.parse(date) - Date.now()) < 3_000, `Date: ${date}`)
      assert.equal(text.replace(/^Date: .*\r\n/m, ''), `${head}\r\n\r\n${body}`)
    })
  }

  test('a large string body arrives whole', async (t) => {
    const large = 'x€'.repeat(1_000_000)
    const { url } = await openAdapter(t, () => Promise.resolve({ status: 200, headers: {}, body: large }))
    const answer = await fetch(url)
    assert.equal(answer.headers.get('content-length'), '4000000')
    assert.equal(await answer.text(), large)
  })

  test('a streamed body of declared length is sent as such, of unknown length chunked', async (t) => {
    const { port, lines } = await openAdapter(t, (request) =>
      Promise.resolve({
        status: 200,
        headers: request.path === '/known' ? { 'Content-Length': '4' } : {},
        body: countedBody(['ab', '', 'cd']).body,
      }),
    )
    assert.match(
      await exchangeRaw(port, get('/known', 'Connection: close\r\n')),
      /Content-Length: 4\r\n(.*\r\n)*\r\nabcd$/,
    )
    assert.match(
      await exchangeRaw(port, get('/unknown', 'Connection: close\r\n')),
      /Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n$/,
    )
    assert.deepEqual(
      lines.map((line) => line.bytesOut),
      [4, 4],
    )
  })

  test('an empty stream is an empty body', async (t) => {
    const { url } = await openAdapter(t, () =>
      Promise.resolve({ status: 200, headers: {}, body: countedBody([]).body }),
    )
    assert.equal(await (await fetch(url)).text(), '')
  })

  test('HEAD keeps the headers, never pulls the body and closes it once', async (t) => {
    const { body, counts } = countedBody(['ab'])
    const { port, lines } = await openAdapter(t, () =>
      Promise.resolve({ status: 200, headers: { 'Content-Length': '2' }, body }),
    )
    const text = await exchangeRaw(port, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(text, /Content-Length: 2\r\n(.*\r\n)*\r\n$/)
    assert.deepEqual(counts, { pulled: 0, returned: 1 })
    assert.equal(lines[0]?.bytesOut, 0)
  })

  test('HEAD of a string body states its length; HEAD without a body states what the handler says', async (t) => {
    const { port } = await openAdapter(t, (request) =>
      Promise.resolve(
        request.path === '/text'
          ? { status: 200, headers: {}, body: 'four' }
          : { status: 200, headers: { 'Content-Length': '123' } },
      ),
    )
    const head = (path: string) => exchangeRaw(port, `HEAD ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    assert.match(await head('/text'), /Content-Length: 4\r\n(.*\r\n)*\r\n$/)
    assert.match(await head('/none'), /Content-Length: 123\r\n(.*\r\n)*\r\n$/)
  })
})

describe('connections', () => {
  test('fifty requests at once are served at once', async (t) => {
    let waiting = 0
    const everyone = Promise.withResolvers<void>()
    const { url, server } = await openAdapter(t, async (request) => {
      waiting += 1
      if (waiting === 50) everyone.resolve()
      await everyone.promise
      return { status: 200, headers: {}, body: request.path }
    })
    const answers = await Promise.all(Array.from({ length: 50 }, async (_, n) => (await fetch(`${url}/${n}`)).text()))
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, (_, n) => `/${n}`),
    )
    await eventually('nothing active', () => server.activeRequests() === 0)
  })

  test('a connection is kept; pipelined requests are served one after another, in order', async (t) => {
    let inside = 0
    let most = 0
    const { port } = await openAdapter(t, async (request) => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside -= 1
      return { status: 200, headers: {}, body: `<${request.path}>` }
    })
    const text = await exchangeRaw(port, get('/1') + get('/2') + get('/3', 'Connection: close\r\n'))
    assert.deepEqual(text.match(/<.*?>/g), ['</1>', '</2>', '</3>'])
    assert.match(text, /Keep-Alive: timeout=75/)
    assert.equal(most, 1)
  })

  test('a small body nobody read is read away and the connection kept', async (t) => {
    const { port, lines } = await openAdapter(t, () => Promise.resolve({ status: 401, headers: {}, body: 'no' }))
    const raw = await openRaw(port)
    raw.send('PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n')
    await raw.until('\r\n\r\nno')
    raw.send(`0123456789${get('/b', 'Connection: close\r\n')}`)
    assert.deepEqual(statusesOf(await raw.closed), [401, 401])
    assert.deepEqual(
      lines.map((line) => [line.path, line.bytesIn, line.aborted]),
      [
        ['/a', 10, false],
        ['/b', 0, false],
      ],
    )
  })

  test('a body read in part, the rest small, leaves the connection usable', async (t) => {
    const { port } = await openAdapter(t, async (request) => {
      for await (const piece of request.body)
        return { status: 200, headers: {}, body: `<${Buffer.from(piece).toString()}>` }
      return { status: 200, headers: {}, body: '<>' }
    })
    const raw = await openRaw(port)
    raw.send('PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab')
    await raw.until('<ab>')
    raw.send(`cd${get('/b', 'Connection: close\r\n')}`)
    assert.deepEqual((await raw.closed).match(/<.*?>/g), ['<ab>', '<>'])
  })
})

describe('defects', () => {
  test('a handler that throws is a bare 500, and the connection goes on', async (t) => {
    const adapter = await openAdapter(t, (request) =>
      request.path === '/bad' ? Promise.reject(new Error('secret')) : Promise.resolve({ status: 200, headers: {} }),
    )
    const text = await exchangeRaw(adapter.port, get('/bad') + get('/', 'Connection: close\r\n'))
    assert.deepEqual(statusesOf(text), [500, 200])
    assert.doesNotMatch(text, /secret/)
    assert.equal(takeDefect(adapter), 'Error: secret')
  })

  const unsendable: readonly { readonly what: string; readonly response: HttpResponse; readonly defect: RegExp }[] = [
    {
      what: 'a header with a line break',
      response: { status: 200, headers: { a: 'b\r\nc: d' } },
      defect: /Invalid character/,
    },
    {
      what: 'a length that is not that of the body',
      response: { status: 200, headers: { 'Content-Length': '3' }, body: 'ab' },
      defect: /declares 3 bytes and has 2/,
    },
    {
      what: 'a stream that fails before its first piece',
      response: { status: 200, headers: {}, body: failing(0) },
      defect: /disk on fire/,
    },
  ]
  for (const { what, response, defect } of unsendable) {
    test(`${what} is a bare 500`, async (t) => {
      const adapter = await openAdapter(t, () => Promise.resolve(response))
      const text = await exchangeRaw(adapter.port, get('/', 'Connection: close\r\n'))
      assert.match(text, /^HTTP\/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n/)
      assert.match(takeDefect(adapter), defect)
      assert.equal(adapter.lines[0]?.status, 500)
    })
  }

  const broken: readonly {
    readonly what: string
    readonly length: string
    readonly body: () => AsyncIterable<Uint8Array>
    readonly defect: RegExp
  }[] = [
    { what: 'fails in the middle', length: '100', body: () => failing(2), defect: /disk on fire/ },
    {
      what: 'ends early',
      length: '100',
      body: () => countedBody(['piece', 'piece']).body,
      defect: /ended after 10 of its declared 100/,
    },
    {
      what: 'goes on too long',
      length: '12',
      body: () => countedBody(['piece', 'piece', 'piece']).body,
      defect: /longer than its declared 12/,
    },
  ]
  for (const { what, length, body, defect } of broken) {
    test(`a stream that ${what} breaks the connection: the client sees a short body`, async (t) => {
      const adapter = await openAdapter(t, () =>
        Promise.resolve({ status: 200, headers: { 'Content-Length': length }, body: body() }),
      )
      const text = await exchangeRaw(adapter.port, get('/'))
      assert.match(text, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\npiecepiece$/)
      assert.match(takeDefect(adapter), defect)
      assert.deepEqual([adapter.lines[0]?.aborted, adapter.lines[0]?.cut], [true, 'defect'])
    })
  }
})

async function* failing(after: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < after; n += 1) yield Buffer.from('piece')
  throw new Error('disk on fire')
}

describe('the log line', () => {
  test('says who asked for what and how it went, with the fields of the handler', async (t) => {
    const { url, lines } = await openAdapter(t, async (request) => {
      await readBody(request, 100)
      return { status: 201, headers: {}, body: 'four', log: { operation: 'PutImage' } }
    })
    const target = '/x?X-Amz-Signature=abc&X-Amz-Security-Token=def&X-Amz-Date=1'
    await fetch(url + target, { method: 'POST', body: 'sixsix', headers: { 'User-Agent': 'docker/1' } })
    await eventually('a line', () => lines.length === 1)
    const { requestId, durationMs, ...rest } = lines[0] ?? assert.fail()
    assert.equal(requestId.length, 36)
    assert.ok(durationMs >= 0 && durationMs < 5_000)
    assert.deepEqual(rest, {
      method: 'POST',
      path: '/x?X-Amz-Signature=***&X-Amz-Security-Token=***&X-Amz-Date=1',
      status: 201,
      bytesIn: 6,
      bytesOut: 4,
      remoteAddress: '127.0.0.1',
      userAgent: 'docker/1',
      aborted: false,
      operation: 'PutImage',
    })
  })
})
