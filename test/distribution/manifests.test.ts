import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { givenImage, givenRepository, manifestOf, ociManifestType } from '../support/registry.ts'
import { openPlane, type Answer } from './plane.ts'
import { contents, digest, manifest, openPushed, put } from './pushing.ts'

test('a manifest is pushed by tag and pulled by tag and digest, to the byte', async (t) => {
  const plane = await openPushed(t)
  const pushed = await put(plane, 'v1', manifest)
  assert.deepEqual([pushed.status, pushed.text], [201, ''])
  assert.deepEqual(pushed.headers, {
    'docker-distribution-api-version': 'registry/2.0',
    location: `http://localhost:4510/v2/app/manifests/${digest}`,
    'docker-content-digest': digest,
  })
  for (const reference of ['v1', digest]) {
    const got = await plane.send('GET', `/v2/app/manifests/${reference}`)
    assert.deepEqual([got.status, got.text], [200, manifest])
    const headers = {
      'docker-distribution-api-version': 'registry/2.0',
      'content-type': ociManifestType,
      'x-content-type-options': 'nosniff',
      etag: `"${digest}"`,
      'docker-content-digest': digest,
    }
    assert.deepEqual(got.headers, headers)
    const head = await plane.send('HEAD', `/v2/app/manifests/${reference}`)
    assert.deepEqual(
      [head.status, head.text, head.headers],
      [200, '', { ...headers, 'content-length': String(manifest.length) }],
    )
    for (const method of ['GET', 'HEAD']) {
      const unchanged = await plane.send(method, `/v2/app/manifests/${reference}`, {
        headers: { 'if-none-match': `"${digest}"` },
      })
      assert.deepEqual([unchanged.status, unchanged.text], [304, ''])
    }
  }
})

test('the same manifest again, by tag and by digest, is 201 again', async (t) => {
  const plane = await openPushed(t)
  for (const reference of ['v1', 'v1', digest, digest, 'v2'])
    assert.equal((await put(plane, reference, manifest)).status, 201)
  assert.deepEqual(JSON.parse((await plane.send('GET', '/v2/app/tags/list')).text), { name: 'app', tags: ['v1', 'v2'] })
})

test('what is not there is MANIFEST_UNKNOWN, also under a name nothing can have', async (t) => {
  const plane = await openPushed(t)
  for (const reference of ['missing', digest, '.INVALID_MANIFEST_NAME', 'a+b', 't'.repeat(200)]) {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const answer = await plane.send(method, `/v2/app/manifests/${reference}`)
      assert.deepEqual([answer.status, answer.code], [404, 'MANIFEST_UNKNOWN'], `${method} ${reference}`)
    }
  }
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    assert.equal((await plane.send(method, '/v2/missing/manifests/latest')).code, 'NAME_UNKNOWN')
  }
  assert.equal((await put(plane, '.hidden', manifest)).code, 'TAG_INVALID')
})

test("D13 a subject may be missing; its referrers are this repository's only", async (t) => {
  const plane = await openPushed(t)
  await givenRepository(plane.registry, 'other')
  const subject = digestOf('missing subject')
  const body = manifestOf(contents, { subject: { mediaType: ociManifestType, digest: subject, size: 3 } })
  const pushed = await put(plane, 'signature', body)
  assert.deepEqual([pushed.status, pushed.headers['oci-subject']], [201, subject])
  const again = await put(plane, 'signature', body)
  assert.deepEqual([again.status, again.headers['oci-subject']], [201, subject])
  const found = (answer: Answer) => (JSON.parse(answer.text) as { manifests: unknown[] }).manifests.length // an index by the test below
  assert.equal(found(await plane.send('GET', `/v2/app/referrers/${subject}`)), 1)
  assert.equal(found(await plane.send('GET', `/v2/other/referrers/${subject}`)), 0)
})

describe('sha512', () => {
  const wanted = digestOf(manifest, 'sha512')
  test('by digest', async (t) => {
    const plane = await openPushed(t)
    const pushed = await put(plane, wanted, manifest)
    assert.deepEqual([pushed.status, pushed.headers['docker-content-digest']], [201, wanted])
    assert.equal((await plane.send('GET', `/v2/app/manifests/${wanted}`)).text, manifest)
    assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 404)
  })
  test('by tag with the digest in the query', async (t) => {
    const plane = await openPushed(t)
    assert.equal((await put(plane, `v1?digest=${wanted}`, manifest)).headers['docker-content-digest'], wanted)
    assert.equal((await plane.send('HEAD', '/v2/app/manifests/v1')).headers['docker-content-digest'], wanted)
    assert.equal((await put(plane, `v1?digest=${digestOf('x')}`, manifest)).code, 'DIGEST_INVALID')
    assert.equal((await put(plane, 'v1?digest=x', manifest)).code, 'DIGEST_INVALID')
  })
})

test('a PUT by digest may give tags, and says which it gave', async (t) => {
  const plane = await openPushed(t)
  const pushed = await put(plane, `${digest}?tag=b&tag=a&tag=a`, manifest)
  assert.deepEqual([pushed.status, pushed.headers['oci-tag']], [201, 'b, a'])
  for (const tag of ['a', 'b'])
    assert.equal((await plane.send('HEAD', `/v2/app/manifests/${tag}`)).headers['docker-content-digest'], digest)
  assert.equal((await put(plane, `${digest}?tag=ok&tag=.bad`, manifest)).code, 'TAG_INVALID')
  assert.equal((await plane.send('HEAD', '/v2/app/manifests/ok')).status, 404)
  const many = Array.from({ length: 101 }, (_, at) => `tag=t${at}`).join('&')
  assert.equal((await put(plane, `${digest}?${many}`, manifest)).status, 414)
})

test('an image that the API pushed is pulled here', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  const { digest: pushed, manifest: text } = await givenImage(plane.registry, 'app', 'api')
  const got = await plane.send('GET', '/v2/app/manifests/api')
  assert.deepEqual([got.status, got.text, got.headers['docker-content-digest']], [200, text, pushed])
})

test('a full registry says so', async (t) => {
  const plane = await openPushed(t, { limits: { imagesPerRepository: 1, tagsPerImage: 1 } })
  assert.equal((await put(plane, 'v1', manifest)).status, 201)
  for (const [tag, body] of [
    ['v2', manifest],
    ['v3', manifestOf(contents.slice(0, 2))],
  ] as const) {
    const answer = await put(plane, tag, body)
    assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
  }
})
