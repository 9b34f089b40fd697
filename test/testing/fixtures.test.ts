import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawnSync } from 'node:child_process'

import { digestOf } from '../../src/lib/digest.ts'
import { artifact, image, index, layer, type FixtureBlob } from '../../src/testing/index.ts'
import { skipUnless } from '../support/client.ts'

const documentOf = ({ bytes }: FixtureBlob) => Object(JSON.parse(Buffer.from(bytes).toString()))
const descriptorOf = ({ mediaType, digest, size }: FixtureBlob) => ({ mediaType, digest, size })

test('a layer is these bytes, or so many', () => {
  assert.equal(Buffer.from(layer('text').bytes).toString(), 'text')
  assert.equal(layer(12_345).bytes.byteLength, 12_345)
  assert.equal(layer(0).size, 0)
  assert.equal(layer(100).digest, layer(100).digest)
  assert.notEqual(layer(100, 'a').digest, layer(100, 'b').digest)
  assert.throws(() => layer(-1), RangeError)
})

test('a layer of files is a tar that programs read', { skip: skipUnless('tar') }, () => {
  const { bytes } = layer({ files: { 'etc/motd': 'hello\n', 'bin/empty': '' } })
  const listed = spawnSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' })
  assert.deepEqual(listed.stdout.trim().split('\n'), ['etc/motd', 'bin/empty'])
  const content = spawnSync('tar', ['-xOf', '-', 'etc/motd'], { input: bytes, encoding: 'utf8' })
  assert.equal(content.stdout, 'hello\n')
  assert.throws(() => layer({ files: { ['x'.repeat(101)]: '' } }), RangeError)
})

test('manifest, config and layers name each other, for OCI and for Docker', () => {
  for (const docker of [false, true]) {
    const made = image({ layers: [10, 'text'], docker, seed: 'one', platform: { os: 'linux', architecture: 'arm64' } })
    const manifest = documentOf(made.manifest)
    assert.equal(manifest.mediaType, made.manifest.mediaType)
    assert.equal(made.manifest.mediaType.includes('docker'), docker)
    assert.deepEqual(manifest.config, descriptorOf(made.config))
    assert.deepEqual(manifest.layers, made.layers.map(descriptorOf))
    const config = documentOf(made.config)
    assert.deepEqual(
      config.rootfs.diff_ids,
      made.layers.map(({ bytes }) => digestOf(bytes)),
    )
    assert.equal(config.architecture, 'arm64')
  }
})

test('the same arguments give the same image, another seed another one', () => {
  assert.equal(image({ seed: 'a' }).manifest.digest, image({ seed: 'a' }).manifest.digest)
  assert.notEqual(image({ seed: 'a' }).manifest.digest, image({ seed: 'b' }).manifest.digest)
  const [one, two] = ['a', 'b'].map((seed) => image({ seed, layers: [50] }))
  assert.notEqual(one?.layers[0]?.digest, two?.layers[0]?.digest)
})

test('an index names its images with their platforms, and an index may hold another one', () => {
  const arm = image({ platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } })
  const inner = index([image()], { annotations: { kind: 'inner' } })
  const outer = documentOf(index([arm, inner]).manifest)
  assert.deepEqual(outer.manifests, [
    { ...descriptorOf(arm.manifest), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    descriptorOf(inner.manifest),
  ])
  assert.deepEqual(documentOf(inner.manifest).annotations, { kind: 'inner' })
})

test('an artifact has a type, an empty config and a subject', () => {
  const subject = image()
  const made = artifact({ artifactType: 'application/vnd.example', subject, annotations: { a: 'b' } })
  const { artifactType, config, subject: its, annotations } = documentOf(made.manifest)
  assert.deepEqual([artifactType, annotations], ['application/vnd.example', { a: 'b' }])
  assert.equal(config.digest, digestOf('{}'))
  assert.deepEqual(its, descriptorOf(subject.manifest))
})
