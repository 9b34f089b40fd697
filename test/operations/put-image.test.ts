import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, refusalOf, type Refusal, wrongType } from './calls.ts'
import { testRepositoryRules } from './repository-rules.ts'

const contents = ['{"config":1}', 'a layer']
const manifest = manifestOf(contents)
const digest = digestOf(manifest)
const dockerType = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json'

async function givenContents(registry: TestRegistry, repositoryName = 'app'): Promise<void> {
  await givenRepository(registry, repositoryName)
  for (const content of contents) await givenLayer(registry, repositoryName, content)
}

/** `count` different manifests of the same layers. */
function variants(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => manifestOf(contents, { annotations: { at: String(at) } }))
}

function indexOf(children: readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  const manifests = children.map((child) => ({
    mediaType: ociManifestType,
    digest: digestOf(child),
    size: Buffer.byteLength(child),
  }))
  return JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests, ...more })
}

async function idsOf(registry: TestRegistry, repositoryName = 'app'): Promise<unknown> {
  return call(registry, listImages, { repositoryName })
}

const where = `repository with name 'app' in registry with id '${account}'`
const required = `required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`
const tagPattern = `must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`
const digestPattern = `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`

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

describe('J10 the tag', () => {
  const refusals: readonly (readonly [string, Refusal])[] = [
    ['', invalid('imageTag', 'must have length greater than or equal to 1')],
    ['a'.repeat(301), invalid('imageTag', 'must have length less than or equal to 300')],
    ...['a:b', 'a/b', digest, 'a\nb', 'ab\n', '../x', '-x', '.x', 'é', 'a b', 'a\0b', '\u{1F40B}'].map(
      (tag) => [tag, invalid('imageTag', tagPattern)] as const,
    ),
  ]
  test('is refused when it is not one', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    for (const [imageTag, refusal] of refusals) {
      await t.test(JSON.stringify(imageTag.slice(0, 20)), () =>
        assertRefused(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag }, refusal),
      )
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  test('may have 300 characters, capitals, dots and dashes', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const tags = ['a'.repeat(300), '_', 'V1.0-rc_1', '__proto__', '0'].toSorted()
    for (const imageTag of tags) {
      await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
    }
    const imageIds = tags.map((imageTag) => ({ imageDigest: digest, imageTag }))
    assert.deepEqual(await idsOf(registry), { imageIds })
  })
})

describe('J11 the digest', () => {
  test('is refused when it is not one', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const hex = 'a'.repeat(64)
    const malformed = [
      '',
      'sha256:',
      `sha256:${hex.slice(1)}`,
      `sha256:${hex}a`,
      `sha256:${hex.toUpperCase()}`,
      `SHA256:${hex}`,
      `md5:${'a'.repeat(32)}`,
      `sha512:${hex}`,
      'sha256:../../x',
      `sha256:${hex}\n`,
      ` sha256:${hex}`,
      hex,
    ]
    for (const imageDigest of malformed) {
      await t.test(JSON.stringify(imageDigest), () =>
        assertRefused(
          registry,
          putImage,
          { repositoryName: 'app', imageManifest: manifest, imageDigest },
          invalid('imageDigest', digestPattern),
        ),
      )
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })
})

describe('J18 the manifest', () => {
  const layerType = 'application/vnd.oci.image.layer.v1.tar'
  const absent = [digestOf('absent one'), digestOf('absent two')] as const
  const withLayers = (digests: readonly string[]) =>
    manifestOf(contents, { layers: digests.map((layer) => ({ mediaType: layerType, digest: layer, size: 10 })) })
  const mib = 1024 * 1024
  const long = (bytes: number) => `${manifest}${' '.repeat(bytes - manifest.length)}`
  const refusals: readonly (readonly [string, Readonly<Record<string, unknown>>, Refusal])[] = [
    ['is not there', {}, invalid('imageManifest', 'must not be null')],
    ['is empty', { imageManifest: '' }, invalid('imageManifest', 'must have length greater than or equal to 1')],
    ['is an object', { imageManifest: {} }, wrongType('imageManifest must be a string')],
    [
      'has 4 MiB and a character',
      { imageManifest: long(4 * mib + 1) },
      invalid('imageManifest', 'must have length less than or equal to 4194304'),
    ],
    [
      'has fewer characters than 4 MiB, but more bytes',
      { imageManifest: manifestOf(contents, { annotations: { long: 'é'.repeat(2 * mib) } }) },
      invalid('imageManifest', 'must have length less than or equal to 4194304'),
    ],
    ...['{', 'null', '[]', '"text"', 'not json', `${manifest}{}`, `\uFEFF${manifest}`].map(
      (imageManifest) =>
        [
          `is ${imageManifest.slice(0, 10)}`,
          { imageManifest },
          invalid('ImageManifest', 'Invalid JSON syntax'),
        ] as const,
    ),
    ['has no version', { imageManifest: '{}' }, invalid('ImageManifest', 'Unsupported manifest schema version')],
    [
      'is a Docker schema 1',
      { imageManifest: manifestOf(contents, { schemaVersion: 1 }) },
      invalid('ImageManifest', 'Unsupported manifest schema version'),
    ],
    [
      'is not what its digest says',
      { imageManifest: manifest, imageDigest: digestOf('other') },
      {
        name: 'ImageDigestDoesNotMatchException',
        message: `The provided image digest '${digestOf('other')}' does not match the calculated image digest '${digest}'`,
      },
    ],
    [
      'names layers that are missing',
      { imageManifest: withLayers(absent) },
      { name: 'LayersNotFoundException', message: `Layers with digests '[${absent.join(', ')}]' ${required}` },
    ],
    [
      'names a config that is missing',
      { imageManifest: manifestOf(['absent one', 'a layer']) },
      { name: 'LayersNotFoundException', message: `Layers with digests '[${absent[0]}]' ${required}` },
    ],
    [
      'is an index whose children are missing',
      { imageManifest: indexOf(['absent one', 'absent two', 'absent one']) },
      {
        name: 'ReferencedImagesNotFoundException',
        message: `Images with digests '[${absent.join(', ')}]' ${required}`,
      },
    ],
    [
      'gives a layer another size',
      { imageManifest: withLayers([digestOf('a layer')]) },
      invalid('ImageManifest', `the size of the layer with digest '${digestOf('a layer')}' is not the stored one`),
    ],
  ]
  test('is refused, and nothing is stored', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    for (const [what, change, refusal] of refusals) {
      await t.test(`that ${what}`, () =>
        assertRefused(registry, putImage, { repositoryName: 'app', imageTag: 'v1', ...change }, refusal),
      )
    }
    assert.deepEqual(await idsOf(registry), { imageIds: [] })
  })

  test('of 4 MiB exactly is taken', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    const imageManifest = long(4 * mib)
    await call(registry, putImage, { repositoryName: 'app', imageManifest })
    assert.deepEqual(await idsOf(registry), { imageIds: [{ imageDigest: digestOf(imageManifest) }] })
  })

  test('may name layers of its own repository only, and any subject', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry, 'lib')
    await givenRepository(registry, 'app')
    const digests = contents.map((content) => digestOf(content)).join(', ')
    await assertRefused(
      registry,
      putImage,
      { repositoryName: 'app', imageManifest: manifest },
      { name: 'LayersNotFoundException', message: `Layers with digests '[${digests}]' ${required}` },
    )
    const subject = { mediaType: ociManifestType, digest: digestOf('not there'), size: 9 }
    const imageManifest = manifestOf(contents, { subject })
    await call(registry, putImage, { repositoryName: 'lib', imageManifest })
    assert.deepEqual(await idsOf(registry, 'lib'), { imageIds: [{ imageDigest: digestOf(imageManifest) }] })
  })
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
    assert.deepEqual(await refusalOf(Promise.reject(outcome.reason)), { ...tagTaken('v1', 'repository'), members: {} })
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
