import assert from 'node:assert/strict'
import { test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { account, manifestOf, ociIndexType, ociManifestType } from '../support/registry.ts'
import { once } from './plane.ts'
import { contents, digest, manifest, openPushed, put } from './pushing.ts'

test('D4 a manifest under another digest is refused and not stored', async (t) => {
  const plane = await openPushed(t)
  const answer = await put(plane, digestOf('other'), manifest)
  assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'])
  assert.equal((await plane.send('GET', `/v2/app/manifests/${digestOf('other')}`)).status, 404)
  assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 404)
})

test('D5 four MiB are accepted, a byte more is 413, declared or not', async (t) => {
  const plane = await openPushed(t)
  const limit = 4 * 1024 * 1024
  const sized = (bytes: number) => {
    const empty = manifestOf(contents, { annotations: { pad: '' } })
    return manifestOf(contents, { annotations: { pad: 'x'.repeat(bytes - empty.length) } })
  }
  assert.equal((await put(plane, 'big', sized(limit))).status, 201)
  for (const body of [sized(limit + 1), once(Buffer.from(sized(limit + 1)))]) {
    const answer = await plane.send('PUT', '/v2/app/manifests/bigger', {
      body,
      headers: { 'content-type': ociManifestType },
    })
    assert.deepEqual([answer.status, answer.code], [413, 'SIZE_INVALID'])
  }
  let pulled = 0
  const endless: AsyncIterable<Uint8Array> = {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        pulled++
        yield Buffer.alloc(1024 * 1024, 'x')
      }
    },
  }
  assert.equal(
    (
      await plane.send('PUT', '/v2/app/manifests/endless', {
        body: endless,
        headers: { 'content-type': ociManifestType },
      })
    ).status,
    413,
  )
  assert.ok(pulled <= 6, `${pulled} MiB were read`)
})

test('manifests that are refused as MANIFEST_INVALID', async (t) => {
  const plane = await openPushed(t)
  const parsed = () => JSON.parse(manifest) as Record<string, unknown> & { layers: Record<string, unknown>[] } // the manifest above
  const layerWith = (change: Record<string, unknown>) => {
    const document = parsed()
    return JSON.stringify({ ...document, layers: [{ ...document.layers[0], ...change }] })
  }
  const rows: readonly [id: string, body: string | Uint8Array, type?: string][] = [
    ['D6 a Content-Type unlike the mediaType', manifest, ociIndexType],
    [
      'D6 an unknown Content-Type',
      JSON.stringify({ ...parsed(), mediaType: undefined }),
      'application/vnd.example+json',
    ],
    ['D6 text/html', manifest, 'text/html'],
    ['D6 no Content-Type', manifest, ''],
    ['D7 manifests and layers', JSON.stringify({ ...parsed(), manifests: [] })],
    [
      'D7 an index with a config',
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [], config: parsed()['config'] }),
      ociIndexType,
    ],
    ['D9 two members layers', manifest.replace('"layers":', '"layers":[],"layers":')],
    ['D9 two members mediaType', manifest.replace('"mediaType":', '"mediaType":"x","mediaType":')],
    ['D9 a member Layers beside layers', manifest.replace('"layers":', '"Layers":[],"layers":')],
    ['D9 depth 10,000', manifestOf(contents).replace('}]}', `}],"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['D9 a size below zero', layerWith({ size: -1 })],
    ['D9 a size of 1e20', layerWith({ size: 1e20 })],
    ['D9 a size unlike the stored blob', layerWith({ size: 10 })],
    [
      'D9 100,000 layers',
      manifestOf(contents).replace(/"layers":\[.*\]/, `"layers":[${Array<string>(100_000).fill('{}').join(',')}]`),
    ],
    [
      'D12 schema 1',
      JSON.stringify({ schemaVersion: 1, name: 'app', tag: 'v1', fsLayers: [], history: [] }),
      'application/vnd.docker.distribution.manifest.v1+json',
    ],
    [
      'D12 schema 1, signed',
      JSON.stringify({ schemaVersion: 1, fsLayers: [], signatures: [] }),
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    ],
    ['text that is not JSON', '{'],
    ['JSON that is no object', '[]'],
    ['nothing', ''],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from(manifest.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]),
    ],
    ['a byte order mark', `\ufeff${manifest}`],
  ]
  for (const [id, body, type = ociManifestType] of rows) {
    await t.test(id, async () => {
      const headers = type === '' ? {} : { 'content-type': type }
      const answer = await plane.send('PUT', '/v2/app/manifests/v1', { body, headers })
      assert.deepEqual([answer.status, answer.code], [400, 'MANIFEST_INVALID'])
      assert.equal((await plane.send('HEAD', '/v2/app/manifests/v1')).status, 404)
    })
  }
  await t.test('a Content-Encoding is refused', async () => {
    const answer = await put(plane, 'v1', manifest, { headers: { 'content-encoding': 'gzip' } })
    assert.deepEqual([answer.status, answer.code], [415, 'UNSUPPORTED'])
  })
})

test('D8 one digest has one media type for ever', async (t) => {
  const plane = await openPushed(t)
  const either = '{"schemaVersion":2}'
  assert.equal((await put(plane, 'a', either, { headers: { 'content-type': ociIndexType } })).status, 201)
  const answer = await put(plane, 'b', either, {
    headers: { 'content-type': 'application/vnd.docker.distribution.manifest.list.v2+json' },
  })
  assert.deepEqual([answer.status, answer.code], [400, 'MANIFEST_INVALID'])
  assert.equal((await plane.send('GET', '/v2/app/manifests/a')).headers['content-type'], ociIndexType)
})

test("layers and children that are missing are MANIFEST_BLOB_UNKNOWN, named in ECR's words", async (t) => {
  const plane = await openPushed(t)
  const noLayer = await put(plane, 'v1', manifestOf([...contents, 'missing']))
  assert.deepEqual([noLayer.status, noLayer.code], [400, 'MANIFEST_BLOB_UNKNOWN'])
  assert.ok(noLayer.message?.includes(digestOf('missing')))
  const child = { mediaType: ociManifestType, digest, size: manifest.length }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] })
  const noChild = await put(plane, 'multi', index, { headers: { 'content-type': ociIndexType } })
  assert.deepEqual(
    [noChild.status, noChild.code, noChild.message],
    [
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `Images with digests '[${digest}]' required for pushing image into repository with name 'app' in the registry with id '${account}' do not exist`,
    ],
  )
  await put(plane, digest, manifest)
  assert.equal((await put(plane, 'multi', index, { headers: { 'content-type': ociIndexType } })).status, 201)
})

test('D10 an index cannot hold itself, and one may hold indexes', async (t) => {
  const plane = await openPushed(t)
  await put(plane, digest, manifest)
  let child = { mediaType: ociManifestType, digest: digest as string, size: manifest.length }
  for (let depth = 0; depth < 20; depth++) {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] })
    assert.equal((await put(plane, `depth-${depth}`, index, { headers: { 'content-type': ociIndexType } })).status, 201)
    child = { mediaType: ociIndexType, digest: digestOf(index), size: index.length }
  }
})

test('D11 foreign layers need not be here', async (t) => {
  const plane = await openPushed(t)
  const foreign = {
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
    digest: digestOf('far'),
    size: 3,
    urls: ['http://169.254.169.254/'],
  }
  const document = JSON.parse(manifest) as { layers: unknown[] } // the manifest above
  const body = JSON.stringify({ ...document, layers: [foreign, ...document.layers] })
  assert.equal((await put(plane, 'windows', body)).status, 201)
  assert.equal((await plane.send('GET', `/v2/app/blobs/${digestOf('far')}`)).status, 404)
})
