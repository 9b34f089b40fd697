import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import { account, givenImage, givenRepository, manifestOf, ociIndexType, ociManifestType } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, refusalOf, type Refusal, toRefusal } from './calls.ts'
import { contents, digest, givenContents, idsOf, indexOf, manifest } from './put-image-samples.ts'
import { testRepositoryRules } from './repository-rules.ts'

const dockerType = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** `count` different manifests of the same layers. */
function variants(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => manifestOf(contents, { annotations: { at: String(at) } }))
}

const where = `repository with name 'app' in registry with id '${account}'`
function alreadyExists(imageDigest: string, tag?: string): Refusal {
  const what = tag === undefined ? `'${imageDigest}'` : `'${imageDigest}' and tag '${tag}'`
  return { name: 'ImageAlreadyExistsException', message: `Image with digest ${what} already exists in the ${where}` }
}

function tagTaken(tag: string, what: 'repository' | 'tag'): Refusal {
  return {
    name: 'ImageTagAlreadyExistsException',
    message: `The image tag '${tag}' already exists in the 'app' repository and cannot be overwritten because the ${what} is immutable.`,
  }
}

testRepositoryRules(putImage, 'PutImage', { imageManifest: manifest, imageTag: 'v1' })

describe('PutImage answers the image', () => {
  test('with a tag', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    assert.deepEqual(
      await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag: 'v1' }),
      {
        image: {
          registryId: account,
          repositoryName: 'app',
          imageId: { imageDigest: digest, imageTag: 'v1' },
          imageManifest: manifest,
          imageManifestMediaType: ociManifestType,
        },
      },
    )
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest, imageTag: 'v1' }] })
  })

  test('without a tag, the registry named, extra members and nulls ignored', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const input = {
      registryId: account,
      repositoryName: 'app',
      imageManifest: manifest,
      imageTag: null,
      imageDigest: digest,
      imageManifestMediaType: ociManifestType,
      imagePushedAt: 1,
    }
    assert.deepEqual(await call(registry, putImage, input), {
      image: {
        registryId: account,
        repositoryName: 'app',
        imageId: { imageDigest: digest },
        imageManifest: manifest,
        imageManifestMediaType: ociManifestType,
      },
    })
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest }] })
  })

  test('to the byte, however it is written', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const odd = `\n ${manifest.replace('{', '{ "annotations" : {"n\\u00e9\u{1F40B}": "\\/"},\r\n\t')}\n\n`
    await call(registry, putImage, { repositoryName: 'app', imageManifest: odd, imageTag: 'odd' })
    assert.deepEqual(await call(registry, batchGetImage, { repositoryName: 'app', imageIds: [{ imageTag: 'odd' }] }), {
      images: [
        {
          registryId: account,
          repositoryName: 'app',
          imageId: { imageDigest: digestOf(odd), imageTag: 'odd' },
          imageManifest: odd,
          imageManifestMediaType: ociManifestType,
        },
      ],
      failures: [],
    })
  })

  test('under its sha512 when that is the digest given', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const sha512 = digestOf(manifest, 'sha512')
    assert.deepEqual(
      await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageDigest: sha512 }),
      {
        image: {
          registryId: account,
          repositoryName: 'app',
          imageId: { imageDigest: sha512 },
          imageManifest: manifest,
          imageManifestMediaType: ociManifestType,
        },
      },
    )
  })
})

describe('the media type', () => {
  test('comes from the argument when the manifest has none', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const bare = manifestOf(contents, { mediaType: undefined })
    const input = { repositoryName: 'app', imageManifest: bare }
    await assertRefused(
      registry,
      putImage,
      input,
      invalid('imageManifestMediaType', 'must be provided when the manifest does not contain the mediaType field'),
    )
    assert.deepEqual(await call(registry, putImage, { ...input, imageManifestMediaType: dockerType }), {
      image: {
        registryId: account,
        repositoryName: 'app',
        imageId: { imageDigest: digestOf(bare) },
        imageManifest: bare,
        imageManifestMediaType: dockerType,
      },
    })
    // The same bytes must not be read as two kinds.
    await assertRefused(
      registry,
      putImage,
      { ...input, imageManifestMediaType: ociManifestType, imageTag: 'other' },
      invalid('imageManifestMediaType', `the image with digest '${digestOf(bare)}' has media type '${dockerType}'`),
    )
  })

  test('must be the same in both places, and one that is known', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    await assertRefused(
      registry,
      putImage,
      { repositoryName: 'app', imageManifest: manifest, imageManifestMediaType: dockerType },
      invalid('imageManifestMediaType', 'must be the same as the media type in the manifest'),
    )
    for (const mediaType of ['', 'text/plain', 'application/vnd.docker.distribution.manifest.v1+json']) {
      await assertRefused(
        registry,
        putImage,
        { repositoryName: 'app', imageManifest: manifestOf(contents, { mediaType }) },
        invalid('ImageManifest', 'Unsupported manifest media type'),
      )
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  for (const mediaType of [ociIndexType, dockerListType]) {
    test(`${mediaType} is kept`, async (t) => {
      const registry = await openRegistry(t)
      await givenRepository(registry, 'app')
      const { manifest: child } = await givenImage(registry, 'app', undefined)
      const index = indexOf([child], { mediaType })
      assert.deepEqual(
        await call(registry, putImage, { repositoryName: 'app', imageManifest: index, imageTag: 'all' }),
        {
          image: {
            registryId: account,
            repositoryName: 'app',
            imageId: { imageDigest: digestOf(index), imageTag: 'all' },
            imageManifest: index,
            imageManifestMediaType: mediaType,
          },
        },
      )
    })
  }
})

describe('what is there already', () => {
  test('the same image is refused and nothing changes, mutable and immutable alike', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const input = { repositoryName: 'app', imageManifest: manifest }
    await call(registry, putImage, { ...input, imageTag: 'v1' })
    for (const imageTagMutability of ['MUTABLE', 'IMMUTABLE']) {
      await call(registry, putImageTagMutability, { repositoryName: 'app', imageTagMutability })
      await assertRefused(registry, putImage, { ...input, imageTag: 'v1' }, alreadyExists(digest, 'v1'))
      await assertRefused(registry, putImage, input, alreadyExists(digest))
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digest, imageTag: 'v1' }] })
  })

  test('a further tag is added to the image, which keeps its time', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const input = { repositoryName: 'app', imageManifest: manifest }
    await call(registry, putImage, { ...input, imageTag: 'v1' })
    await call(registry, putImage, { ...input, imageTag: 'v2' })
    assert.deepEqual(await idsOf(registry), {
      imageIds: [
        { imageDigest: digest, imageTag: 'v1' },
        { imageDigest: digest, imageTag: 'v2' },
      ],
    })
  })

  test('a mutable tag moves, and the image that loses its last one stays', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const [first = '', second = ''] = variants(2)
    for (const imageManifest of [first, second]) {
      await call(registry, putImage, { repositoryName: 'app', imageManifest, imageTag: 'latest' })
    }
    const expected = [{ imageDigest: digestOf(first) }, { imageDigest: digestOf(second), imageTag: 'latest' }]
    assert.deepEqual(await idsOf(registry), {
      imageIds: expected.toSorted((a, b) => (a.imageDigest < b.imageDigest ? -1 : 1)),
    })
  })

  const modes = [
    ['IMMUTABLE', undefined, 'v1', tagTaken('v1', 'repository')],
    ['IMMUTABLE_WITH_EXCLUSION', 'dev-*', 'v1', tagTaken('v1', 'tag')],
    ['IMMUTABLE_WITH_EXCLUSION', 'dev-*', 'dev-1', undefined],
    ['MUTABLE_WITH_EXCLUSION', 'v*', 'v1', tagTaken('v1', 'tag')],
    ['MUTABLE_WITH_EXCLUSION', 'v*', 'dev-1', undefined],
  ] as const
  for (const [imageTagMutability, filter, imageTag, refusal] of modes) {
    const named = filter === undefined ? imageTagMutability : `${imageTagMutability} ${filter}`
    test(`${named}: the tag ${imageTag} ${refusal ? 'stays' : 'moves'}`, async (t) => {
      const registry = await openRegistry(t)
      await givenContents(registry)
      const filters = filter === undefined ? undefined : [{ filterType: 'WILDCARD', filter }]
      await call(registry, putImageTagMutability, {
        repositoryName: 'app',
        imageTagMutability,
        imageTagMutabilityExclusionFilters: filters,
      })
      const [first = '', second = ''] = variants(2)
      await call(registry, putImage, { repositoryName: 'app', imageManifest: first, imageTag })
      const again = { repositoryName: 'app', imageManifest: second, imageTag }
      if (refusal) await assertRefused(registry, putImage, again, refusal)
      else await call(registry, putImage, again)
      const { images } = await registry.perform(batchGetImage, { repositoryName: 'app', imageIds: [{ imageTag }] })
      assert.deepEqual(
        images?.map((image) => image.imageManifest),
        [refusal ? first : second],
      )
      // A refused push leaves nothing: not even the image without its tag.
      const { imageIds } = await registry.perform(listImages, { repositoryName: 'app' })
      assert.equal(imageIds?.length, refusal ? 1 : 2)
    })
  }
})

test('J19 of fifty pushes at once to one immutable tag one wins, and the others leave nothing', async (t) => {
  const registry = await openRegistry(t)
  await givenContents(registry)
  await call(registry, putImageTagMutability, { repositoryName: 'app', imageTagMutability: 'IMMUTABLE' })
  const manifests = variants(50)
  const outcomes = await Promise.allSettled(
    manifests.map((imageManifest) =>
      call(registry, putImage, { repositoryName: 'app', imageManifest, imageTag: 'v1' }),
    ),
  )
  const winners = manifests.filter((_, at) => outcomes[at]?.status === 'fulfilled')
  assert.equal(winners.length, 1)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    assert.deepEqual(toRefusal(outcome.reason), { ...tagTaken('v1', 'repository'), members: {} })
  }
  assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digestOf(winners[0] ?? ''), imageTag: 'v1' }] })
})

describe('J20 limits', () => {
  test('a tag beyond the thousandth', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const push = (imageTag: string) =>
      call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
    await Promise.all(Array.from({ length: 1000 }, (_, at) => push(`v${at}`)))
    await assert.rejects(push('v1000'), {
      name: 'LimitExceededException',
      message: `Adding tag 'v1000' to an image in the ${where} exceeds the maximum allowed number of tags per image which is '1000'`,
    })
    // Nor may a tag of another image be moved to it.
    const [other = ''] = variants(1)
    await call(registry, putImage, { repositoryName: 'app', imageManifest: other, imageTag: 'other' })
    await assert.rejects(push('other'), {
      message: `Adding tag 'other' to an image in the ${where} exceeds the maximum allowed number of tags per image which is '1000'`,
    })
    assert.deepEqual((await refusalOf(push('v7'))).message, alreadyExists(digest, 'v7').message)
  })

  test('an image beyond the repository’s last', async (t) => {
    const registry = await openRegistry(t, { limits: { imagesPerRepository: 3 } })
    await givenContents(registry)
    const [one = '', two = '', three = '', four = ''] = variants(4)
    for (const imageManifest of [one, two, three])
      await call(registry, putImage, { repositoryName: 'app', imageManifest })
    await assertRefused(
      registry,
      putImage,
      { repositoryName: 'app', imageManifest: four },
      {
        name: 'LimitExceededException',
        message: `The ${where} already has the maximum allowed number of images which is '3'`,
      },
    )
    await call(registry, putImage, { repositoryName: 'app', imageManifest: one, imageTag: 'a-tag-is-no-image' })
  })
})
