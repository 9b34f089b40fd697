import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { ClientGoneError, readBody } from '../../src/protocol/read-body.ts'
import { eventually, openAdapter } from '../support/http-adapter.ts'
import { openRaw } from '../support/raw-http.ts'

describe('a body read whole', () => {
  const cases = [
    { what: 'of exactly the limit', head: 'Content-Length: 5', body: 'abcde', result: 'abcde' },
    {
      what: 'of several chunks',
      head: 'Transfer-Encoding: chunked',
      body: '2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n',
      result: 'abcde',
    },
    { what: 'that is empty', head: 'Content-Length: 0', body: '', result: '' },
    { what: 'declared too large, none of it sent', head: 'Content-Length: 6', body: '', result: 'too-large' },
    {
      what: 'that grows too large',
      head: 'Transfer-Encoding: chunked',
      body: '5\r\nabcde\r\n1\r\nf\r\n',
      result: 'too-large',
    },
    { what: 'that does not come (R2)', head: 'Content-Length: 5', body: 'abc', result: 'too-slow' },
  ]
  for (const { what, head, body, result } of cases) {
    test(what, async (t) => {
      const { port } = await openAdapter(
        t,
        async (request) => {
          const read = await readBody(request, 5, 100)
          return {
            status: 200,
            headers: {},
            body: `<${typeof read === 'string' ? read : Buffer.from(read).toString()}>`,
          }
        },
        { limits: { lingerMs: 100 } },
      )
      const raw = await openRaw(port)
      raw.send(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n\r\n${body}`)
      assert.equal(/<.*>$/.exec(await raw.closed)?.[0], `<${result}>`)
    })
  }

  test('that arrives in two pieces is one', async (t) => {
    const { port } = await openAdapter(t, async (request) => {
      const read = await readBody(request, 100)
      return { status: 200, headers: {}, body: read }
    })
    const raw = await openRaw(port)
    raw.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc')
    await delay(30)
    raw.send('def')
    assert.match(await raw.closed, /abcdef$/)
  })

  test('whose client leaves throws ClientGoneError', async (t) => {
    const errors: unknown[] = []
    const { port } = await openAdapter(t, async (request) => {
      await readBody(request, 100).catch((error: unknown) => errors.push(error))
      return { status: 200, headers: {} }
    })
    const raw = await openRaw(port)
    raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
    await delay(30)
    raw.destroy()
    await eventually('the error', () => errors.length === 1)
    assert.ok(errors[0] instanceof ClientGoneError)
  })
})
