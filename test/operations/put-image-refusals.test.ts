// J10, J11 and J18: arguments of PutImage that are refused, and leave nothing behind.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { account, givenRepository, manifestOf, ociManifestType } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { contents, digest, givenContents, idsOf, indexOf, manifest } from './put-image-samples.ts'

const required = `required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`
const tagPattern = `must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'`
const digestPattern = `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`

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

  test('is refused when it is an index that gives a child another size: who checks sizes could not pull it', async (t) => {
    const registry = await openRegistry(t)
    await givenContents(registry)
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest })
    const imageManifest = indexOf([manifest]).replace(`"size":${manifest.length}`, `"size":${manifest.length + 1}`)
    const refusal = invalid('ImageManifest', `the size of the image with digest '${digest}' is not the stored one`)
    await assertRefused(registry, putImage, { repositoryName: 'app', imageManifest }, refusal)
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
