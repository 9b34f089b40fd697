// The front door, health and figures, through a real socket.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import { StorageBusyError } from '../src/domain/ports/storage-errors.ts'
import { createFrontDoor } from '../src/protocol/front.ts'
import { createHealth, type HealthOptions } from '../src/protocol/health.ts'
import type { HttpHandler } from '../src/protocol/message.ts'
import { createMetrics } from '../src/protocol/metrics.ts'
import type { RequestLine } from '../src/protocol/request-log.ts'
import { openAdapter } from './support/http-adapter.ts'

const fine: HealthOptions = {
  metadata: { ping: async () => {} },
  blobs: { freeBytes: async () => 1, requireFiles: async () => {} },
  isStopping: () => false,
  patienceMs: 50,
}
const broken = async () => {
  throw new Error('secret detail')
}
const silent = () => new Promise<never>(() => {})

async function ask(t: TestContext, options: HealthOptions, path: 'healthz' | 'readyz') {
  const { url } = await openAdapter(t, createHealth(options)[path])
  const response = await fetch(url)
  return [response.status, await response.json()]
}

describe('health', () => {
  const blobs = fine.blobs
  const full = { ...blobs, freeBytes: async () => 0 }
  const unbounded = { ...blobs, freeBytes: async () => undefined }
  const exhausted = async () => {
    throw new StorageBusyError('no file can be opened')
  }
  const cases = [
    ['healthz', 'a server that lacks nothing is ok', {}, 200, { status: 'ok' }],
    ['healthz', 'storage without bounds is not full', { blobs: unbounded }, 200, { status: 'ok' }],
    [
      'healthz',
      'a full disk is told, and is no reason to restart',
      { blobs: full },
      200,
      { status: 'degraded', reason: 'the storage is full' },
    ],
    [
      'healthz',
      'storage that fails is told',
      { blobs: { ...blobs, freeBytes: broken } },
      200,
      { status: 'degraded', reason: 'the storage of layers does not answer' },
    ],
    [
      'healthz',
      'storage that hangs does not hang the answer',
      { blobs: { ...blobs, freeBytes: silent } },
      200,
      { status: 'degraded', reason: 'the storage of layers does not answer' },
    ],
    ['healthz', 'a server that stops is alive', { isStopping: () => true }, 200, { status: 'ok' }],
    ['readyz', 'a server with its stores is ready', {}, 200, { status: 'ok' }],
    [
      'readyz',
      'a full disk still serves pulls and deletes',
      { blobs: full },
      200,
      { status: 'degraded', reason: 'the storage is full' },
    ],
    [
      'readyz',
      'a server that stops wants nothing new',
      { isStopping: () => true },
      503,
      { status: 'stopping', reason: 'the server is stopping' },
    ],
    [
      'readyz',
      'a database that fails is not ready',
      { metadata: { ping: broken } },
      503,
      { status: 'unready', reason: 'the database does not answer' },
    ],
    [
      'readyz',
      'a database that hangs is not ready',
      { metadata: { ping: silent } },
      503,
      { status: 'unready', reason: 'the database does not answer' },
    ],
    [
      'readyz',
      'storage that fails is not ready',
      { blobs: { ...blobs, freeBytes: broken } },
      503,
      { status: 'unready', reason: 'the storage of layers does not answer' },
    ],
    [
      'readyz',
      'a server without descriptors for one more request is not ready',
      { blobs: { ...blobs, requireFiles: exhausted } },
      503,
      { status: 'unready', reason: 'no file or connection can be opened' },
    ],
    [
      'readyz',
      'storage whose directory can not be opened is not ready',
      { blobs: { ...blobs, requireFiles: broken } },
      503,
      { status: 'unready', reason: 'the storage of layers does not answer' },
    ],
    [
      'healthz',
      'a restart gives no more descriptors',
      { blobs: { ...blobs, requireFiles: exhausted } },
      200,
      { status: 'ok' },
    ],
  ] as const
  for (const [path, sentence, change, status, body] of cases) {
    test(`${path}: ${sentence}`, async (t) => {
      assert.deepEqual(await ask(t, { ...fine, ...change }, path), [status, body])
    })
  }

  test('other methods are refused', async (t) => {
    const { url } = await openAdapter(t, createHealth(fine).healthz)
    const response = await fetch(url, { method: 'POST', body: 'x' })
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD'])
  })
})

const line: RequestLine = {
  requestId: 'id',
  method: 'GET',
  path: '/',
  status: 200,
  bytesIn: 0,
  bytesOut: 10,
  durationMs: 4,
  remoteAddress: '127.0.0.1',
  userAgent: '',
  aborted: false,
}

describe('metrics', () => {
  test('requests are counted by operation and status, those before the library was loaded too', async (t) => {
    const metrics = createMetrics({
      directory: {
        blobs: { freeBytes: async () => 12_345 },
        damagedLayers: async () => 3,
        logBytes: async () => 4_096,
        audit: () => ({ lost: 3, waitingBytes: 1_024, isFailing: true }),
      },
      activeRequests: () => 7,
      clock: { now: () => 99_500 },
    })
    const { url } = await openAdapter(t, metrics.handler)
    metrics.observe({ ...line, operation: 'PutImage', bytesIn: 100 })
    await metrics.load()
    metrics.observe({ ...line, operation: 'PutImage', durationMs: 2000, bytesIn: 20 })
    metrics.observe({ ...line, status: undefined })
    const response = await fetch(url)
    const text = await response.text()
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    const expected = [
      'stowage_request_duration_seconds_count{operation="PutImage",status="200"} 2',
      'stowage_request_duration_seconds_sum{operation="PutImage",status="200"} 2.004',
      'stowage_request_duration_seconds_bucket{operation="PutImage",status="200",le="0.005"} 1',
      'stowage_request_duration_seconds_count{operation="none",status="0"} 1',
      'stowage_request_bytes_total{operation="PutImage"} 120',
      'stowage_response_bytes_total{operation="PutImage"} 20',
      'stowage_requests_in_flight 7',
      'stowage_storage_free_bytes 12345',
      'stowage_damaged_layers 3',
      'stowage_database_log_bytes 4096',
      'stowage_audit_failing 1',
      'stowage_audit_lost_events 3',
      'stowage_audit_waiting_bytes 1024',
    ]
    const lines = text.split('\n')
    assert.deepEqual(
      expected.filter((figure) => !lines.includes(figure)),
      [],
      text,
    )
    for (const name of [
      'process_resident_memory_bytes',
      'nodejs_heap_used_bytes',
      'nodejs_event_loop_delay_p99_seconds',
    ]) {
      assert.match(text, new RegExp(`^${name} [0-9.e+-]+$`, 'm'))
    }
  })

  test('collections are summed up, and the last one is told', async (t) => {
    let now = 5_000
    const metrics = createMetrics({
      directory: {
        blobs: { freeBytes: async () => 0 },
        damagedLayers: async () => 0,
        logBytes: async () => 0,
        audit: () => ({ lost: 0, waitingBytes: 0, isFailing: false }),
      },
      activeRequests: () => 0,
      clock: { now: () => now },
    })
    const { url } = await openAdapter(t, metrics.handler)
    const figures = async () => {
      const text = await (await fetch(url)).text()
      return text.split('\n').filter((figure) => /^stowage_(collect|trash)/.test(figure))
    }
    assert.deepEqual(await figures(), [
      'stowage_collections_total 0',
      'stowage_collected_layers_total 0',
      'stowage_collected_bytes_total 0',
    ])
    const collection = { memberships: 9, layers: 2, bytes: 30, deletedImages: 1, unlinked: 4 }
    metrics.collected({ ...collection, trash: { files: 7, bytes: 70 } })
    now = 99_500
    metrics.collected({ ...collection, trash: { files: 2, bytes: 30 } })
    assert.deepEqual(await figures(), [
      'stowage_collections_total 2',
      'stowage_collected_layers_total 4',
      'stowage_collected_bytes_total 60',
      'stowage_collection_last_success_seconds 99.5',
      'stowage_trash_files 2',
      'stowage_trash_bytes 30',
    ])
  })
})

describe('the front door', () => {
  const named =
    (name: string): HttpHandler =>
    async () => ({ status: 200, headers: {}, body: name })
  const door = createFrontDoor({
    api: named('api'),
    distribution: named('distribution'),
    layerUrls: named('layers'),
    healthz: named('healthz'),
    readyz: named('readyz'),
    metrics: named('metrics'),
  })
  const cases = [
    ['POST', '/', 'api'],
    ['PUT', '/', 'api'],
    ['POST', '/?Action=GetCallerIdentity', 'api'],
    ['GET', '/v2', 'distribution'],
    ['GET', '/v2/', 'distribution'],
    ['PUT', '/v2/a/manifests/b', 'distribution'],
    ['GET', '/v20', 'api'],
    ['GET', '/V2/', 'api'],
    ['GET', '/layers/a/b?X=y', 'layers'],
    ['GET', '/layers', 'api'],
    ['GET', '/healthz', 'healthz'],
    ['GET', '/healthz/', 'api'],
    ['GET', '/readyz', 'readyz'],
    ['GET', '/metrics', 'metrics'],
    ['GET', '/favicon.ico', 'api'],
    ['GET', '/%76%32/', 'api'],
  ] as const
  test('each path has one owner', async (t) => {
    const { url } = await openAdapter(t, door)
    for (const [method, path, owner] of cases) {
      const response = await fetch(`${url}${path}`, { method })
      assert.equal(await response.text(), owner, `${method} ${path}`)
    }
  })

  test('a visitor is told what this is', async (t) => {
    const { url } = await openAdapter(t, door)
    const response = await fetch(url)
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/plain; charset=utf-8'])
    assert.match(await response.text(), /^Stowage: a container registry that is Amazon ECR to its clients\.\n/)
  })
})
