import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { getLayerUpload } from '../../src/operations/distribution/layer-uploads.ts'
import { batchCheckLayerAvailability } from '../../src/operations/private/batch-check-layer-availability.ts'
import { completeLayerUpload } from '../../src/operations/private/complete-layer-upload.ts'
import { uploadLayerPart } from '../../src/operations/private/upload-layer-part.ts'
import { account, givenLayer, givenRepository, type TestRegistry } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, refusalOf, type Refusal, toRefusal, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'
import { complete, isThere, open, part, testUploadIds, unknownId, uploadNotFound, where } from './uploads.ts'

const aLayer = { layerDigests: [digestOf('layer')] }
const mib = 1024 * 1024
const noMatch = {
  name: 'InvalidLayerException',
  message: 'None of the provided layer digests match the calculated layer digest',
}
const tooSmall = {
  name: 'LayerPartTooSmallException',
  message: 'All layer parts except the last part should be at least 5MB',
}

testRepositoryRules(completeLayerUpload, 'CompleteLayerUpload', { uploadId: unknownId, ...aLayer })
testUploadIds(completeLayerUpload, aLayer)

function emptyUpload(uploadId: string): Refusal {
  return {
    name: 'EmptyUploadException',
    message: `The upload with id '${uploadId}' in the ${where} cannot be completed because it does not have any parts`,
  }
}

function completeWith(registry: TestRegistry, uploadId: string, layerDigests: readonly string[]) {
  return call(registry, completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests })
}

function completed(uploadId: string, layerDigest: string) {
  return { registryId: account, repositoryName: 'app', uploadId, layerDigest }
}

/** An upload with these parts. */
async function givenParts(registry: TestRegistry, ...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const uploadId = await open(registry)
  let first = 0
  for (const bytes of parts) {
    await call(registry, uploadLayerPart, part(uploadId, first, bytes))
    first += bytes.length
  }
  return uploadId
}

describe('the answer', () => {
  for (const [what, digests] of [
    ['its sha256', [digestOf('layer')]],
    ['its sha512', [digestOf('layer', 'sha512')]],
    ['one digest several times', [digestOf('layer'), digestOf('layer'), digestOf('layer')]],
    ['a digest of each algorithm, the first of which names it', [digestOf('layer', 'sha512'), digestOf('layer')]],
  ] as const) {
    test(`for ${what}`, async (t) => {
      const registry = await openRegistry(t)
      await givenRepository(registry, 'app')
      const uploadId = await givenParts(registry, 'layer')
      assert.deepEqual(await completeWith(registry, uploadId, digests), completed(uploadId, digests[0]))
      const input = { repositoryName: 'app', layerDigests: [digests[0]] }
      const { layers } = await registry.perform(batchCheckLayerAvailability, input)
      assert.deepEqual(
        layers?.map(({ layerDigest, layerSize }) => ({ layerDigest, layerSize })),
        [{ layerDigest: digests[0], layerSize: 5 }],
      )
    })
  }
})

describe('J15 parts', () => {
  test('all but the last have 5 MiB', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const whole = Buffer.alloc(5 * mib, 1)
    const short = Buffer.alloc(5 * mib - 1, 2)
    for (const [what, parts, refusal] of [
      ['small, small', ['a', 'b'], tooSmall],
      ['a byte too few, then enough', [short, whole], tooSmall],
      ['enough, small, small', [whole, 'a', 'b'], tooSmall],
      ['enough, then small', [whole, 'a'], undefined],
      ['enough, then enough', [whole, whole], undefined],
      ['small alone', ['a'], undefined],
    ] as const) {
      await t.test(what, async () => {
        const uploadId = await givenParts(registry, ...parts)
        const content = Buffer.concat(parts.map((bytes) => Buffer.from(bytes)))
        if (refusal === undefined) {
          assert.deepEqual(await complete(registry, uploadId, content), completed(uploadId, digestOf(content)))
        } else {
          assert.deepEqual(await refusalOf(complete(registry, uploadId, content)), { ...refusal, members: {} })
        }
        assert.equal(await isThere(registry, digestOf(content)), refusal === undefined)
      })
    }
  })

  test('there is one at least', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const uploadId = await open(registry)
    const input = { repositoryName: 'app', uploadId, layerDigests: [digestOf('layer')] }
    await assertRefused(registry, completeLayerUpload, input, emptyUpload(uploadId))
    await assertRefused(
      registry,
      completeLayerUpload,
      { ...input, layerDigests: [digestOf('')] },
      emptyUpload(uploadId),
    )
    assert.equal(await isThere(registry, digestOf('')), false)
    // It was too early, and no harm is done.
    await call(registry, uploadLayerPart, part(uploadId, 0, 'layer'))
    assert.deepEqual(await completeWith(registry, uploadId, input.layerDigests), completed(uploadId, digestOf('layer')))
  })
})

describe('J17 digests', () => {
  test('a wrong one is refused, and the upload stays for the right one', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const uploadId = await givenParts(registry, 'layer')
    for (const layerDigests of [
      [digestOf('other')],
      [digestOf('other', 'sha512')],
      [digestOf('')],
      [digestOf('layer'), digestOf('other', 'sha512')],
      [digestOf('other'), digestOf('layer', 'sha512')],
    ]) {
      await assertRefused(registry, completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests }, noMatch)
    }
    assert.equal(await isThere(registry, digestOf('other')), false)
    assert.equal(await isThere(registry, digestOf('layer')), false)
    const { received } = await registry.perform(getLayerUpload, { repositoryName: 'app', uploadId })
    assert.equal(received, 5)
    assert.deepEqual(await complete(registry, uploadId, 'layer'), completed(uploadId, digestOf('layer')))
  })

  test('J11 J12 malformed ones, two of one algorithm, and lists that are none', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const uploadId = await givenParts(registry, 'layer')
    const hex = 'a'.repeat(64)
    const right = digestOf('layer')
    const unsupported = [
      'sha256:a',
      `sha256:${hex}a`,
      `sha256:${hex.toUpperCase()}`,
      `SHA256:${hex}`,
      `sha512:${hex}`,
      `md5:${'a'.repeat(32)}`,
      'tarsum.v1+sha256:abc',
    ]
    const malformed = ['', 'sha256:', 'sha256:../../x', 'latest', `${right}\n`]
    const several = invalid('layerDigests', 'must not hold several digests of one algorithm')
    for (const [layerDigests, refusal] of [
      ...unsupported.map((text) => [[text], invalid('layerDigests', `'${text}' is not a supported digest`)] as const),
      ...malformed.map(
        (text) =>
          [
            [right, text],
            invalid('layerDigests.2.member', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`),
          ] as const,
      ),
      // What a client sends is not repeated at length.
      [
        [`sha256:${'a'.repeat(10_000)}`],
        invalid('layerDigests', `'sha256:${'a'.repeat(93)}' is not a supported digest`),
      ],
      [[right, digestOf('other')], several],
      [[digestOf('layer', 'sha512'), right, digestOf('other', 'sha512')], several],
      [undefined, invalid('layerDigests', 'must not be null')],
      [[], invalid('layerDigests', 'must have length greater than or equal to 1')],
      [Array.from({ length: 101 }, () => right), invalid('layerDigests', 'must have length less than or equal to 100')],
      [right, wrongType('layerDigests must be a list')],
      [[right, {}], wrongType('layerDigests.2 must be a string')],
    ] as const) {
      await assertRefused(registry, completeLayerUpload, { repositoryName: 'app', uploadId, layerDigests }, refusal)
    }
    assert.deepEqual(
      await completeWith(
        registry,
        uploadId,
        Array.from({ length: 100 }, () => right),
      ),
      completed(uploadId, right),
    )
  })

  test('a layer that is there already ends the upload', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await givenRepository(registry, 'other')
    await givenLayer(registry, 'app', 'layer')
    const uploadId = await givenParts(registry, 'layer')
    const input = { repositoryName: 'app', uploadId, ...aLayer }
    await assertRefused(registry, completeLayerUpload, input, {
      name: 'LayerAlreadyExistsException',
      message: `Layer with digest '${digestOf('layer')}' already exists in the ${where}`,
    })
    await assertRefused(registry, completeLayerUpload, input, uploadNotFound(uploadId))
    assert.equal(await isThere(registry, digestOf('layer')), true)
    // In another repository it is new.
    assert.equal(await givenLayer(registry, 'other', 'layer'), digestOf('layer'))
  })
})

test('of several completions at once one makes the layer, and its bytes are whole', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const uploadId = await givenParts(registry, 'layer')
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => complete(registry, uploadId, 'layer')))
  const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  assert.deepEqual(answers, [completed(uploadId, digestOf('layer'))])
  // The others came while it ran, and may try again; or after it.
  const busy = { name: 'ServerException', message: 'The registry storage is busy. Retry later' }
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    const refusal = toRefusal(outcome.reason)
    const expected = refusal.name === busy.name ? busy : uploadNotFound(uploadId)
    assert.deepEqual(refusal, { ...expected, members: {} })
  }
  const repository = { kind: 'private', accountId: account, region: 'us-east-1' } as const
  const { metadata, blobs } = registry.services
  const found = await metadata.read.repositories.find(repository, 'app')
  const layer = await metadata.read.layers.find(found?.id ?? '', digestOf('layer'))
  assert.ok(layer)
  const pieces: Uint8Array[] = []
  for await (const piece of (await blobs.read(layer.phys, layer.size)) ?? []) pieces.push(Buffer.from(piece))
  assert.equal(Buffer.concat(pieces).toString(), 'layer')
})
