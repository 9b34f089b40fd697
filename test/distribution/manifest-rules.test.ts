import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import { manifestOf, ociIndexType, ociManifestType, otherAccount } from '../support/registry.ts'
import { contents, digest, manifest, openPushed, put } from './pushing.ts'

test('D30 Accept', async (t) => {
  const plane = await openPushed(t)
  await put(plane, 'v1', manifest)
  const accepted = [
    '',
    '*/*',
    'application/*',
    'text/html, */*;q=0.1',
    ociManifestType,
    ociManifestType.toUpperCase(),
    `${ociIndexType}, ${ociManifestType}; q=0.5`,
    `${Array.from({ length: 1000 }, (_, at) => `application/x-${at}`).join(',')},${ociManifestType}`,
  ]
  const refused = [
    'application/json',
    ociIndexType,
    'application/vnd.docker.distribution.manifest.v2+json',
    Array<string>(1000).fill('text/plain').join(','),
  ]
  for (const [accepts, status] of [
    [accepted, 200],
    [refused, 404],
  ] as const) {
    for (const accept of accepts) {
      await t.test(`${status}: ${accept.slice(0, 60)}`, async () => {
        for (const method of ['GET', 'HEAD']) {
          const answer = await plane.send(method, '/v2/app/manifests/v1', { headers: { accept } })
          assert.equal(answer.status, status)
          if (status === 200) assert.equal(answer.headers['docker-content-digest'], digest)
          else
            assert.equal(
              answer.message,
              `The image is of media type '${ociManifestType}', which the Accept header of the request does not allow`,
            )
        }
      })
    }
  }
})

describe('D28 deleting', () => {
  test('a tag alone, then the image with its tags', async (t) => {
    const plane = await openPushed(t)
    for (const tag of ['a', 'b', 'c']) await put(plane, tag, manifest)
    assert.equal((await plane.send('DELETE', '/v2/app/manifests/a')).status, 202)
    assert.equal((await plane.send('GET', '/v2/app/manifests/a')).status, 404)
    assert.equal((await plane.send('GET', '/v2/app/manifests/b')).status, 200)
    const deleted = await plane.send('DELETE', `/v2/app/manifests/${digest}`)
    assert.deepEqual([deleted.status, deleted.text], [202, ''])
    for (const reference of ['b', 'c', digest])
      assert.equal((await plane.send('GET', `/v2/app/manifests/${reference}`)).status, 404)
    assert.equal((await plane.send('DELETE', `/v2/app/manifests/${digest}`)).status, 404)
  })
  test('the last tag leaves the image under its digest', async (t) => {
    const plane = await openPushed(t)
    await put(plane, 'only', manifest)
    assert.equal((await plane.send('DELETE', '/v2/app/manifests/only')).status, 202)
    assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 200)
  })
  test('not what an index names', async (t) => {
    const plane = await openPushed(t)
    await put(plane, digest, manifest)
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndexType,
      manifests: [{ mediaType: ociManifestType, digest, size: manifest.length }],
    })
    await put(plane, 'multi', index, { headers: { 'content-type': ociIndexType } })
    const answer = await plane.send('DELETE', `/v2/app/manifests/${digest}`)
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [405, 'UNSUPPORTED', `Requested image referenced by manifest list: [${digestOf(index)}]`],
    )
    await plane.send('DELETE', `/v2/app/manifests/${digestOf(index)}`)
    assert.equal((await plane.send('DELETE', `/v2/app/manifests/${digest}`)).status, 202)
  })
  test('not by another account, by tag or by digest', async (t) => {
    const plane = await openPushed(t)
    await put(plane, 'v1', manifest)
    for (const reference of ['v1', digest]) {
      const answer = await plane.send('DELETE', `/v2/app/manifests/${reference}`, { as: otherAccount })
      assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
    }
    assert.equal((await plane.send('GET', '/v2/app/manifests/v1')).status, 200)
  })
})

test('an immutable tag is TAG_INVALID for other bytes and 201 for the same', async (t) => {
  const plane = await openPushed(t)
  await put(plane, 'v1', manifest)
  await plane.registry.perform(putImageTagMutability, { repositoryName: 'app', imageTagMutability: 'IMMUTABLE' })
  const other = manifestOf(contents.slice(0, 2))
  const answer = await put(plane, 'v1', other)
  assert.deepEqual(
    [answer.status, answer.code, answer.message],
    [
      400,
      'TAG_INVALID',
      `The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.`,
    ],
  )
  assert.equal((await put(plane, 'v1', manifest)).status, 201)
})

test('D29 of fifty pushes of one tag at once one wins when it is immutable, and never a mixture', async (t) => {
  for (const imageTagMutability of ['IMMUTABLE', 'MUTABLE'] as const) {
    const plane = await openPushed(t)
    await plane.registry.perform(putImageTagMutability, { repositoryName: 'app', imageTagMutability })
    const bodies = Array.from({ length: 50 }, (_, at) => manifestOf(contents, { annotations: { at: String(at) } }))
    const answers = await Promise.all(bodies.map((body) => put(plane, 'v1', body)))
    const winners = answers.filter((answer) => answer.status === 201).length
    assert.equal(winners, imageTagMutability === 'IMMUTABLE' ? 1 : 50)
    const stored = await plane.send('GET', '/v2/app/manifests/v1')
    assert.ok(bodies.includes(stored.text))
    assert.equal(stored.headers['docker-content-digest'], digestOf(stored.text))
  }
})
