// A layer part whose request does not end before another one has.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { createEcr } from '../../src/client/create-ecr.ts'
import type { Ecr } from '../../src/client/ecr.ts'
import { holdEnd as hold, type Hold } from '../../src/client/hold-end.ts'

/** With a beginning at once. */
const holdEnd = (bytes: Uint8Array, ends: Promise<unknown>, more: Partial<Hold> = {}) =>
  hold(bytes, { begins: Promise.resolve(), ends, onHeld: () => undefined, ...more })

interface Received {
  readonly length: number
  bytes: Buffer
  ended: boolean
}

describe('a request that is held before its end', () => {
  const received: Received[] = []
  let statuses: number[] = []
  let endpoint = ''
  const clients: Ecr[] = []
  const server = createServer((request, response) => {
    const one: Received = { length: Number(request.headers['content-length']), bytes: Buffer.alloc(0), ended: false }
    received.push(one)
    request.on('data', (piece: Buffer) => (one.bytes = Buffer.concat([one.bytes, piece])))
    request.on('end', () => {
      one.ended = true
      response.writeHead(statuses.shift() ?? 200).end('{"__type":"ServerException"}')
    })
  })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    endpoint = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  })
  after(() => {
    for (const client of clients) client.destroy()
    server.close()
  })

  function upload(layerPartBlob: Uint8Array, signal?: AbortSignal, onChunkSent?: () => void) {
    const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', region: 'us-east-1' }
    const ecr = createEcr({ ...keys, endpoint, onChunkSent })
    clients.push(ecr)
    received.length = 0
    const uploadId = '00000000-0000-4000-8000-000000000000'
    const part = { uploadId, partFirstByte: 0, partLastByte: layerPartBlob.byteLength - 1, layerPartBlob }
    return ecr.try('UploadLayerPart', { repositoryName: 'team/app', ...part }, { signal })
  }

  const until = async (isThere: () => boolean) => {
    for (let tries = 0; !isThere(); tries++) {
      assert.ok(tries < 1000, 'it does not come')
      await sleep(10)
    }
  }
  const blobIn = ({ bytes }: Received): Buffer => {
    const { layerPartBlob } = JSON.parse(bytes.toString()) as { readonly layerPartBlob: string } // as it was sent
    return Buffer.from(layerPartBlob, 'base64')
  }

  for (const size of [10, 100_000])
    test(`of ${size} bytes: its last kilobyte comes when it may`, async () => {
      const bytes = randomBytes(size)
      const gate = Promise.withResolvers<void>()
      holdEnd(bytes, gate.promise)
      const answer = upload(bytes)
      if (size > 1024) await until(() => received[0]?.bytes.length === (received[0]?.length ?? 0) - 1024)
      await sleep(50)
      assert.ok(received.every(({ ended }) => !ended))
      gate.resolve()
      assert.equal((await answer).ok, true)
      assert.deepEqual(blobIn(received[0]!), bytes)
    })

  test('begins when it may, and says when only its end is missing', async () => {
    const bytes = randomBytes(100_000)
    const [begins, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let isHeld = false
    holdEnd(bytes, ends.promise, { begins: begins.promise, onHeld: () => (isHeld = true) })
    const answer = upload(bytes)
    await sleep(50)
    assert.deepEqual([received.length, isHeld], [0, false])
    begins.resolve()
    await until(() => isHeld)
    ends.resolve()
    assert.equal((await answer).ok, true)
    assert.deepEqual(blobIn(received[0]!), bytes)
  })

  test('is repeated whole', async () => {
    const bytes = randomBytes(100_000)
    statuses = [500]
    holdEnd(bytes, Promise.resolve())
    assert.equal((await upload(bytes)).ok, true)
    assert.equal(received.length, 2)
    for (const one of received) assert.deepEqual(blobIn(one), bytes)
  })

  test('is given up when it is aborted, and the service never has it whole', async () => {
    const bytes = randomBytes(100_000)
    const stop = new AbortController()
    const ends = Promise.withResolvers<void>()
    holdEnd(bytes, ends.promise)
    const answer = upload(bytes, stop.signal)
    await until(() => (received[0]?.bytes.length ?? 0) > 50_000)
    ends.reject(new Error('never'))
    stop.abort()
    const { ok, error } = (await answer) as { readonly ok: boolean; readonly error?: Error }
    assert.deepEqual([ok, error?.name, received[0]?.ended], [false, 'Aborted', false])
  })

  test('waits with all of it when hooks are told of its pieces', async () => {
    const bytes = randomBytes(100_000)
    const gate = Promise.withResolvers<void>()
    let told = 0
    holdEnd(bytes, gate.promise)
    const answer = upload(bytes, undefined, () => told++)
    await sleep(50)
    assert.deepEqual([received.length, told], [0, 0])
    gate.resolve()
    assert.equal((await answer).ok, true)
    assert.ok(told > 1)
    assert.deepEqual(blobIn(received[0]!), bytes)
  })

  test('with hooks fails when its end may not go', async () => {
    const bytes = randomBytes(100_000)
    holdEnd(bytes, Promise.reject(new Error('never')))
    const answer = await upload(bytes, undefined, () => undefined)
    assert.equal(answer.ok, false)
    assert.equal(received.length, 0)
  })
})
