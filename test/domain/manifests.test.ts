// Manifests: OCI image specification 1.1 (manifest.md, image-index.md), Docker "Image Manifest V2, Schema 2".

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { annotationsOf, mediaTypes, parseManifest } from '../../src/domain/manifests.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { EcrError } from '../../src/model/errors.ts'
import { anyText } from '../support/any-text.ts'

const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const config = { mediaType: configType, digest: digestOf('config'), size: 6 }
const layer = { mediaType: layerType, digest: digestOf('layer'), size: 5 }
const otherLayer = { mediaType: layerType, digest: digestOf('other', 'sha512'), size: 0 }
const child = { mediaType: mediaTypes.ociManifest, digest: digestOf('child'), size: 500 }
const subject = { mediaType: mediaTypes.ociManifest, digest: digestOf('subject'), size: 700 }

const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer, otherLayer] }
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }
const empty = { artifactType: undefined, subject: undefined, layers: [], children: [] }
const ofImage = {
  ...empty,
  mediaType: mediaTypes.ociManifest,
  artifactType: configType,
  layers: [config, layer, otherLayer],
}
const ofIndex = { ...empty, mediaType: mediaTypes.ociIndex, children: [child] }

const parse = (document: unknown, declared?: string) => parseManifest(JSON.stringify(document), declared)

describe('a manifest says', () => {
  const windowsLayer = { ...layer, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }
  const nondistributable = { ...layer, mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' }
  for (const [what, document, declared, expected] of [
    ['what an image is made of', image, undefined, ofImage],
    ['what an index names', index, undefined, ofIndex],
    ['the same type that came beside it', image, mediaTypes.ociManifest, ofImage],
    ['no type, and the one beside it counts', { ...image, mediaType: undefined }, mediaTypes.ociManifest, ofImage],
    ['null for its type, and the one beside it counts', { ...index, mediaType: null }, mediaTypes.ociIndex, ofIndex],
    [
      'Docker image',
      { ...image, mediaType: mediaTypes.dockerManifest },
      undefined,
      { ...ofImage, mediaType: mediaTypes.dockerManifest },
    ],
    [
      'Docker list',
      { ...index, mediaType: mediaTypes.dockerList },
      undefined,
      { ...ofIndex, mediaType: mediaTypes.dockerList },
    ],
    ['an empty index', { ...index, manifests: [] }, undefined, { ...ofIndex, children: [] }],
    ['null for its children, as Go does', { ...index, manifests: null }, undefined, { ...ofIndex, children: [] }],
    ['null for its layers, as Go does', { ...image, layers: null }, undefined, { ...ofImage, layers: [config] }],
    ['no layers', { ...image, layers: undefined }, undefined, { ...ofImage, layers: [config] }],
    [
      'foreign layers, which are not here',
      { ...image, layers: [windowsLayer, nondistributable, layer] },
      undefined,
      { ...ofImage, layers: [config, layer] },
    ],
    ['a layer twice', { ...image, layers: [layer, layer] }, undefined, { ...ofImage, layers: [config, layer, layer] }],
    [
      'its artifact type',
      { ...image, artifactType: 'application/vnd.example' },
      undefined,
      { ...ofImage, artifactType: 'application/vnd.example' },
    ],
    ['an empty artifact type, which is none', { ...image, artifactType: '' }, undefined, ofImage],
    [
      'the artifact type of an index',
      { ...index, artifactType: 'application/vnd.example' },
      undefined,
      { ...ofIndex, artifactType: 'application/vnd.example' },
    ],
    ['its subject', { ...image, subject }, undefined, { ...ofImage, subject: subject.digest }],
    ['the subject of an index', { ...index, subject }, undefined, { ...ofIndex, subject: subject.digest }],
    ['null for its subject', { ...image, subject: null }, undefined, ofImage],
    ['null for members of another kind', { ...image, manifests: null }, undefined, ofImage],
    ['members nobody knows', { ...image, extra: { deep: [1] }, '': 1 }, undefined, ofImage],
    [
      'more of its layers than we keep',
      { ...image, layers: [{ ...layer, urls: ['https://x'], annotations: { a: 'b' }, data: 'AA==' }] },
      undefined,
      { ...ofImage, layers: [config, layer] },
    ],
  ] as const) {
    test(what, () => assert.deepEqual(parse(document, declared), expected))
  }

  test('ten thousand layers', () => {
    const layers = Array.from({ length: 10_000 }, () => layer)
    assert.deepEqual(parse({ ...image, layers }), { ...ofImage, layers: [config, ...layers] })
  })

  test('it in any spelling of JSON', () => {
    const text = JSON.stringify(image, null, 2).replace('"layers"', String.raw`"\u006cayers"`)
    assert.deepEqual(parseManifest(`\r\n\t${text} \n`, undefined), ofImage)
  })
})

describe('J18 what is no manifest', () => {
  const refusal = (constraint: string, parameter = 'ImageManifest') => ({
    name: 'InvalidParameterException',
    message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
  })
  for (const text of ['', ' ', '{', '{}{}', 'null', '[]', '1', '"x"', 'nonsense', "{'a':1}", '{"a":01}', '\uFEFF{}']) {
    test(`the text ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseManifest(text, undefined), refusal('Invalid JSON syntax')))
  }

  for (const schemaVersion of [undefined, null, 1, 3, '2', 2.5, true]) {
    test(`schema version ${JSON.stringify(schemaVersion)}`, () =>
      assert.throws(() => parse({ ...image, schemaVersion }), refusal('Unsupported manifest schema version')))
  }

  for (const mediaType of [
    '',
    'application/json',
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    mediaTypes.ociManifest.toUpperCase(),
    `${mediaTypes.ociManifest}; charset=utf-8`,
    configType,
  ]) {
    test(`media type '${mediaType}'`, () => {
      assert.throws(() => parse({ ...image, mediaType }), refusal('Unsupported manifest media type'))
      assert.throws(
        () => parse({ ...image, mediaType: undefined }, mediaType),
        refusal('Unsupported manifest media type'),
      )
    })
  }

  test('no media type at all', () =>
    assert.throws(
      () => parse({ ...image, mediaType: undefined }),
      refusal('must be provided when the manifest does not contain the mediaType field', 'imageManifestMediaType'),
    ))

  test('two media types', () =>
    assert.throws(
      () => parse(image, mediaTypes.dockerManifest),
      refusal('must be the same as the media type in the manifest', 'imageManifestMediaType'),
    ))

  const severalKinds = refusal('Manifest mixes the members of several kinds')
  const caseOnly = refusal('Manifest members differ in case only')
  const badDescriptor = (change: Readonly<Record<string, unknown>>) => ({ ...image, config: { ...config, ...change } })
  for (const [what, document, expected] of [
    ['CVE-2021-41190 an image with children', { ...image, manifests: [child] }, severalKinds],
    ['CVE-2021-41190 an image with an empty list of children', { ...image, manifests: [] }, severalKinds],
    ['CVE-2021-41190 an index with layers', { ...index, layers: [layer] }, severalKinds],
    ['CVE-2021-41190 an index with a config', { ...index, config }, severalKinds],
    ['an image with the layers of schema 1', { ...image, fsLayers: [] }, severalKinds],
    ['an index with the history of schema 1', { ...index, history: [] }, severalKinds],
    ['Layers beside layers', { ...image, Layers: [] }, caseOnly],
    ['SUBJECT alone', { ...image, SUBJECT: subject }, caseOnly],
    ['a media type that is a number', { ...image, mediaType: 1 }, refusal('mediaType must be a string')],
    ['an artifact type that is a list', { ...image, artifactType: [] }, refusal('artifactType must be a string')],
    ['no config', { ...image, config: undefined }, refusal('config must be a descriptor')],
    ['null for a config', { ...image, config: null }, refusal('config must be a descriptor')],
    ['a list for a config', { ...image, config: [config] }, refusal('config must be a descriptor')],
    ['a text for a config', { ...image, config: 'sha256:0' }, refusal('config must be a descriptor')],
    ['an object for layers', { ...image, layers: { 0: layer } }, refusal('layers must be a list')],
    ['null for a layer', { ...image, layers: [layer, null] }, refusal('layers must be a descriptor')],
    ['a text for children', { ...index, manifests: 'all' }, refusal('manifests must be a list')],
    ['a text for a child', { ...index, manifests: ['all'] }, refusal('manifests must be a descriptor')],
    ['a subject without a digest', { ...image, subject: {} }, refusal('subject must have a mediaType')],
    ['false for a subject', { ...image, subject: false }, refusal('subject must be a descriptor')],
    ['no media type', badDescriptor({ mediaType: undefined }), refusal('config must have a mediaType')],
    ['no digest', badDescriptor({ digest: undefined }), refusal('config must have a valid digest')],
    [
      'an upper-case digest',
      badDescriptor({ digest: config.digest.toUpperCase() }),
      refusal('config must have a valid digest'),
    ],
    ['a digest of another algorithm', badDescriptor({ digest: 'md5:00' }), refusal('config must have a valid digest')],
    ['a path for a digest', badDescriptor({ digest: 'sha256:../../x' }), refusal('config must have a valid digest')],
    ['a digest that is a number', badDescriptor({ digest: 1 }), refusal('digest must be a string')],
    ['no size', badDescriptor({ size: undefined }), refusal('config must have a valid size')],
    ['a negative size', badDescriptor({ size: -1 }), refusal('config must have a valid size')],
    ['a size in parts', badDescriptor({ size: 1.5 }), refusal('config must have a valid size')],
    ['a size beyond 2^53', badDescriptor({ size: 2 ** 53 }), refusal('config must have a valid size')],
    ['a text for a size', badDescriptor({ size: '6' }), refusal('config must have a valid size')],
    [
      'ten thousand layers and one',
      { ...image, layers: Array.from({ length: 10_001 }, () => layer) },
      refusal('layers has too many items'),
    ],
  ] as const) {
    test(what, () => assert.throws(() => parse(document), expected))
  }

  test('a member twice, at any depth', () => {
    const text = JSON.stringify(image)
    for (const twice of [
      text.replace('{', `{"mediaType":"${mediaTypes.ociIndex}",`),
      text.replace('{', String.raw`{"l\u0061yers":[],`),
      text.replace('"size":5', '"size":5,"size":6'),
      text.replace('{', '{"annotations":{"a":"1","a":"2"},'),
    ]) {
      assert.throws(() => parseManifest(twice, undefined), refusal('Duplicate key'))
    }
  })

  test('nested too deeply', () => {
    const nested = (depth: number) =>
      JSON.stringify(image).replace('{', `{"x":${'['.repeat(depth)}${']'.repeat(depth)},`)
    assert.deepEqual(parseManifest(nested(63), undefined), ofImage)
    assert.throws(() => parseManifest(nested(64), undefined), refusal('Manifest nests too deeply'))
    assert.throws(() => parseManifest('['.repeat(4 * 1024 * 1024), undefined), refusal('Manifest nests too deeply'))
  })

  test('of more values than any manifest has', () => {
    const many = JSON.stringify(image).replace('{', `{"x":[${'{},'.repeat(200_000)}{}],`)
    assert.throws(() => parseManifest(many, undefined), refusal('Manifest holds too many values'))
  })
})

describe('mutated manifests', () => {
  const onlyEcrErrors = (text: string, declared?: string) => {
    try {
      parseManifest(text, declared)
    } catch (error) {
      if (!(error instanceof EcrError && error.name === 'InvalidParameterException')) throw error
    }
  }
  const whole = JSON.stringify({ ...image, artifactType: 'a/b', subject, annotations: { a: 'b' } })

  test('a piece of text replaced', () => {
    const at = fc.nat({ max: whole.length })
    const piece = fc.oneof(anyText, fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'null'))
    fc.assert(
      fc.property(at, at, piece, (from, to, text) => onlyEcrErrors(whole.slice(0, from) + text + whole.slice(to))),
      { numRuns: 1000 },
    )
  })

  test('a member replaced by any JSON, in a manifest or in one of its descriptors', () => {
    const members = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'artifactType',
      'config',
      'layers',
      'manifests',
      'subject',
    )
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(null, [], {}, [null], [config], config))
    fc.assert(
      fc.property(fc.constantFrom(image, index), members, value, fc.boolean(), (document, name, given, inside) => {
        const changed = inside ? { ...document, config: { ...config, digest: given, size: given } } : document
        onlyEcrErrors(JSON.stringify({ ...changed, [name]: given }), mediaTypes.ociManifest)
        onlyEcrErrors(JSON.stringify({ ...changed, [name]: given }))
      }),
      { numRuns: 1000 },
    )
  })

  test('J6 __proto__ and its like are members nobody knows', () => {
    const text = whole.replace('{', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},')
    assert.deepEqual(parseManifest(text, undefined).layers, [config, layer, otherLayer])
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    const asConfig = JSON.stringify({ ...image, config: undefined }).replace(
      '{',
      `{"__proto__":{"config":${JSON.stringify(config)}},`,
    )
    assert.throws(() => parseManifest(asConfig, undefined), { name: 'InvalidParameterException' })
  })
})

describe('annotations', () => {
  for (const [what, document, expected] of [
    ['are those that are texts', { annotations: { a: 'b', '': '', n: 1, o: {}, x: null } }, { a: 'b', '': '' }],
    ['may be one', { annotations: { a: 'b' } }, { a: 'b' }],
    ['are absent when there are none', {}, undefined],
    ['are absent when they are empty', { annotations: {} }, undefined],
    ['are absent when none is a text', { annotations: { n: 1 } }, undefined],
    ['are absent when they are null', { annotations: null }, undefined],
    ['are absent when they are a list', { annotations: ['a'] }, undefined],
  ] as const) {
    test(what, () => assert.deepEqual(annotationsOf(JSON.stringify(document)), expected))
  }
})
