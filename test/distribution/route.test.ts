import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { registryOfHost } from '../../src/protocol/distribution/registry-host.ts'
import { parseRoute } from '../../src/protocol/distribution/route.ts'
import { openPlane } from './plane.ts'

const sha256 = `sha256:${'a'.repeat(64)}`
const sha512 = `sha512:${'b'.repeat(128)}`

describe('paths of the data plane', () => {
  const rows: readonly [path: string, expected: unknown][] = [
    ['/v2', { kind: 'version' }],
    ['/v2/', { kind: 'version' }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/v2/app/tags/list', { kind: 'tags', name: 'app' }],
    [
      '/v2/team/app/manifests/latest',
      { kind: 'manifest', name: 'team/app', reference: { kind: 'tag', tag: 'latest' } },
    ],
    [`/v2/app/manifests/${sha512}`, { kind: 'manifest', name: 'app', reference: { kind: 'digest', digest: sha512 } }],
    [`/v2/a/b/c/blobs/${sha256}`, { kind: 'blob', name: 'a/b/c', digest: sha256 }],
    ['/v2/app/blobs/uploads/', { kind: 'uploads', name: 'app' }],
    ['/v2/app/blobs/uploads', { kind: 'uploads', name: 'app' }],
    ['/v2/app/blobs/uploads/1234', { kind: 'upload', name: 'app', uploadId: '1234' }],
    [`/v2/app/referrers/${sha256}`, { kind: 'referrers', name: 'app', subject: sha256 }],
    // Names may hold the words of the endpoints: the right end decides.
    ['/v2/blobs/uploads/manifests/tags/list', { kind: 'tags', name: 'blobs/uploads/manifests' }],
    [
      '/v2/tags/list/manifests/manifests',
      { kind: 'manifest', name: 'tags/list', reference: { kind: 'tag', tag: 'manifests' } },
    ],
    ['/v2/a__b/c--d/manifests/x', { kind: 'manifest', name: 'a__b/c--d', reference: { kind: 'tag', tag: 'x' } }],
    // A reference nothing can have.
    ['/v2/app/manifests/.hidden', { kind: 'manifest', name: 'app', reference: { kind: 'neither', text: '.hidden' } }],
    [
      `/v2/app/manifests/${'t'.repeat(129)}`,
      { kind: 'manifest', name: 'app', reference: { kind: 'neither', text: 't'.repeat(129) } },
    ],
  ]
  for (const [path, expected] of rows) test(path.slice(0, 80), () => assert.deepEqual(parseRoute(path), expected))
})

describe('D1 names that are none, raw and encoded', () => {
  const names = [
    'App',
    'a',
    'a'.repeat(257),
    'a//b',
    'a/',
    '-a',
    'a..b',
    'a._b',
    'a%2fb',
    '%61pp',
    'a;b',
    'a%00b',
    'a\u00e9',
    'a%c0%afb',
    'a b',
    '..',
    '%2e%2e',
    'a/../b',
  ]
  for (const name of names) {
    test(JSON.stringify(name.slice(0, 40)), () => {
      assert.deepEqual(parseRoute(`/v2/${name}/tags/list`), { fault: 'invalid-name' })
      assert.deepEqual(parseRoute(`/v2/${name}/blobs/${sha256}`), { fault: 'invalid-name' })
    })
  }
  test('is answered 400 NAME_INVALID', async (t) => {
    const plane = await openPlane(t)
    const answer = await plane.send('GET', '/v2/a%2f..%2fb/tags/list')
    assert.deepEqual([answer.status, answer.code], [400, 'NAME_INVALID'])
  })
})

test('D2 paths that lead elsewhere', async (t) => {
  const plane = await openPlane(t)
  for (const path of [
    '/v2/../../etc/passwd',
    '//v2',
    '/v2x/',
    '/V2/',
    'http://localhost/v2/',
    '/v2/app',
    '/v2/app/manifests/',
    '/v2//',
    '/v2/app/blobs/uploads/../../x',
  ]) {
    await t.test(path, async () => {
      const answer = await plane.send('GET', path)
      assert.equal(answer.status, 404)
    })
  }
  await t.test('a path that climbs out of a blob is no name', () => {
    assert.deepEqual(parseRoute('/v2/x/blobs/../../..'), { fault: 'no-endpoint' })
    assert.deepEqual(parseRoute(`/v2/x/../y/blobs/${sha256}`), { fault: 'invalid-name' })
  })
})

describe('D3 digests that are none', () => {
  const digests = [
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    'sha512:',
    `sha512:${'a'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'a'.repeat(10_240)}`,
    `sha256%3A${'a'.repeat(64)}`,
  ]
  for (const digest of digests) {
    test(digest.slice(0, 40), () => {
      assert.deepEqual(parseRoute(`/v2/app/blobs/${digest}`), { fault: 'invalid-digest' })
      assert.deepEqual(parseRoute(`/v2/app/referrers/${digest}`), { fault: 'invalid-digest' })
    })
  }
  test('behind /manifests/ a colon means a digest: 400 DIGEST_INVALID', async (t) => {
    const plane = await openPlane(t)
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await plane.send(method, '/v2/app/manifests/sha256:baddigeststring')
      assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'])
    }
  })
})

describe('host names', () => {
  const fallback = { accountId: '123456789012', region: 'us-east-1' }
  const mine = { kind: 'private', ...fallback }
  const other = { kind: 'private', accountId: '210987654321', region: 'eu-west-3' }
  const rows: readonly [host: string | undefined, expected: unknown][] = [
    ['localhost:4510', mine],
    ['127.0.0.1:4510', mine],
    [undefined, mine],
    ['210987654321.dkr.ecr.eu-west-3.localhost:4510', other],
    ['210987654321.dkr.ecr.eu-west-3.amazonaws.com', other],
    ['210987654321.dkr.ecr-fips.eu-west-3.amazonaws.com', other],
    ['210987654321.dkr-ecr.eu-west-3.on.aws', other],
    ['210987654321.DKR.ECR.EU-WEST-3.amazonaws.com', other],
    ['21098765432.dkr.ecr.eu-west-3.amazonaws.com', mine],
    ['210987654321.dkr.ecr.eu-west-3', mine],
    ['x210987654321.dkr.ecr.eu-west-3.amazonaws.com', mine],
  ]
  for (const [host, expected] of rows)
    test(String(host), () => assert.deepEqual(registryOfHost(host, fallback), expected))
})

test('a method that an endpoint has not is 405 with those it has', async (t) => {
  const plane = await openPlane(t)
  const rows = [
    ['POST', '/v2/', 'GET, HEAD'],
    ['DELETE', '/v2/_catalog', 'GET, HEAD'],
    ['PUT', '/v2/app/tags/list', 'GET, HEAD'],
    ['POST', '/v2/app/manifests/x', 'GET, HEAD, PUT, DELETE'],
    ['PATCH', `/v2/app/blobs/${sha256}`, 'GET, HEAD, DELETE'],
    ['GET', '/v2/app/blobs/uploads/', 'POST'],
    ['POST', '/v2/app/blobs/uploads/1', 'GET, PATCH, PUT, DELETE'],
    ['POST', `/v2/app/referrers/${sha256}`, 'GET, HEAD'],
  ] as const
  for (const [method, path, allow] of rows) {
    const answer = await plane.send(method, path)
    assert.deepEqual([answer.status, answer.code, answer.headers['allow']], [405, 'UNSUPPORTED', allow])
  }
})
