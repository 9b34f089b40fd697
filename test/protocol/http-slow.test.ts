// Clients that are slow, that leave in the middle, and that send what nobody wants. Rows are those of the list of
// hostile inputs.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import type { HttpResponse } from '../../src/protocol/message.ts'
import { ClientGoneError, readBody } from '../../src/protocol/read-body.ts'
import { eventually, openAdapter } from '../support/http-adapter.ts'
import { exchangeRaw, openRaw, statusesOf } from '../support/raw-http.ts'

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const ok: HttpResponse = { status: 200, headers: {}, body: 'fine' }

describe('slow clients', () => {
  test('R1: headers that do not come are answered 408 and closed; others are served meanwhile', async (t) => {
    const { port, url } = await openAdapter(t, () => Promise.resolve(ok), { limits: { headersTimeoutMs: 200 } })
    const slow = await openRaw(port)
    slow.send('GET / HTTP/1.1\r\nHost')
    const drip = setInterval(() => slow.send('t'), 40)
    t.after(() => clearInterval(drip))
    assert.equal((await fetch(url)).status, 200)
    assert.deepEqual(statusesOf(await slow.closed), [408])
  })

  test('R1: a connection that says nothing is closed', async (t) => {
    const { port, lines } = await openAdapter(t, () => Promise.resolve(ok), {
      limits: { headersTimeoutMs: 100, lingerMs: 50 },
    })
    await (
      await openRaw(port)
    ).closed
    assert.deepEqual(lines, [])
  })

  test('R2: an upload below the least rate is cut', async (t) => {
    const errors: unknown[] = []
    const { port, lines } = await openAdapter(
      t,
      async (request) => {
        try {
          for await (const piece of request.body) assert.ok(piece.length > 0)
        } catch (error) {
          errors.push(error)
          throw error
        }
        return ok
      },
      { limits: { uploadWindowMs: 150, uploadBytesPerSecondMin: 1024 } },
    )
    const raw = await openRaw(port)
    raw.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    const drip = setInterval(() => raw.send('x'), 20)
    t.after(() => clearInterval(drip))
    assert.equal(await raw.closed, '')
    await eventually('a line', () => lines.length === 1)
    assert.ok(errors[0] instanceof ClientGoneError)
    assert.deepEqual([lines[0]?.aborted, lines[0]?.cut, lines[0]?.status], [true, 'upload-too-slow', undefined])
  })

  test('R2: an upload just above the least rate is not, however long it takes, nor one whose handler is slow', async (t) => {
    const { port } = await openAdapter(
      t,
      async (request) => {
        let bytes = 0
        for await (const piece of request.body) {
          bytes += piece.length
          if (request.path === '/handler') await delay(20)
        }
        return { status: 200, headers: {}, body: `<${bytes}>` }
      },
      { limits: { uploadWindowMs: 100, uploadBytesPerSecondMin: 1024 } },
    )
    const slow = async () => {
      const raw = await openRaw(port)
      raw.send('PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3000\r\n\r\n')
      for (let n = 0; n < 30; n += 1) {
        raw.send('x'.repeat(100))
        await delay(20)
      }
      return raw.closed
    }
    const slowHandler = async () => {
      const head = 'PUT /handler HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1500000\r\n\r\n'
      return exchangeRaw(port, head + 'x'.repeat(1_500_000))
    }
    assert.match(await slow(), /<3000>$/)
    assert.match(await slowHandler(), /<1500000>$/)
  })

  test('R3: a reader that stops holds the producer back; one that goes on gets every byte', async (t) => {
    const piece = Buffer.alloc(262_144, 7)
    const total = 400
    let pulled = 0
    const { port } = await openAdapter(t, () =>
      Promise.resolve({
        status: 200,
        headers: { 'Content-Length': String(total * piece.length) },
        body: (async function* () {
          for (; pulled < total; pulled += 1) yield piece
        })(),
      }),
    )
    const raw = await openRaw(port)
    raw.socket.removeAllListeners('data')
    raw.socket.pause()
    raw.send(get('/', 'Connection: close\r\n'))
    let before = -1
    while (before !== pulled) {
      before = pulled
      await delay(150)
    }
    // What the kernel's two buffers hold, and one piece.
    assert.ok(pulled > 0 && pulled * piece.length < 20_000_000, `${pulled} pieces pulled`)
    let bytes = 0
    raw.socket.on('data', (data: Buffer) => {
      bytes += data.length
    })
    raw.socket.resume()
    await raw.closed
    assert.ok(bytes > total * piece.length, `${bytes} bytes came`)
    assert.equal(pulled, total)
  })

  test('R3: a reader below the least rate is cut and the producer closed', async (t) => {
    let closed = false
    const { port, lines } = await openAdapter(
      t,
      () =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            try {
              for (;;) yield Buffer.alloc(262_144)
            } finally {
              closed = true
            }
          })(),
        }),
      { limits: { downloadWindowMs: 200 } },
    )
    const raw = await openRaw(port)
    raw.socket.pause()
    raw.send(get('/'))
    await eventually('the line', () => lines.length === 1)
    assert.deepEqual([closed, lines[0]?.aborted, lines[0]?.cut], [true, true, 'download-too-slow'])
    raw.destroy()
  })

  test('R3: a reader that never takes a whole answer is cut too', async (t) => {
    const { port, lines } = await openAdapter(
      t,
      () => Promise.resolve({ status: 200, headers: {}, body: 'x'.repeat(250_000) }),
      { limits: { downloadWindowMs: 200, pipelinedMax: 1_000 } },
    )
    const raw = await openRaw(port)
    raw.socket.pause()
    raw.send(get('/').repeat(200))
    await eventually('the cut', () => lines.some((line) => line.cut === 'download-too-slow'))
    const last = lines.at(-1)
    assert.deepEqual([last?.aborted, last?.cut], [true, 'download-too-slow'])
    raw.destroy()
  })
})

describe('clients that leave', () => {
  test(
    'R8: two hundred aborted downloads leave no file open',
    { skip: process.platform !== 'linux' && 'counts /proc/self/fd' },
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'stowage-http-'))
      t.after(() => rm(folder, { recursive: true }))
      const path = join(folder, 'layer')
      await writeFile(path, '')
      await truncate(path, 64 * 1_048_576)
      const { port, server, lines } = await openAdapter(t, () =>
        Promise.resolve({
          status: 200,
          headers: { 'Content-Length': String(64 * 1_048_576) },
          body: piecesOfFile(path),
        }),
      )
      const before = (await readdir('/proc/self/fd')).length
      for (let round = 0; round < 10; round += 1) {
        const clients = await Promise.all(Array.from({ length: 20 }, () => openRaw(port)))
        await Promise.all(
          clients.map(async (client, n) => {
            client.socket.once('data', () => (n % 2 === 0 ? client.socket.resetAndDestroy() : client.destroy()))
            client.send(get('/'))
            await client.closed
          }),
        )
      }
      await eventually('nothing active', () => server.activeRequests() === 0)
      assert.deepEqual([lines.length, lines.filter((line) => line.aborted).length], [200, 200])
      await delay(20)
      const after = (await readdir('/proc/self/fd')).length
      assert.ok(after <= before + 2, `${before} open files before, ${after} after`)
    },
  )

  test('the signal tells of it, the body throws ClientGoneError, and neither is a defect', async (t) => {
    const seen: unknown[] = []
    const { port, lines } = await openAdapter(t, async (request) => {
      request.signal.addEventListener('abort', () => seen.push('signal'))
      try {
        for await (const piece of request.body) seen.push(piece.length)
      } catch (error) {
        seen.push(error instanceof ClientGoneError)
        throw error
      }
      return ok
    })
    const raw = await openRaw(port)
    raw.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    await eventually('the first piece', () => seen.length === 1)
    raw.destroy()
    await eventually('the line', () => lines.length === 1)
    assert.deepEqual(new Set(seen), new Set([3, 'signal', true]))
    assert.deepEqual([lines[0]?.aborted, lines[0]?.bytesIn], [true, 3])
  })

  test('the signal is not aborted by a request that ends well, and is aborted when first asked for too late', async (t) => {
    const signals: AbortSignal[] = []
    const left = Promise.withResolvers<void>()
    const { port, lines } = await openAdapter(t, async (request) => {
      if (request.path === '/left') await left.promise
      signals.push(request.signal)
      return ok
    })
    await exchangeRaw(port, get('/', 'Connection: close\r\n'))
    const raw = await openRaw(port)
    raw.send(get('/left'))
    await delay(30)
    raw.destroy()
    await delay(30)
    left.resolve()
    await eventually('both lines', () => lines.length === 2)
    assert.deepEqual(
      signals.map((signal) => signal.aborted),
      [false, true],
    )
  })

  test('a stream is closed unread when its client left before the answer', async (t) => {
    let pulled = 0
    let returned = 0
    const left = Promise.withResolvers<void>()
    const { port, lines } = await openAdapter(t, async () => {
      await left.promise
      const body: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            pulled += 1
            return Promise.resolve({ done: true, value: undefined })
          },
          return: () => {
            returned += 1
            return Promise.resolve({ done: true, value: undefined })
          },
        }),
      }
      return { status: 200, headers: {}, body }
    })
    const raw = await openRaw(port)
    raw.send(get('/'))
    await delay(30)
    raw.socket.resetAndDestroy()
    await delay(30)
    left.resolve()
    await eventually('the line', () => lines.length === 1)
    assert.deepEqual([pulled, returned], [0, 1])
  })
})

async function* piecesOfFile(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    const buffer = new Uint8Array(262_144)
    for (;;) {
      const { bytesRead } = await file.read(buffer)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

describe('bodies nobody wants', () => {
  test('D31: with Expect, a refused body is never asked for', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve({ status: 401, headers: {}, body: 'no' }), {
      limits: { lingerMs: 100 },
    })
    const text = await exchangeRaw(
      port,
      'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10737418240\r\n\r\n',
    )
    assert.deepEqual(statusesOf(text), [401])
    assert.match(text, /^Connection: close\r\n/m)
  })

  test('D31: with Expect, 100 Continue is sent when the body is first pulled, and once', async (t) => {
    const pull = Promise.withResolvers<void>()
    const { port } = await openAdapter(t, async (request) => {
      await pull.promise
      const body = await readBody(request, 100)
      return { status: 200, headers: {}, body: `<${String(body.length)}>` }
    })
    const raw = await openRaw(port)
    raw.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n')
    await delay(50)
    assert.equal(raw.received(), '')
    pull.resolve()
    await raw.until('100 Continue\r\n\r\n')
    raw.send('abc')
    const text = await raw.closed
    assert.deepEqual(statusesOf(text), [100, 200])
    assert.match(text, /<3>$/)
  })

  test('a refused upload is answered at once; a client that sends on and on is stopped early, its answer readable', async (t) => {
    const { port, lines } = await openAdapter(t, () => Promise.resolve({ status: 403, headers: {}, body: 'no' }), {
      limits: { lingerBytesMax: 1_048_576, lingerMs: 500 },
    })
    const raw = await openRaw(port)
    raw.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    let sent = 0
    const push = () => {
      while (!raw.socket.destroyed && sent < 1_073_741_824) {
        sent += 65_536
        if (!raw.socket.write(chunk)) {
          raw.socket.once('drain', push)
          return
        }
      }
    }
    push()
    await raw.until('\r\n\r\nno')
    const text = await raw.closed
    assert.deepEqual(statusesOf(text), [403])
    assert.match(text, /^Connection: close\r\n/m)
    assert.ok(sent < 50_000_000, `${sent} bytes were sent`)
    await eventually('the line', () => lines.length === 1)
    assert.ok((lines[0]?.bytesIn ?? 0) < 2_000_000, `${lines[0]?.bytesIn} bytes were taken`)
  })

  test('a refused body of half a megabyte, sent whole by a client that only then reads, gets its answer', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve({ status: 403, headers: {}, body: 'no' }))
    const text = await exchangeRaw(
      port,
      `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 524288\r\n\r\n${'x'.repeat(524_288)}`,
    )
    assert.match(text, /403 Forbidden[^]*\r\n\r\nno$/)
  })

  test('a small refused body that never comes does not hold its connection', async (t) => {
    const { port } = await openAdapter(t, () => Promise.resolve({ status: 403, headers: {} }), {
      limits: { lingerMs: 100 },
    })
    assert.deepEqual(
      statusesOf(await exchangeRaw(port, 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')),
      [403],
    )
  })
})

test('an upload of 64 MiB arrives unchanged beside aborted ones', async (t) => {
  const { port, url } = await openAdapter(t, async (request) => {
    const hash = createHash('sha256')
    for await (const piece of request.body) hash.update(piece)
    return { status: 200, headers: {}, body: hash.digest('hex') }
  })
  const layer = Buffer.alloc(64 * 1_048_576)
  for (let offset = 0; offset < layer.length; offset += 4096) layer.writeUInt32LE(offset, offset)
  const aborted = Array.from({ length: 10 }, async () => {
    const raw = await openRaw(port)
    raw.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc')
    await delay(20)
    raw.socket.resetAndDestroy()
  })
  const [answer] = await Promise.all([fetch(url, { method: 'PUT', body: layer }), ...aborted])
  assert.equal(await answer.text(), createHash('sha256').update(layer).digest('hex'))
})
