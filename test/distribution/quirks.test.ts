// ECR's deviations, each beside what the specification says (docs/differences.md).

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { givenImage, givenRepository, manifestOf, ociManifestType } from '../support/registry.ts'
import { begin, openPlane, pathOf, pushBlob, type Answer, type Plane } from './plane.ts'

const content = 'some layer bytes'
const digest = digestOf(content)
const MiB = 1024 * 1024

async function openBoth(t: TestContext): Promise<{ readonly quirks: Plane; readonly oci: Plane }> {
  const [quirks, oci] = await Promise.all([openPlane(t, { ecrQuirks: true }), openPlane(t)])
  for (const plane of [quirks, oci]) await givenRepository(plane.registry, 'app')
  return { quirks, oci }
}

const seen = (answer: Answer) => [answer.status, answer.code]

test('PATCH is 201, and its Range stays at the end of the first chunk', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, status, ranges] of [
    [quirks, 201, ['0-4', '0-4', '0-4']],
    [oci, 202, ['0-4', '0-8', '0-15']],
  ] as const) {
    let location = await begin(plane, 'app')
    const shown: (string | undefined)[] = []
    for (const [start, end] of [
      [0, 5],
      [5, 9],
      [9, 16],
    ] as const) {
      const headers = { 'content-range': `${start}-${end - 1}` }
      const answer = await plane.send('PATCH', location, { body: content.slice(start, end), headers })
      assert.equal(answer.status, status)
      shown.push(answer.headers['range'])
      location = pathOf(answer)
    }
    assert.deepEqual(shown, ranges)
  }
})

test("one PATCH of any size is fine, and skopeo's push ends as it should", async (t) => {
  const { quirks } = await openBoth(t)
  const location = pathOf(await quirks.send('PATCH', await begin(quirks, 'app'), { body: content }))
  assert.equal((await quirks.send('PUT', `${location}&digest=${digest}`)).status, 201)
  assert.equal((await quirks.send('GET', `/v2/app/blobs/${digest}`)).text, content)
})

test("the empty blob is refused in ECR's words", async (t) => {
  const { quirks, oci } = await openBoth(t)
  const empty = digestOf('')
  const location = await begin(quirks, 'app')
  const refused = await quirks.send('PUT', `${location}?digest=${empty}`)
  assert.deepEqual(
    [refused.status, refused.code, refused.message],
    [
      400,
      'BLOB_UPLOAD_INVALID',
      `The upload with id '${location.split('/').at(-1)}' in the repository with name 'app' in registry with id '123456789012' cannot be completed because it does not have any parts`,
    ],
  )
  assert.equal((await oci.send('PUT', `${await begin(oci, 'app')}?digest=${empty}`)).status, 201)
})

test('a blob of another digest is BLOB_UPLOAD_INVALID', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, code] of [
    [quirks, 'BLOB_UPLOAD_INVALID'],
    [oci, 'DIGEST_INVALID'],
  ] as const) {
    const answer = await plane.send('PUT', `${await begin(plane, 'app')}?digest=${digest}`, { body: 'other' })
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [400, code, 'None of the provided layer digests match the calculated layer digest'],
    )
  }
})

test('nothing is mounted', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, status] of [
    [quirks, 202],
    [oci, 201],
  ] as const) {
    await givenRepository(plane.registry, 'source')
    await givenImage(plane.registry, 'source', 'v1')
    const answer = await plane.send('POST', `/v2/app/blobs/uploads/?mount=${digestOf('layer of one')}&from=source`)
    assert.equal(answer.status, status)
  }
})

test('chunks but the last have 5 MiB, as the first answer says', async (t) => {
  const { quirks, oci } = await openBoth(t)
  assert.equal((await quirks.send('POST', '/v2/app/blobs/uploads/')).headers['oci-chunk-min-length'], String(5 * MiB))
  assert.equal((await oci.send('POST', '/v2/app/blobs/uploads/')).headers['oci-chunk-min-length'], undefined)
  const push = async (plane: Plane, sizes: readonly number[], last: number) => {
    let location = await begin(plane, 'app')
    for (const size of sizes) location = pathOf(await plane.send('PATCH', location, { body: Buffer.alloc(size) }))
    const total = sizes.reduce((sum, size) => sum + size, last)
    const wanted = digestOf(Buffer.alloc(total))
    const query = `${location.includes('?') ? '&' : '?'}digest=${wanted}`
    return plane.send('PUT', `${location}${query}`, { body: Buffer.alloc(last) })
  }
  for (const [sizes, last] of [
    [[5 * MiB, 1], 0],
    [[5 * MiB], 2],
    [[5 * MiB, 5 * MiB], 3],
    [[4], 0],
  ] as const) {
    assert.deepEqual(seen(await push(quirks, sizes, last)), [201, undefined], `${sizes.join()} ${last}`)
  }
  for (const [sizes, last] of [
    [[6, 5 * MiB], 0],
    [[7, 8], 0],
    [[9], 10],
  ] as const) {
    const answer = await push(quirks, sizes, last)
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [400, 'BLOB_UPLOAD_INVALID', 'All layer parts except the last part should be at least 5MB'],
    )
    assert.equal((await push(oci, sizes, last)).status, 201)
  }
})

test('an upload has no status', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, expected] of [
    [quirks, [404, 'BLOB_UPLOAD_UNKNOWN']],
    [oci, [204, undefined]],
  ] as const) {
    assert.deepEqual(seen(await plane.send('GET', await begin(plane, 'app'))), expected)
  }
})

describe('tags', () => {
  test('are plain text, paged by an opaque token, at most 1,000 at once', async (t) => {
    const { quirks } = await openBoth(t)
    const { manifest } = await givenImage(quirks.registry, 'app', 'a')
    for (const imageTag of ['b', 'c'])
      await quirks.registry.perform(putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
    const first = await quirks.send('GET', '/v2/app/tags/list?n=2')
    assert.deepEqual(
      [first.status, first.headers['content-type'], JSON.parse(first.text)],
      [200, 'text/plain; charset=utf-8', { name: 'app', tags: ['a', 'b'] }],
    )
    const path = /^<http:\/\/localhost:4510(.*)>; rel="next"$/.exec(first.headers['link'] ?? '')?.[1] ?? ''
    assert.doesNotMatch(path, /last=[abc]$/)
    const second = await quirks.send('GET', path)
    assert.deepEqual([JSON.parse(second.text), second.headers['link']], [{ name: 'app', tags: ['c'] }, undefined])
    await givenRepository(quirks.registry, 'other')
    for (const target of ['/v2/app/tags/list?last=a', path.replace('/app/', '/other/')]) {
      const answer = await quirks.send('GET', target)
      assert.deepEqual(
        [answer.status, answer.code, answer.message],
        [405, 'UNSUPPORTED', `Invalid parameter at 'NextToken' failed to satisfy constraint: 'Invalid token'`],
      )
    }
    const many = await quirks.send('GET', '/v2/app/tags/list?n=1001')
    assert.deepEqual(
      [many.status, many.code, many.message],
      [
        405,
        'UNSUPPORTED',
        `Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 1000'`,
      ],
    )
  })
})

test('a manifest that is none is 405, and a reference that is none is 400', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, invalid, unknown] of [
    [quirks, [405, 'UNSUPPORTED'], [400, 'TAG_INVALID']],
    [oci, [400, 'MANIFEST_INVALID'], [404, 'MANIFEST_UNKNOWN']],
  ] as const) {
    const put = await plane.send('PUT', '/v2/app/manifests/v1', {
      body: '{',
      headers: { 'content-type': ociManifestType },
    })
    assert.deepEqual(seen(put), invalid)
    assert.equal(
      put.message,
      `Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'`,
    )
    assert.deepEqual(seen(await plane.send('HEAD', '/v2/app/manifests/a+b')), unknown)
  }
})

test('the last tag takes its image along', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, status] of [
    [quirks, 404],
    [oci, 200],
  ] as const) {
    await pushBlob(plane, 'app', 'config')
    const manifest = manifestOf(['config'])
    await plane.send('PUT', '/v2/app/manifests/v1', { body: manifest, headers: { 'content-type': ociManifestType } })
    assert.equal((await plane.send('DELETE', '/v2/app/manifests/v1')).status, 202)
    assert.equal((await plane.send('GET', `/v2/app/manifests/${digestOf(manifest)}`)).status, status)
  }
})

test('referrers in a repository that is missing are 404', async (t) => {
  const { quirks, oci } = await openBoth(t)
  for (const [plane, expected] of [
    [quirks, [404, 'NAME_UNKNOWN']],
    [oci, [200, undefined]],
  ] as const) {
    assert.deepEqual(seen(await plane.send('GET', `/v2/missing/referrers/${digest}`)), expected)
  }
})
