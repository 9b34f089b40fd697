// Layer parts through the API handler: the memory that they are received into is used again, and never seen by another part.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'

import { digestOf } from '../../src/lib/digest.ts'
import { givenRepository } from '../support/registry.ts'
import { openSignedApi } from './signed-api.ts'

const api = await openSignedApi({ after })
await givenRepository(api.registry, 'app')
const repositoryName = 'app'

async function call(operation: string, input: object, sending = {}): Promise<Record<string, unknown>> {
  const { status, text } = await api.call(operation, { repositoryName, ...input }, sending)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Record<string, unknown> // the answers of these operations are objects
}

const begin = async () => String((await call('InitiateLayerUpload', {}))['uploadId'])

function part(uploadId: string, bytes: Buffer, partFirstByte = 0) {
  return {
    uploadId,
    partFirstByte,
    partLastByte: partFirstByte + bytes.length - 1,
    layerPartBlob: bytes.toString('base64'),
  }
}

/** The body in pieces of which none is as long as another, with other requests between them. */
async function* inPieces(body: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0, bytes = 1; at < body.length; at += bytes, bytes += 1_111) {
    yield Buffer.from(body.subarray(at, at + bytes))
    await turn()
  }
}

test('many parts at the same time have their own bytes', async () => {
  const layers = Array.from({ length: 12 }, (_, at) => randomBytes(200_000 + at))
  await Promise.all(
    layers.map(async (bytes) => {
      const uploadId = await begin()
      const input = part(uploadId, bytes)
      const body = Buffer.from(JSON.stringify({ repositoryName, ...input }))
      const { lastByteReceived } = await call('UploadLayerPart', input, { pieces: inPieces(body) })
      assert.equal(lastByteReceived, bytes.length - 1)
      await call('CompleteLayerUpload', { uploadId, layerDigests: [digestOf(bytes)] })
    }),
  )
})

test('a part that is refused leaves nothing, and the next one is as it was sent', async () => {
  const uploadId = await begin()
  const bytes = randomBytes(5_000)
  const forged = await api.call(
    'UploadLayerPart',
    { repositoryName, ...part(uploadId, randomBytes(150_000)) },
    {
      how: { payload: 'something else' },
    },
  )
  assert.deepEqual([forged.status, JSON.parse(forged.text).__type], [400, 'InvalidSignatureException'])
  const unparsed = await api.call('UploadLayerPart', `{"layerPartBlob":"${randomBytes(30_000).toString('base64')}"`)
  assert.deepEqual([unparsed.status, JSON.parse(unparsed.text).__type], [400, 'SerializationException'])
  await call('UploadLayerPart', part(uploadId, bytes))
  await call('CompleteLayerUpload', { uploadId, layerDigests: [digestOf(bytes)] })
})
