// Layer parts are written into JSON by ourselves: what leaves must be what the SDK would have sent, byte for byte.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'

import { createEcr } from '../../src/client/create-ecr.ts'
import { allocatePart } from '../../src/client/part-memory.ts'

const kibibyte = 1024
const uploadId = '00000000-0000-4000-8000-000000000000'

interface Sent {
  readonly headers: Readonly<Record<string, string>>
  /** A copy: the buffer is used again. */
  readonly body: Buffer
  readonly memory: ArrayBufferLike
}

/** A client whose requests go nowhere; `statuses` are of the first answers, and each waits for `before`. */
function createSilent(statuses: readonly number[] = [], before: () => Promise<void> = async () => undefined) {
  const sent: Sent[] = []
  const left = [...statuses]
  const requestHandler = {
    handle: async (request: { readonly headers: Sent['headers']; readonly body: Uint8Array }) => {
      await before()
      sent.push({
        headers: request.headers,
        body: Buffer.copyBytesFrom(request.body),
        memory: request.body.buffer,
      })
      const statusCode = left.shift() ?? 200
      return { response: { statusCode, headers: {}, body: Readable.from(['{"__type":"ServerException"}']) } }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  }
  const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', region: 'us-east-1' }
  const ecr = createEcr({ ...keys, endpoint: 'http://localhost', requestHandler })
  const upload = (layerPartBlob: Uint8Array, partFirstByte = 0) => {
    const partLastByte = partFirstByte + layerPartBlob.byteLength - 1
    const part = { repositoryName: 'team/app', uploadId, partFirstByte, partLastByte, layerPartBlob }
    return ecr.call('UploadLayerPart', part)
  }
  return { sent, upload }
}

function assertSent({ headers, body }: Sent, bytes: Uint8Array, partFirstByte = 0): void {
  const { layerPartBlob, ...rest } = JSON.parse(body.toString()) as Readonly<Record<string, unknown>> // as it was sent
  assert.equal(layerPartBlob, Buffer.from(bytes).toString('base64'))
  const partLastByte = partFirstByte + bytes.byteLength - 1
  assert.deepEqual(rest, { repositoryName: 'team/app', uploadId, partFirstByte, partLastByte })
  assert.equal(headers['content-length'], String(body.byteLength))
  const signed = createHash('sha256').update(body).digest('hex')
  assert.equal(headers['x-amz-content-sha256'] ?? signed, signed)
}

describe('a layer part on its way into JSON', () => {
  const slice = 48 * kibibyte
  for (const size of [
    1,
    64 * kibibyte - 1,
    64 * kibibyte,
    64 * kibibyte + 1,
    2 * slice - 1,
    2 * slice,
    2 * slice + 1,
    3 * slice + 2,
  ])
    test(`of ${size} bytes is whole`, async () => {
      const { sent, upload } = createSilent()
      const bytes = randomBytes(size)
      await upload(bytes, 7)
      assert.equal(sent.length, 1)
      assertSent(sent[0]!, bytes, 7)
    })

  test('may be a view into other bytes', async () => {
    const { sent, upload } = createSilent()
    const all = randomBytes(200 * kibibyte)
    const view = new Uint8Array(all.buffer, all.byteOffset + 5, 100 * kibibyte + 1)
    await upload(view)
    assertSent(sent[0]!, view)
  })

  test('does not get into that of another call, nor do longer ones before it', async () => {
    const parts = [300, 100, 200, 150, 250, 120].map((size) => randomBytes(size * kibibyte + 1))
    const open = Promise.withResolvers<void>()
    let arrived = 0
    const { sent, upload } = createSilent([], async () => {
      if (++arrived === parts.length) open.resolve()
      await open.promise
    })
    for (let round = 0; round < 2; round++) {
      arrived = 0
      sent.length = 0
      await Promise.all(parts.map((bytes) => upload(bytes)))
      for (const bytes of parts)
        assertSent(
          sent.find(({ body }) => body.includes(bytes.toString('base64')))!,
          bytes,
        )
    }
  })

  test('is sent again as it was', async () => {
    const { sent, upload } = createSilent([500, 500])
    const bytes = randomBytes(90_000)
    await upload(bytes)
    assert.equal(sent.length, 3)
    for (const one of sent) assertSent(one, bytes)
  })
})

describe('a layer part in memory of its own', () => {
  const capacity = 5 * 1024 * kibibyte
  for (const size of [1, 64 * kibibyte, 64 * kibibyte + 1, capacity - 2, capacity - 1, capacity])
    test(`of ${size} bytes is whole, and whole again when it is repeated`, async () => {
      const { sent, upload } = createSilent([500, 200, 200])
      const bytes = randomBytes(size)
      const memory = allocatePart(capacity)
      assert.equal(memory.byteLength, capacity)
      memory.set(bytes)
      const view = memory.subarray(0, size)
      await upload(view)
      await upload(view, 1_000_000)
      assert.equal(sent.length, 3)
      for (const one of sent.slice(0, 2)) assertSent(one, bytes)
      assertSent(sent[2]!, bytes, 1_000_000)
    })

  test('is that of the next part, too', async () => {
    const { sent, upload } = createSilent()
    const memory = allocatePart(capacity)
    const parts = [capacity, 100_000, capacity - 1].map((size) => randomBytes(size))
    for (const [index, bytes] of parts.entries()) {
      memory.set(bytes)
      await upload(memory.subarray(0, bytes.byteLength), index)
      assertSent(sent[index]!, bytes, index)
    }
  })

  test('is the only memory that is taken', async () => {
    const { sent, upload } = createSilent()
    const memory = allocatePart(capacity).fill(1)
    await upload(memory)
    assert.equal(sent[0]?.memory, memory.buffer)
  })
})
