import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { account, givenRepository, otherAccount } from '../support/registry.ts'
import { begin, once, openPlane, pathOf, pushBlob, openApp, isStored } from './plane.ts'

const content = 'some layer bytes'
const digest = digestOf(content)

describe('ways to push a blob', () => {
  test('POST, then PUT with the whole body', async (t) => {
    const plane = await openApp(t)
    const begun = await plane.send('POST', '/v2/app/blobs/uploads/')
    const id = begun.headers['docker-upload-uuid'] ?? ''
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(begun, {
      status: 202,
      headers: {
        'docker-distribution-api-version': 'registry/2.0',
        location: `http://localhost:4510/v2/app/blobs/uploads/${id}`,
        range: '0-0',
        'docker-upload-uuid': id,
      },
      text: '',
      code: undefined,
      message: undefined,
    })
    const done = await plane.send('PUT', `${pathOf(begun)}?digest=${encodeURIComponent(digest)}`, { body: content })
    assert.deepEqual(
      [done.status, done.headers['location'], done.headers['docker-content-digest']],
      [201, `http://localhost:4510/v2/app/blobs/${digest}`, digest],
    )
    assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).text, content)
  })

  test('one POST', async (t) => {
    const plane = await openApp(t)
    const done = await plane.send('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: content })
    assert.deepEqual([done.status, done.headers['location']], [201, `http://localhost:4510/v2/app/blobs/${digest}`])
    assert.ok(await isStored(plane, 'app', digest))
  })

  test('one POST of unknown length', async (t) => {
    const plane = await openApp(t)
    const body = (async function* () {
      yield Buffer.from('some layer')
      yield Buffer.from(' bytes')
    })()
    assert.equal((await plane.send('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body })).status, 201)
    assert.ok(await isStored(plane, 'app', digest))
  })

  test('a PATCH of unknown length, then an empty PUT', async (t) => {
    const plane = await openApp(t)
    const location = await begin(plane, 'app')
    const sent = await plane.send('PATCH', location, { body: once(Buffer.from(content)) })
    assert.deepEqual([sent.status, sent.headers['range'], pathOf(sent)], [202, '0-15', location])
    assert.equal((await plane.send('PUT', `${location}?digest=${digest}`)).status, 201)
    assert.ok(await isStored(plane, 'app', digest))
  })

  test('chunks, the last of them in the PUT', async (t) => {
    const plane = await openApp(t)
    const location = await begin(plane, 'app')
    const first = await plane.send('PATCH', location, {
      body: content.slice(0, 5),
      headers: { 'content-range': '0-4' },
    })
    assert.deepEqual([first.status, first.headers['range']], [202, '0-4'])
    const second = await plane.send('PATCH', location, {
      body: content.slice(5, 9),
      headers: { 'content-range': '5-8' },
    })
    assert.deepEqual([second.status, second.headers['range']], [202, '0-8'])
    const status = await plane.send('GET', location)
    assert.deepEqual([status.status, status.headers['range'], pathOf(status)], [204, '0-8', location])
    const last = await plane.send('PUT', `${location}?digest=${digest}`, {
      body: content.slice(9),
      headers: { 'content-range': '9-15' },
    })
    assert.equal(last.status, 201)
    assert.ok(await isStored(plane, 'app', digest))
  })

  test('the same blob again is 201 again', async (t) => {
    const plane = await openApp(t)
    await pushBlob(plane, 'app', content)
    await pushBlob(plane, 'app', content)
    const location = await begin(plane, 'app')
    assert.equal((await plane.send('PUT', `${location}?digest=${digest}`, { body: content })).status, 201)
  })

  test('the empty blob, and blobs under sha512', async (t) => {
    const plane = await openApp(t)
    for (const [text, algorithm] of [
      ['', 'sha256'],
      ['', 'sha512'],
      [content, 'sha512'],
    ] as const) {
      const wanted = digestOf(text, algorithm)
      const location = await begin(plane, 'app')
      assert.equal((await plane.send('PUT', `${location}?digest=${wanted}`, { body: text })).status, 201)
      const got = await plane.send('GET', `/v2/app/blobs/${wanted}`)
      assert.deepEqual([got.status, got.text, got.headers['content-length']], [200, text, String(text.length)])
    }
    assert.equal((await plane.send('POST', '/v2/app/blobs/uploads/?digest-algorithm=sha512')).status, 202)
    assert.equal((await plane.send('POST', '/v2/app/blobs/uploads/?digest-algorithm=md5')).code, 'DIGEST_INVALID')
  })

  test('an upload survives a restart of the server, at the same address', async (t) => {
    const plane = await openApp(t)
    const location = await begin(plane, 'app')
    await plane.send('PATCH', location, { body: content.slice(0, 7) })
    await plane.registry.services.metadata.close()
    await plane.registry.services.blobs.close()
    const again = await openPlane(t, { directory: plane.registry.directory })
    const status = await again.send('GET', location)
    assert.deepEqual([status.status, status.headers['range'], pathOf(status)], [204, '0-6', location])
    await again.send('PATCH', location, { body: content.slice(7), headers: { 'content-range': '7-15' } })
    assert.equal((await again.send('PUT', `${location}?digest=${digest}`)).status, 201)
    assert.equal((await again.send('GET', `/v2/app/blobs/${digest}`)).text, content)
  })
})

describe('D16 completing', () => {
  test('needs one digest that is one', async (t) => {
    const plane = await openApp(t)
    const location = await begin(plane, 'app')
    for (const query of [
      '',
      '?digest=',
      '?digest=sha256:1',
      '?digest=md5:0',
      `?digest=${digest}&digest=${digest}`,
      `?digest=${digest}&digest=${digestOf(content, 'sha512')}`,
    ]) {
      const answer = await plane.send('PUT', `${location}${query}`, { body: content })
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'], query)
    }
    assert.equal((await plane.send('PUT', `${location}?digest=${digest}`, { body: content })).status, 201)
  })
  test("with the digest of other bytes is refused in ECR's words, and the right one still does", async (t) => {
    const plane = await openApp(t)
    const location = await begin(plane, 'app')
    await plane.send('PATCH', location, { body: content })
    const wrong = await plane.send('PUT', `${location}?digest=${digestOf('other')}`)
    assert.deepEqual(
      [wrong.status, wrong.code, wrong.message],
      [400, 'DIGEST_INVALID', 'None of the provided layer digests match the calculated layer digest'],
    )
    assert.equal(await isStored(plane, 'app', digestOf('other')), false)
    assert.equal((await plane.send('PUT', `${location}?digest=${digest}`)).status, 201)
  })
  test('after the end, by completion or cancel, is 404', async (t) => {
    const plane = await openApp(t)
    const completed = await begin(plane, 'app')
    await plane.send('PUT', `${completed}?digest=${digest}`, { body: content })
    const cancelled = await begin(plane, 'app')
    const cancel = await plane.send('DELETE', cancelled)
    assert.deepEqual([cancel.status, cancel.text], [204, ''])
    for (const location of [completed, cancelled]) {
      for (const [method, target] of [
        ['PUT', `${location}?digest=${digest}`],
        ['PATCH', location],
        ['GET', location],
        ['DELETE', location],
      ] as const) {
        const answer = await plane.send(method, target, { body: content })
        assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UPLOAD_UNKNOWN'], method)
      }
    }
  })
  test('one POST with the digest of other bytes leaves nothing', async (t) => {
    const plane = await openApp(t, { limits: { openUploadsPerAccount: 1 } })
    for (let times = 0; times < 3; times++) {
      const answer = await plane.send('POST', `/v2/app/blobs/uploads/?digest=${digestOf('other')}`, { body: content })
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'])
    }
    await begin(plane, 'app')
  })
})

test('D17 an upload of another repository, another account, at random, or of no form is the same 404', async (t) => {
  const plane = await openApp(t)
  await givenRepository(plane.registry, 'twin')
  const location = await begin(plane, 'app')
  const id = location.split('/').at(-1) ?? ''
  const rows = [
    `/v2/twin/blobs/uploads/${id}`,
    `/v2/app/blobs/uploads/${randomUUID()}`,
    '/v2/app/blobs/uploads/x',
    `/v2/app/blobs/uploads/${'x'.repeat(10_000)}`,
    '/v2/app/blobs/uploads/..',
    '/v2/app/blobs/uploads/%2e%2e',
    `/v2/app/blobs/uploads/${id.toUpperCase()}x`,
  ]
  for (const path of rows) {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const answer = await plane.send(method, method === 'PUT' ? `${path}?digest=${digest}` : path, { body: content })
      assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UPLOAD_UNKNOWN'], `${method} ${path.slice(0, 60)}`)
    }
  }
  const foreign = await plane.send('PATCH', location, { body: content, as: otherAccount })
  assert.deepEqual([foreign.status, foreign.code], [403, 'DENIED'])
  assert.equal((await plane.send('GET', location)).headers['range'], '0-0')
})

test('D18 Location is the configured address, or a path for who came by another name; never what a header says', async (t) => {
  const plane = await openApp(t)
  const rows: readonly [headers: Record<string, string>, prefix: RegExp][] = [
    [{ host: 'localhost:4510' }, /^http:\/\/localhost:4510\/v2\/app\/blobs\/uploads\//],
    [
      {
        host: 'LOCALHOST:4510',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      },
      /^http:\/\/localhost:4510\/v2\//,
    ],
    [{ host: '127.0.0.1:4510' }, /^\/v2\/app\/blobs\/uploads\//],
    [{ host: 'evil.example' }, /^\/v2\/app\/blobs\/uploads\//],
    [{ host: `${account}.dkr.ecr.us-east-1.amazonaws.com` }, /^\/v2\/app\/blobs\/uploads\//],
  ]
  for (const [headers, prefix] of rows) {
    const answer = await plane.send('POST', '/v2/app/blobs/uploads/', { headers })
    assert.equal(answer.status, 202)
    assert.match(answer.headers['location'] ?? '', prefix)
  }
})

test('a layer larger than layers may be is 413; what arrived stays', async (t) => {
  const plane = await openApp(t, { limits: { layerBytesMax: 10 } })
  const location = await begin(plane, 'app')
  const answer = await plane.send('PATCH', location, { body: content })
  assert.deepEqual([answer.status, answer.code], [413, 'SIZE_INVALID'])
})

test('too many open uploads are 429 until one ends', async (t) => {
  const plane = await openApp(t, { limits: { openUploadsPerAccount: 1 } })
  const location = await begin(plane, 'app')
  const answer = await plane.send('POST', '/v2/app/blobs/uploads/')
  assert.deepEqual([answer.status, answer.code, answer.headers['retry-after']], [429, 'TOOMANYREQUESTS', '1'])
  await plane.send('DELETE', location)
  await begin(plane, 'app')
})

test('a client that goes away in the middle leaves its bytes, and the push goes on', async (t) => {
  const plane = await openApp(t)
  const location = await begin(plane, 'app')
  const body = (async function* () {
    yield Buffer.from(content.slice(0, 6))
    throw new Error('gone')
  })()
  assert.deepEqual((await plane.send('PATCH', location, { body })).defect, new Error('gone'))
  assert.equal((await plane.send('GET', location)).headers['range'], '0-5')
  assert.equal((await plane.send('PUT', `${location}?digest=${digest}`, { body: content.slice(6) })).status, 201)
})

test('the repository must exist: there is no create on push', async (t) => {
  const plane = await openPlane(t)
  const answer = await plane.send('POST', '/v2/missing/blobs/uploads/')
  assert.deepEqual(
    [answer.status, answer.code, answer.message],
    [404, 'NAME_UNKNOWN', `The repository with name 'missing' does not exist in the registry with id '${account}'`],
  )
})
