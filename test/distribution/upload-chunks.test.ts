import assert from 'node:assert/strict'
import { test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { parseContentRange } from '../../src/protocol/distribution/content-range.ts'
import { begin, once, pathOf, openApp } from './plane.ts'

const content = 'some layer bytes'
const digest = digestOf(content)

test('D14 chunks that do not follow', async (t) => {
  const plane = await openApp(t)
  const rows: readonly [range: string, status: number][] = [
    ['6-10', 416],
    ['0-4', 416],
    ['4-8', 416],
    ['9-5', 416],
    ['bytes=5-9', 416],
    ['bytes 5-9/16', 416],
    ['5', 416],
    ['-5', 416],
    ['a-b', 416],
    ['9007199254740992-9007199254740996', 416],
    ['99999999999999999999-99999999999999999999', 416],
    ['5-10', 400],
    ['5-8', 400],
  ]
  for (const [range, status] of rows) {
    await t.test(`${range} after five bytes`, async () => {
      const location = await begin(plane, 'app')
      await plane.send('PATCH', location, { body: content.slice(0, 5) })
      for (const [method, target] of [
        ['PATCH', location],
        ['PUT', `${location}?digest=${digest}`],
      ] as const) {
        const answer = await plane.send(method, target, { body: 'five!', headers: { 'content-range': range } })
        assert.equal(answer.status, status)
        if (status === 416)
          assert.deepEqual(
            [answer.code, answer.headers['range'], pathOf(answer)],
            ['BLOB_UPLOAD_INVALID', '0-4', location],
          )
        else assert.equal(answer.code, 'SIZE_INVALID')
      }
      assert.equal((await plane.send('GET', location)).headers['range'], '0-4')
      // Nothing of it stayed: the push goes on.
      assert.equal((await plane.send('PUT', `${location}?digest=${digest}`, { body: content.slice(5) })).status, 201)
    })
  }
  await t.test('a body of unknown length is held to its range as well', async () => {
    const location = await begin(plane, 'app')
    for (const body of ['12', '1234']) {
      const received = Number((await plane.send('GET', location)).headers['range']?.slice(2)) || -1
      const headers = { 'content-range': `${received + 1}-${received + 3}` }
      const answer = await plane.send('PATCH', location, { body: once(Buffer.from(body)), headers })
      assert.deepEqual([answer.status, answer.code], [400, 'SIZE_INVALID'])
    }
  })
  await t.test('the form of the header', () => {
    assert.deepEqual(['0-0', '3-9', '5-4', ''].map(parseContentRange), [
      { start: 0, length: 1 },
      { start: 3, length: 7 },
      'invalid',
      'invalid',
    ])
    assert.equal(parseContentRange(undefined), undefined)
  })
})

test('D15 of two connections that append at once one is refused, and bytes are never mixed', async (t) => {
  const plane = await openApp(t)
  const location = await begin(plane, 'app')
  const gate = Promise.withResolvers<void>()
  const underWay = Promise.withResolvers<void>()
  const slow = plane.send('PATCH', location, {
    body: (async function* () {
      yield Buffer.from(content.slice(0, 4))
      underWay.resolve()
      await gate.promise
      yield Buffer.from(content.slice(4))
    })(),
  })
  await underWay.promise
  const second = await plane.send('PATCH', location, { body: 'XXXX' })
  assert.deepEqual([second.status, second.code], [416, 'BLOB_UPLOAD_INVALID'])
  const early = await plane.send('PUT', `${location}?digest=${digest}`)
  assert.equal(early.status, 416)
  gate.resolve()
  assert.equal((await slow).status, 202)
  assert.equal((await plane.send('PUT', `${location}?digest=${digest}`)).status, 201)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).text, content)
})
