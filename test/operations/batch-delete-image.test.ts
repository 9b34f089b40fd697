import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchCheckLayerAvailability } from '../../src/operations/private/batch-check-layer-availability.ts'
import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { deleteRepository } from '../../src/operations/private/delete-repository.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import {
  account,
  givenImage,
  givenRepository,
  ociIndexType,
  ociManifestType,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

const absent = digestOf('absent')
const notFound = { failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }

function remove(registry: TestRegistry, imageIds: unknown) {
  return call(registry, batchDeleteImage, { repositoryName: 'app', imageIds })
}

function idsOf(registry: TestRegistry) {
  return call(registry, listImages, { repositoryName: 'app' })
}

async function givenIndex(
  registry: TestRegistry,
  children: readonly { readonly digest: string; readonly manifest: string }[],
  imageTag?: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const manifests = children.map((child) => ({
    mediaType: ociManifestType,
    digest: child.digest,
    size: Buffer.byteLength(child.manifest),
  }))
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests, ...more })
  await call(registry, putImage, { repositoryName: 'app', imageManifest, imageTag })
  return digestOf(imageManifest)
}

testRepositoryRules(batchDeleteImage, 'BatchDeleteImage', { imageIds: [{ imageTag: 'v1' }] })

describe('by tag', () => {
  test('only the tag goes; with the last one the image', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest, manifest } = await givenImage(registry, 'app', 'v1')
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag: 'v2' })
    assert.deepEqual(await remove(registry, [{ imageTag: 'v1' }]), {
      imageIds: [{ imageDigest: digest, imageTag: 'v1' }],
      failures: [],
    })
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest, imageTag: 'v2' }] })
    // Digest and tag together mean the tag.
    assert.deepEqual(await remove(registry, [{ imageDigest: digest, imageTag: 'v2' }]), {
      imageIds: [{ imageDigest: digest, imageTag: 'v2' }],
      failures: [],
    })
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  test('an immutable tag may be deleted, and then given anew', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await call(registry, putImageTagMutability, { repositoryName: 'app', imageTagMutability: 'IMMUTABLE' })
    const one = await givenImage(registry, 'app', 'v1', 'one')
    assert.deepEqual(await remove(registry, [{ imageTag: 'v1' }]), {
      imageIds: [{ imageDigest: one.digest, imageTag: 'v1' }],
      failures: [],
    })
    const two = await givenImage(registry, 'app', 'v1', 'two')
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: two.digest, imageTag: 'v1' }] })
  })
})

describe('by digest', () => {
  test('the image goes with all its tags, each of them answered', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const one = await givenImage(registry, 'app', 'v1', 'one')
    await call(registry, putImage, { repositoryName: 'app', imageManifest: one.manifest, imageTag: 'v2' })
    const two = await givenImage(registry, 'app', undefined, 'two')
    assert.deepEqual(await remove(registry, [{ imageDigest: one.digest }, { imageDigest: two.digest }]), {
      imageIds: [
        { imageDigest: one.digest, imageTag: 'v1' },
        { imageDigest: one.digest, imageTag: 'v2' },
        { imageDigest: two.digest },
      ],
      failures: [],
    })
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  test('its layers stay for the day of their lease, for a push that goes on', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest, manifest } = await givenImage(registry, 'app', 'v1')
    await remove(registry, [{ imageDigest: digest }])
    const layerDigests = [digestOf('layer of one')]
    const { layers } = await registry.perform(batchCheckLayerAvailability, { repositoryName: 'app', layerDigests })
    assert.deepEqual(
      layers?.map((layer) => layer.layerAvailability),
      ['AVAILABLE'],
    )
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag: 'v1' })
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest, imageTag: 'v1' }] })
  })
})

describe('J21 what an index names', () => {
  test('cannot be deleted, by digest, until the index is gone', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const child = await givenImage(registry, 'app', undefined, 'child')
    const first = await givenIndex(registry, [child], 'one')
    const second = await givenIndex(registry, [child], 'two', { annotations: { second: 'yes' } })
    const imageId = { imageDigest: child.digest }
    const referenced = (parents: readonly string[]) => ({
      imageId,
      failureCode: 'ImageReferencedByManifestList',
      failureReason: `Requested image referenced by manifest list: [${parents.join(', ')}]`,
    })
    assert.deepEqual(await remove(registry, [imageId]), {
      imageIds: [],
      failures: [referenced([first, second].toSorted())],
    })
    // One call is taken in its order: the child fails while an index is there, whatever comes later.
    assert.deepEqual(await remove(registry, [{ imageTag: 'one' }, imageId, { imageDigest: second }]), {
      imageIds: [
        { imageDigest: first, imageTag: 'one' },
        { imageDigest: second, imageTag: 'two' },
      ],
      failures: [referenced([second])],
    })
    assert.deepEqual(await remove(registry, [imageId]), { imageIds: [imageId], failures: [] })
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  test('loses its tag, and stays', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const child = await givenImage(registry, 'app', 'child', 'child')
    const index = await givenIndex(registry, [child])
    assert.deepEqual(await remove(registry, [{ imageTag: 'child' }]), {
      imageIds: [{ imageDigest: child.digest, imageTag: 'child' }],
      failures: [],
    })
    const imageIds = [child.digest, index].toSorted().map((imageDigest) => ({ imageDigest }))
    assert.deepEqual(await idsOf(registry), { imageIds })
  })

  test('is refused with ten parents named, however many there are', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const child = await givenImage(registry, 'app', undefined, 'child')
    const parents: string[] = []
    for (let at = 0; at < 12; at++) {
      parents.push(await givenIndex(registry, [child], undefined, { annotations: { at: String(at) } }))
    }
    const imageId = { imageDigest: child.digest }
    const failureReason = `Requested image referenced by manifest list: [${parents.toSorted().slice(0, 10).join(', ')}]`
    assert.deepEqual(await remove(registry, [imageId]), {
      imageIds: [],
      failures: [{ imageId, failureCode: 'ImageReferencedByManifestList', failureReason }],
    })
  })

  test('a subject is no child: its referrers keep nothing', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest, manifest } = await givenImage(registry, 'app', 'v1')
    const subject = { mediaType: ociManifestType, digest, size: Buffer.byteLength(manifest) }
    const signature = await givenImage(registry, 'app', undefined, 'signature', { subject })
    await remove(registry, [{ imageDigest: digest }])
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: signature.digest }] })
  })

  test('a repository with images is not deleted without force', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const { digest } = await givenImage(registry, 'app', 'v1')
    for (const force of [undefined, null, false]) {
      await assertRefused(
        registry,
        deleteRepository,
        { repositoryName: 'app', force },
        {
          name: 'RepositoryNotEmptyException',
          message: `The repository with name 'app' in registry with id '${account}' cannot be deleted because it still contains images`,
        },
      )
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest, imageTag: 'v1' }] })
  })
})

test('each item that cannot go is a failure of its own, the others go', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const { digest } = await givenImage(registry, 'app', 'v1', 'one')
  const two = await givenImage(registry, 'app', 'v2', 'two')
  const failures = [
    { imageId: { imageTag: 'absent' }, ...notFound },
    { imageId: { imageDigest: absent }, ...notFound },
    {
      imageId: {},
      failureCode: 'MissingDigestAndTag',
      failureReason: 'Invalid request parameters: both tag and digest cannot be null',
    },
    {
      imageId: { imageDigest: two.digest, imageTag: 'v1' },
      failureCode: 'ImageTagDoesNotMatchDigest',
      failureReason: 'Requested image tag does not match the requested image digest',
    },
    // J10, J11
    ...['a/b', 'a:b', '-x', '.x', '../x', 'a\nb'].map((imageTag) => ({
      imageId: { imageTag },
      failureCode: 'InvalidImageTag',
      failureReason: `Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`,
    })),
    ...['', 'sha256:', digest.toUpperCase(), digest.slice(0, -1), 'md5:00', `sha512:${'a'.repeat(64)}`].map(
      (imageDigest) => ({
        imageId: { imageDigest },
        failureCode: 'InvalidImageDigest',
        failureReason: `Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`,
      }),
    ),
  ]
  assert.deepEqual(await remove(registry, [...failures.map(({ imageId }) => imageId), { imageTag: 'v1' }]), {
    imageIds: [{ imageDigest: digest, imageTag: 'v1' }],
    failures,
  })
  assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: two.digest, imageTag: 'v2' }] })
  // What is gone cannot go again.
  assert.deepEqual(await remove(registry, [{ imageTag: 'v1' }, { imageDigest: digest }]), {
    imageIds: [],
    failures: [
      { imageId: { imageTag: 'v1' }, ...notFound },
      { imageId: { imageDigest: digest }, ...notFound },
    ],
  })
})

test('J12 lists of up to a hundred, duplicates answered once', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const { digest } = await givenImage(registry, 'app', 'v1')
  const times = (count: number) => Array.from({ length: count }, () => ({ imageTag: 'v1' }))
  const tooMany = 'must have length less than or equal to 100'
  for (const [imageIds, refusal] of [
    [undefined, invalid('imageIds', 'must not be null')],
    [[], invalid('imageIds', 'must have length greater than or equal to 1')],
    [times(101), invalid('imageIds', tooMany)],
    [times(10_000), invalid('imageIds', tooMany)],
    [[{ imageTag: '' }], invalid('imageIds.1.member.imageTag', 'must have length greater than or equal to 1')],
    [[{ imageDigest: 1 }], wrongType('imageIds.1.imageDigest must be a string')],
    ['v1', wrongType('imageIds must be a list')],
  ] as const) {
    await assertRefused(registry, batchDeleteImage, { repositoryName: 'app', imageIds }, refusal)
  }
  assert.deepEqual(await remove(registry, times(100)), {
    imageIds: [{ imageDigest: digest, imageTag: 'v1' }],
    failures: [],
  })
})
