import assert from 'node:assert/strict'
import { test } from 'node:test'

import { getUpload } from '../../src/domain/uploads.ts'
import { getLayerUpload } from '../../src/operations/distribution/layer-uploads.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { account, givenRepository, otherAccount, rootOf, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, refusalOf, type Refusal, toRefusal, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'
import { complete, open, part, testUploadIds, unknownId, uploadNotFound, where } from './uploads.ts'

const aPart = { partFirstByte: 0, partLastByte: 0, layerPartBlob: 'AA==' }
const mib = 1024 * 1024
/** Parts of any size: those of ECR have 5 MiB, which complete-layer-upload.test.ts tries. */
const smallParts = { limits: { partBytesMin: 1 } }

testRepositoryRules(uploadLayerPart, 'UploadLayerPart', { uploadId: unknownId, ...aPart })
testUploadIds(uploadLayerPart, aPart)

function notConsecutive(uploadId: string, lastValidByteReceived: number): Refusal {
  return {
    name: 'InvalidLayerPartException',
    message: `The layer part is not consecutive to the last one of the upload with id '${uploadId}': the last valid byte received is ${lastValidByteReceived}`,
    members: { registryId: account, repositoryName: 'app', uploadId, lastValidByteReceived },
  }
}

function wrongSize(uploadId: string, lastValidByteReceived: number): Refusal {
  return {
    name: 'InvalidLayerPartException',
    message: `The size of the layer part does not match its byte range in the upload with id '${uploadId}': the last valid byte received is ${lastValidByteReceived}`,
    members: { registryId: account, repositoryName: 'app', uploadId, lastValidByteReceived },
  }
}

async function received(registry: TestRegistry, uploadId: string): Promise<number> {
  return (await registry.perform(getLayerUpload, { repositoryName: 'app', uploadId })).received
}

test('each part is answered with the last byte received', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  for (const [first, bytes, lastByteReceived] of [
    [0, 'one', 2],
    [3, 'two', 5],
    [6, Uint8Array.of(0, 255), 7],
  ] as const) {
    assert.deepEqual(await call(registry, uploadLayerPart, { registryId: account, ...part(uploadId, first, bytes) }), {
      registryId: account,
      repositoryName: 'app',
      uploadId,
      lastByteReceived,
    })
  }
  assert.equal(await received(registry, uploadId), 8)
})

test('J14 parts that do not fit are refused, and the upload stays as it was', async (t) => {
  const registry = await openRegistry(t, smallParts)
  await givenRepository(registry, 'app')
  const fresh = await open(registry)
  await assertRefused(registry, uploadLayerPart, part(fresh, 1, 'x'), notConsecutive(fresh, 0))
  const uploadId = await open(registry)
  await call(registry, uploadLayerPart, part(uploadId, 0, '12345'))
  const safe = Number.MAX_SAFE_INTEGER
  for (const [what, change, refusal] of [
    ['a gap', part(uploadId, 6, 'x'), notConsecutive(uploadId, 4)],
    ['an overlap', part(uploadId, 4, 'xx'), notConsecutive(uploadId, 4)],
    ['the same part again', part(uploadId, 0, '12345'), notConsecutive(uploadId, 4)],
    ['far away', { partFirstByte: safe, partLastByte: safe }, notConsecutive(uploadId, 4)],
    [
      'beyond the largest layer',
      { partFirstByte: 52_000 * mib, partLastByte: 52_000 * mib },
      notConsecutive(uploadId, 4),
    ],
    ['the last byte before the first', { partFirstByte: 5, partLastByte: 3 }, wrongSize(uploadId, 4)],
    ['fewer bytes than its range', { partFirstByte: 5, partLastByte: 6 }, wrongSize(uploadId, 4)],
    ['more bytes than its range', { partFirstByte: 5, partLastByte: 5, layerPartBlob: 'AAA=' }, wrongSize(uploadId, 4)],
    ['no bytes', { partFirstByte: 5, partLastByte: 5, layerPartBlob: '' }, wrongSize(uploadId, 4)],
    [
      'a first byte below 0',
      { partFirstByte: -1 },
      invalid('partFirstByte', 'Member must have value greater than or equal to 0'),
    ],
    [
      'a last byte below 0',
      { partLastByte: -1 },
      invalid('partLastByte', 'Member must have value greater than or equal to 0'),
    ],
    ['no first byte', { partFirstByte: undefined }, invalid('partFirstByte', 'must not be null')],
    ['no last byte', { partLastByte: null }, invalid('partLastByte', 'must not be null')],
    ['no blob', { layerPartBlob: undefined }, invalid('layerPartBlob', 'must not be null')],
    ['2^53', { partFirstByte: 2 ** 53 }, wrongType('partFirstByte must be a whole number')],
    ['1e300', { partLastByte: 1e300 }, wrongType('partLastByte must be a whole number')],
    ['a fraction', { partFirstByte: 0.5 }, wrongType('partFirstByte must be a whole number')],
    ['a string for a number', { partFirstByte: '5' }, wrongType('partFirstByte must be a number')],
    ...['A', 'AA', 'A===', 'A A=', 'AA=A', '====', '\u0000AAA', 'AA\n=', 'AAA\u{e9}'].map(
      (layerPartBlob) =>
        [
          `the blob ${JSON.stringify(layerPartBlob)}`,
          { layerPartBlob },
          wrongType('layerPartBlob must be base64'),
        ] as const,
    ),
    ['bytes as a list', { layerPartBlob: [0] }, wrongType('layerPartBlob must be base64')],
  ] as const) {
    const input = {
      repositoryName: 'app',
      uploadId,
      partFirstByte: 5,
      partLastByte: 5,
      layerPartBlob: 'AA==',
      ...change,
    }
    await t.test(what, () => assertRefused(registry, uploadLayerPart, input, refusal))
  }
  await call(registry, uploadLayerPart, part(uploadId, 5, '67'))
  await complete(registry, uploadId, '1234567')
})

test('J14 a part has 20 MiB at most', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  const tooLong = invalid('layerPartBlob', 'must have length less than or equal to 20971520')
  await assertRefused(registry, uploadLayerPart, part(uploadId, 0, Buffer.alloc(20 * mib + 1)), tooLong)
  assert.deepEqual(await call(registry, uploadLayerPart, part(uploadId, 0, Buffer.alloc(20 * mib))), {
    registryId: account,
    repositoryName: 'app',
    uploadId,
    lastByteReceived: 20 * mib - 1,
  })
})

test('J14 of equal parts at once one is taken', async (t) => {
  const registry = await openRegistry(t, smallParts)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  await call(registry, uploadLayerPart, part(uploadId, 0, 'first,'))
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => call(registry, uploadLayerPart, part(uploadId, 6, 'second'))),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    const refusal = toRefusal(outcome.reason)
    assert.equal(refusal.message, notConsecutive(uploadId, 11).message)
    assert.equal(refusal.name, 'InvalidLayerPartException')
  }
  await complete(registry, uploadId, 'first,second')
})

test('J15 a layer has 4,200 parts at most', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  await call(registry, uploadLayerPart, part(uploadId, 0, 'x'))
  const { metadata, limits, clock } = registry.services
  // As if 4,198 parts had come: sending them takes longer than noting them.
  const expiresAtMs = clock.now() + limits.uploadLifeMs
  await metadata.write(async (tx) => {
    for (let at = 0; at < 4198; at++) await tx.uploads.touch(uploadId, { expiresAtMs, part: { small: false } })
  })
  await call(registry, uploadLayerPart, part(uploadId, 1, 'x'))
  await assertRefused(registry, uploadLayerPart, part(uploadId, 2, 'x'), {
    name: 'LimitExceededException',
    message: `The upload with id '${uploadId}' in the ${where} already has the maximum allowed number of layer parts which is '4200'`,
  })
})

test('J15 a layer has so many bytes and no more', async (t) => {
  const registry = await openRegistry(t, { limits: { ...smallParts.limits, layerBytesMax: 10 } })
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  await call(registry, uploadLayerPart, part(uploadId, 0, '12345'))
  await assertRefused(registry, uploadLayerPart, part(uploadId, 5, '678901'), {
    name: 'LimitExceededException',
    message: `The upload with id '${uploadId}' in the ${where} exceeds the maximum allowed layer size which is '10' bytes`,
  })
  await call(registry, uploadLayerPart, part(uploadId, 5, '67890'))
  await complete(registry, uploadId, '1234567890')
})

test('the largest layer of ECR has 52,000 MiB', async (t) => {
  const registry = await openRegistry(t)
  assert.equal(registry.services.limits.layerBytesMax, 52_000 * mib)
})

test('an upload lives for a day after its last part', async (t) => {
  const registry = await openRegistry(t, smallParts)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  const dayMs = 24 * 60 * 60 * 1000
  registry.advance(dayMs - 1)
  await call(registry, uploadLayerPart, part(uploadId, 0, 'one,'))
  registry.advance(dayMs - 1)
  await call(registry, uploadLayerPart, part(uploadId, 4, 'two'))
  registry.advance(dayMs - 1)
  await complete(registry, uploadId, 'one,two')
})

test('J16 who opened an upload goes on with it, and no other account that may push to the repository', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const uploadId = await open(registry)
  const key = { kind: 'private', accountId: account, region: 'us-east-1' } as const
  assert.equal((await getUpload(registry.ctx(), key, 'app', uploadId)).received, 0)
  // Asked of the domain: no policy lets another account in yet.
  const stranger = registry.ctx({ caller: rootOf(otherAccount) })
  assert.deepEqual(await refusalOf(getUpload(stranger, key, 'app', uploadId)), {
    ...uploadNotFound(uploadId),
    members: {},
  })
})
