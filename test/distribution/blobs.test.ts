import assert from 'node:assert/strict'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { noneMatchFails, selectRange } from '../../src/protocol/distribution/byte-range.ts'
import { account, givenImage, givenRepository, otherAccount } from '../support/registry.ts'
import { openApp, openPlane, pushBlob } from './plane.ts'

const content = '0123456789'

test('D34 a blob comes whole, inert, with its digest; HEAD says the same without it', async (t) => {
  const plane = await openApp(t)
  const digest = await pushBlob(plane, 'app', content)
  const headers = {
    'docker-distribution-api-version': 'registry/2.0',
    'docker-content-digest': digest,
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'content-disposition': 'attachment',
    'content-security-policy': 'sandbox',
    etag: `"${digest}"`,
    'accept-ranges': 'bytes',
    'content-length': '10',
  }
  const got = await plane.send('GET', `/v2/app/blobs/${digest}`)
  assert.deepEqual([got.status, got.headers, got.text], [200, headers, content])
  const head = await plane.send('HEAD', `/v2/app/blobs/${digest}`)
  assert.deepEqual([head.status, head.headers, head.text], [200, headers, ''])
})

test('a small blob that was read comes from memory, to those who may have it only', async (t) => {
  const plane = await openApp(t)
  const { registry } = plane
  await givenRepository(registry, 'other')
  const digest = await pushBlob(plane, 'app', content)
  const address = `/v2/app/blobs/${digest}`
  const first = await plane.send('GET', address)
  // Nothing reads a file that is gone.
  await rm(join(registry.directory, 'blobs'), { recursive: true })
  assert.deepEqual(await plane.send('GET', address), first)
  const part = await plane.send('GET', address, { headers: { range: 'bytes=2-4' } })
  assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, '234', 'bytes 2-4/10'])
  assert.equal((await plane.send('GET', `/v2/other/blobs/${digest}`)).code, 'BLOB_UNKNOWN')
  assert.equal((await plane.send('GET', address, { as: otherAccount })).status, 403)
  assert.equal((await plane.send('DELETE', address)).status, 202)
  assert.equal((await plane.send('GET', address)).code, 'BLOB_UNKNOWN')
})

describe('D19 ranges', () => {
  const rows: readonly [header: string | undefined, size: number, expected: unknown][] = [
    [undefined, 10, 'whole'],
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=2-5', 10, { start: 2, end: 5 }],
    ['bytes=5-', 10, { start: 5, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-99', 10, { start: 0, end: 9 }],
    ['bytes=8-99', 10, { start: 8, end: 9 }],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=10-20', 10, 'unsatisfiable'],
    ['bytes=5-2', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=0-1,3-4', 10, 'whole'],
    [`bytes=${Array<string>(1000).fill('0-9').join(',')}`, 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['items=0-1', 10, 'whole'],
    [`bytes=${'9'.repeat(30)}-`, 10, 'whole'],
  ]
  for (const [header, size, expected] of rows) {
    test(`${header?.slice(0, 40)} of ${size}`, () => assert.deepEqual(selectRange(header, size), expected))
  }

  test('are answered 206 with the part, 416 with the size', async (t) => {
    const plane = await openApp(t)
    const digest = await pushBlob(plane, 'app', content)
    const get = (range: string, more: Record<string, string> = {}) =>
      plane.send('GET', `/v2/app/blobs/${digest}`, { headers: { range, ...more } })
    const part = await get('bytes=2-5')
    assert.deepEqual(
      [part.status, part.text, part.headers['content-range'], part.headers['content-length']],
      [206, '2345', 'bytes 2-5/10', '4'],
    )
    const outside = await get('bytes=10-')
    assert.deepEqual(
      [outside.status, outside.code, outside.headers['content-range']],
      [416, 'RANGE_INVALID', 'bytes */10'],
    )
    const sameCopy = await get('bytes=2-5', { 'if-range': `"${digest}"` })
    assert.equal(sameCopy.status, 206)
    const otherCopy = await get('bytes=2-5', { 'if-range': '"other"' })
    assert.deepEqual([otherCopy.status, otherCopy.text], [200, content])
    const head = await plane.send('HEAD', `/v2/app/blobs/${digest}`, { headers: { range: 'bytes=2-5' } })
    assert.deepEqual([head.status, head.headers['content-length']], [200, '10'])
  })
})

test('a copy the client has is not sent again, and only when it may be read', async (t) => {
  const plane = await openApp(t)
  const digest = await pushBlob(plane, 'app', content)
  const headers = { 'if-none-match': `"x", W/"${digest}"` }
  const unchanged = await plane.send('GET', `/v2/app/blobs/${digest}`, { headers })
  assert.deepEqual([unchanged.status, unchanged.text, unchanged.headers['etag']], [304, '', `"${digest}"`])
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`, { headers, as: otherAccount })).status, 403)
  assert.deepEqual(
    ['*', '"a"', 'a', undefined].map((header) => noneMatchFails(header, '"a"')),
    [true, true, false, false],
  )
})

test('D20 a blob of another repository is unknown here', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'mine')
  await givenRepository(plane.registry, 'other')
  const digest = await pushBlob(plane, 'other', content)
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const answer = await plane.send(method, `/v2/mine/blobs/${digest}`)
    assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UNKNOWN'])
  }
})

test('D21 a deleted blob is gone at once, also for who has a copy; D26 asking changed nothing', async (t) => {
  const plane = await openApp(t)
  await givenRepository(plane.registry, 'other')
  const digest = await pushBlob(plane, 'other', content)
  assert.equal((await plane.send('HEAD', `/v2/app/blobs/${digest}`)).status, 404)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).status, 404)
  await pushBlob(plane, 'app', content)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).status, 200)
  const deleted = await plane.send('DELETE', `/v2/app/blobs/${digest}`)
  assert.deepEqual([deleted.status, deleted.text], [202, ''])
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const headers = { 'if-none-match': `"${digest}"` }
    assert.equal((await plane.send(method, `/v2/app/blobs/${digest}`, { headers })).status, 404)
  }
  assert.equal((await plane.send('GET', `/v2/other/blobs/${digest}`)).status, 200)
})

test('D28 a blob that an image names cannot be deleted, nor by another account', async (t) => {
  const plane = await openApp(t)
  await givenImage(plane.registry, 'app', 'v1')
  const digest = digestOf('layer of one')
  const refused = await plane.send('DELETE', `/v2/app/blobs/${digest}`)
  assert.deepEqual([refused.status, refused.code], [405, 'UNSUPPORTED'])
  assert.equal((await plane.send('DELETE', `/v2/app/blobs/${digest}`, { as: otherAccount })).status, 403)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).status, 200)
})

test('a blob whose file is gone is unknown, until it is pushed again', async (t) => {
  const plane = await openApp(t)
  const digest = await pushBlob(plane, 'app', content)
  await rm(join(plane.registry.directory, 'blobs'), { recursive: true })
  const answer = await plane.send('GET', `/v2/app/blobs/${digest}`)
  assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UNKNOWN'])
  assert.equal((await plane.send('HEAD', `/v2/app/blobs/${digest}`)).status, 404)
  assert.equal(plane.registry.backgroundErrors.length, 1)
})

test('a blob whose bytes have changed on disk never makes a complete answer, and is unknown afterwards', async (t) => {
  const plane = await openApp(t)
  const digest = await pushBlob(plane, 'app', content)
  const blobs = join(plane.registry.directory, 'blobs')
  const [file] = (await readdir(blobs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  assert.ok(file)
  await writeFile(join(file.parentPath, file.name), 'X123456789')
  await assert.rejects(plane.send('GET', `/v2/app/blobs/${digest}`), { name: 'DamagedBlobError' })
  const answer = await plane.send('GET', `/v2/app/blobs/${digest}`)
  assert.deepEqual([answer.status, answer.code], [404, 'BLOB_UNKNOWN'])
  await pushBlob(plane, 'app', content)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digest}`)).text, content)
})

test('who may not read sees 403, whether the blob is there or not', async (t) => {
  const plane = await openApp(t)
  const digest = await pushBlob(plane, 'app', content)
  const rows = [
    ['GET', digest, 'ecr:GetDownloadUrlForLayer'],
    ['GET', digestOf('nothing'), 'ecr:GetDownloadUrlForLayer'],
    ['HEAD', digest, 'ecr:BatchCheckLayerAvailability'],
  ] as const
  for (const [method, wanted, action] of rows) {
    const answer = await plane.send(method, `/v2/app/blobs/${wanted}`, { as: otherAccount })
    assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
    assert.ok(
      answer.message?.includes(
        `is not authorized to perform: ${action} on resource: arn:aws:ecr:us-east-1:${account}:repository/app`,
      ),
    )
  }
})
