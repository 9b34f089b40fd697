import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { givenImage, givenRepository, otherAccount } from '../support/registry.ts'
import { begin, pathOf, pushBlob, openApp, isStored } from './plane.ts'

const content = 'some layer bytes'
const digest = digestOf(content)

describe('mounting', () => {
  test('from a repository that has the blob: 201 without bytes', async (t) => {
    const plane = await openApp(t)
    await givenRepository(plane.registry, 'source')
    await givenImage(plane.registry, 'source', 'v1')
    const wanted = digestOf('layer of one')
    const answer = await plane.send('POST', `/v2/app/blobs/uploads/?mount=${wanted}&from=source`)
    assert.deepEqual(
      [answer.status, answer.headers['location'], answer.headers['docker-content-digest']],
      [201, `http://localhost:4510/v2/app/blobs/${wanted}`, wanted],
    )
    assert.equal((await plane.send('GET', `/v2/app/blobs/${wanted}`)).text, 'layer of one')
  })
  test('of a blob that the repository has already: 201, with or without from', async (t) => {
    const plane = await openApp(t)
    await pushBlob(plane, 'app', content)
    for (const from of ['', '&from=app']) {
      assert.equal((await plane.send('POST', `/v2/app/blobs/uploads/?mount=${digest}${from}`)).status, 201)
    }
  })
  test('D22 what cannot be mounted begins an upload, whatever the reason', async (t) => {
    const plane = await openApp(t)
    await givenRepository(plane.registry, 'empty')
    for (const query of [
      `mount=${digest}&from=empty`,
      `mount=${digest}&from=missing`,
      `mount=${digest}`,
      `mount=${digest}&from=BAD..name`,
      `mount=${digest}&from=`,
    ]) {
      const answer = await plane.send('POST', `/v2/app/blobs/uploads/?${query}`)
      assert.deepEqual([answer.status, answer.headers['range']], [202, '0-0'], query)
      assert.equal((await plane.send('GET', pathOf(answer))).status, 204)
    }
    assert.equal(await isStored(plane, 'app', digest), false)
  })
  test('D23 needs the right to push to the target', async (t) => {
    const plane = await openApp(t)
    await pushBlob(plane, 'app', content)
    const answer = await plane.send('POST', `/v2/app/blobs/uploads/?mount=${digest}&from=app`, { as: otherAccount })
    assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
    assert.equal((await plane.send('POST', `/v2/missing/blobs/uploads/?mount=${digest}&from=app`)).code, 'NAME_UNKNOWN')
  })
  test('a digest that is none is 400', async (t) => {
    const plane = await openApp(t)
    assert.equal((await plane.send('POST', '/v2/app/blobs/uploads/?mount=sha256:1&from=app')).code, 'DIGEST_INVALID')
  })
})

test('D24 bytes that exist elsewhere are uploaded in full and checked all the same', async (t) => {
  const plane = await openApp(t)
  await givenRepository(plane.registry, 'other')
  await pushBlob(plane, 'other', content)
  const location = await begin(plane, 'app')
  assert.equal(
    (await plane.send('PUT', `${location}?digest=${digest}`, { body: 'not these bytes!' })).code,
    'DIGEST_INVALID',
  )
  assert.equal(await isStored(plane, 'app', digest), false)
})
