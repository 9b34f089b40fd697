import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putImageTagMutability } from '../../src/operations/private/put-image-tag-mutability.ts'
import {
  account,
  givenImage,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
  otherAccount,
} from '../support/registry.ts'
import { once, openPlane, pushBlob, type Answer, type Plane, type Sending } from './plane.ts'

const contents = ['{"config":1}', 'layer one', 'layer two']
const manifest = manifestOf(contents)
const digest = digestOf(manifest)

async function openApp(
  t: Parameters<typeof openPlane>[0],
  options: Parameters<typeof openPlane>[1] = {},
): Promise<Plane> {
  const plane = await openPlane(t, options)
  await givenRepository(plane.registry, 'app')
  for (const content of contents) await pushBlob(plane, 'app', content)
  return plane
}

function put(plane: Plane, reference: string, body: string, sending: Sending = {}): Promise<Answer> {
  return plane.send('PUT', `/v2/app/manifests/${reference}`, {
    body,
    ...sending,
    headers: { 'content-type': ociManifestType, ...sending.headers },
  })
}

test('a manifest is pushed by tag and pulled by tag and digest, to the byte', async (t) => {
  const plane = await openApp(t)
  const pushed = await put(plane, 'v1', manifest)
  assert.deepEqual([pushed.status, pushed.text], [201, ''])
  assert.deepEqual(pushed.headers, {
    'docker-distribution-api-version': 'registry/2.0',
    location: `http://localhost:4510/v2/app/manifests/${digest}`,
    'docker-content-digest': digest,
  })
  for (const reference of ['v1', digest]) {
    const got = await plane.send('GET', `/v2/app/manifests/${reference}`)
    assert.deepEqual([got.status, got.text], [200, manifest])
    const headers = {
      'docker-distribution-api-version': 'registry/2.0',
      'content-type': ociManifestType,
      'x-content-type-options': 'nosniff',
      etag: `"${digest}"`,
      'docker-content-digest': digest,
    }
    assert.deepEqual(got.headers, headers)
    const head = await plane.send('HEAD', `/v2/app/manifests/${reference}`)
    assert.deepEqual(
      [head.status, head.text, head.headers],
      [200, '', { ...headers, 'content-length': String(manifest.length) }],
    )
    for (const method of ['GET', 'HEAD']) {
      const unchanged = await plane.send(method, `/v2/app/manifests/${reference}`, {
        headers: { 'if-none-match': `"${digest}"` },
      })
      assert.deepEqual([unchanged.status, unchanged.text], [304, ''])
    }
  }
})

test('the same manifest again, by tag and by digest, is 201 again', async (t) => {
  const plane = await openApp(t)
  for (const reference of ['v1', 'v1', digest, digest, 'v2'])
    assert.equal((await put(plane, reference, manifest)).status, 201)
  assert.deepEqual(JSON.parse((await plane.send('GET', '/v2/app/tags/list')).text), { name: 'app', tags: ['v1', 'v2'] })
})

test('what is not there is MANIFEST_UNKNOWN, also under a name nothing can have', async (t) => {
  const plane = await openApp(t)
  for (const reference of ['missing', digest, '.INVALID_MANIFEST_NAME', 'a+b', 't'.repeat(200)]) {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const answer = await plane.send(method, `/v2/app/manifests/${reference}`)
      assert.deepEqual([answer.status, answer.code], [404, 'MANIFEST_UNKNOWN'], `${method} ${reference}`)
    }
  }
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    assert.equal((await plane.send(method, '/v2/missing/manifests/latest')).code, 'NAME_UNKNOWN')
  }
  assert.equal((await put(plane, '.hidden', manifest)).code, 'TAG_INVALID')
})

test('D4 a manifest under another digest is refused and not stored', async (t) => {
  const plane = await openApp(t)
  const answer = await put(plane, digestOf('other'), manifest)
  assert.deepEqual([answer.status, answer.code], [400, 'DIGEST_INVALID'])
  assert.equal((await plane.send('GET', `/v2/app/manifests/${digestOf('other')}`)).status, 404)
  assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 404)
})

test('D5 four MiB are accepted, a byte more is 413, declared or not', async (t) => {
  const plane = await openApp(t)
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

describe('manifests that are refused as MANIFEST_INVALID', () => {
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
    test(id, async (t) => {
      const plane = await openApp(t)
      const headers = type === '' ? {} : { 'content-type': type }
      const answer = await plane.send('PUT', '/v2/app/manifests/v1', { body, headers })
      assert.deepEqual([answer.status, answer.code], [400, 'MANIFEST_INVALID'])
      assert.equal((await plane.send('HEAD', '/v2/app/manifests/v1')).status, 404)
    })
  }
  test('a Content-Encoding is refused', async (t) => {
    const plane = await openApp(t)
    const answer = await put(plane, 'v1', manifest, { headers: { 'content-encoding': 'gzip' } })
    assert.deepEqual([answer.status, answer.code], [415, 'UNSUPPORTED'])
  })
})

test('D8 one digest has one media type for ever', async (t) => {
  const plane = await openApp(t)
  const either = '{"schemaVersion":2}'
  assert.equal((await put(plane, 'a', either, { headers: { 'content-type': ociIndexType } })).status, 201)
  const answer = await put(plane, 'b', either, {
    headers: { 'content-type': 'application/vnd.docker.distribution.manifest.list.v2+json' },
  })
  assert.deepEqual([answer.status, answer.code], [400, 'MANIFEST_INVALID'])
  assert.equal((await plane.send('GET', '/v2/app/manifests/a')).headers['content-type'], ociIndexType)
})

test("layers and children that are missing are MANIFEST_BLOB_UNKNOWN, named in ECR's words", async (t) => {
  const plane = await openApp(t)
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
  const plane = await openApp(t)
  await put(plane, digest, manifest)
  let child = { mediaType: ociManifestType, digest: digest as string, size: manifest.length }
  for (let depth = 0; depth < 20; depth++) {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] })
    assert.equal((await put(plane, `depth-${depth}`, index, { headers: { 'content-type': ociIndexType } })).status, 201)
    child = { mediaType: ociIndexType, digest: digestOf(index), size: index.length }
  }
})

test('D11 foreign layers need not be here', async (t) => {
  const plane = await openApp(t)
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

test("D13 a subject may be missing; its referrers are this repository's only", async (t) => {
  const plane = await openApp(t)
  await givenRepository(plane.registry, 'other')
  const subject = digestOf('missing subject')
  const body = manifestOf(contents, { subject: { mediaType: ociManifestType, digest: subject, size: 3 } })
  const pushed = await put(plane, 'signature', body)
  assert.deepEqual([pushed.status, pushed.headers['oci-subject']], [201, subject])
  const again = await put(plane, 'signature', body)
  assert.deepEqual([again.status, again.headers['oci-subject']], [201, subject])
  const found = (answer: Answer) => (JSON.parse(answer.text) as { manifests: unknown[] }).manifests.length // an index by the test below
  assert.equal(found(await plane.send('GET', `/v2/app/referrers/${subject}`)), 1)
  assert.equal(found(await plane.send('GET', `/v2/other/referrers/${subject}`)), 0)
})

describe('sha512', () => {
  const wanted = digestOf(manifest, 'sha512')
  test('by digest', async (t) => {
    const plane = await openApp(t)
    const pushed = await put(plane, wanted, manifest)
    assert.deepEqual([pushed.status, pushed.headers['docker-content-digest']], [201, wanted])
    assert.equal((await plane.send('GET', `/v2/app/manifests/${wanted}`)).text, manifest)
    assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 404)
  })
  test('by tag with the digest in the query', async (t) => {
    const plane = await openApp(t)
    assert.equal((await put(plane, `v1?digest=${wanted}`, manifest)).headers['docker-content-digest'], wanted)
    assert.equal((await plane.send('HEAD', '/v2/app/manifests/v1')).headers['docker-content-digest'], wanted)
    assert.equal((await put(plane, `v1?digest=${digestOf('x')}`, manifest)).code, 'DIGEST_INVALID')
    assert.equal((await put(plane, 'v1?digest=x', manifest)).code, 'DIGEST_INVALID')
  })
})

test('a PUT by digest may give tags, and says which it gave', async (t) => {
  const plane = await openApp(t)
  const pushed = await put(plane, `${digest}?tag=b&tag=a&tag=a`, manifest)
  assert.deepEqual([pushed.status, pushed.headers['oci-tag']], [201, 'b, a'])
  for (const tag of ['a', 'b'])
    assert.equal((await plane.send('HEAD', `/v2/app/manifests/${tag}`)).headers['docker-content-digest'], digest)
  assert.equal((await put(plane, `${digest}?tag=ok&tag=.bad`, manifest)).code, 'TAG_INVALID')
  assert.equal((await plane.send('HEAD', '/v2/app/manifests/ok')).status, 404)
  const many = Array.from({ length: 101 }, (_, at) => `tag=t${at}`).join('&')
  assert.equal((await put(plane, `${digest}?${many}`, manifest)).status, 414)
})

describe('D30 Accept', () => {
  const accepted = [
    '',
    '*/*',
    'application/*',
    'text/html, */*;q=0.1',
    ociManifestType,
    ociManifestType.toUpperCase(),
    `${ociIndexType}, ${ociManifestType}; q=0.5`,
    `${Array.from({ length: 1000 }, (_, at) => `application/x-${at}`).join(',')},${ociManifestType}`,
  ]
  const refused = [
    'application/json',
    ociIndexType,
    'application/vnd.docker.distribution.manifest.v2+json',
    Array<string>(1000).fill('text/plain').join(','),
  ]
  for (const [accepts, status] of [
    [accepted, 200],
    [refused, 404],
  ] as const) {
    for (const accept of accepts) {
      test(`${status}: ${accept.slice(0, 60)}`, async (t) => {
        const plane = await openApp(t)
        await put(plane, 'v1', manifest)
        for (const method of ['GET', 'HEAD']) {
          const answer = await plane.send(method, '/v2/app/manifests/v1', { headers: { accept } })
          assert.equal(answer.status, status)
          if (status === 200) assert.equal(answer.headers['docker-content-digest'], digest)
          else
            assert.equal(
              answer.message,
              `The image is of media type '${ociManifestType}', which the Accept header of the request does not allow`,
            )
        }
      })
    }
  }
})

describe('D28 deleting', () => {
  test('a tag alone, then the image with its tags', async (t) => {
    const plane = await openApp(t)
    for (const tag of ['a', 'b', 'c']) await put(plane, tag, manifest)
    assert.equal((await plane.send('DELETE', '/v2/app/manifests/a')).status, 202)
    assert.equal((await plane.send('GET', '/v2/app/manifests/a')).status, 404)
    assert.equal((await plane.send('GET', '/v2/app/manifests/b')).status, 200)
    const deleted = await plane.send('DELETE', `/v2/app/manifests/${digest}`)
    assert.deepEqual([deleted.status, deleted.text], [202, ''])
    for (const reference of ['b', 'c', digest])
      assert.equal((await plane.send('GET', `/v2/app/manifests/${reference}`)).status, 404)
    assert.equal((await plane.send('DELETE', `/v2/app/manifests/${digest}`)).status, 404)
  })
  test('the last tag leaves the image under its digest', async (t) => {
    const plane = await openApp(t)
    await put(plane, 'only', manifest)
    assert.equal((await plane.send('DELETE', '/v2/app/manifests/only')).status, 202)
    assert.equal((await plane.send('GET', `/v2/app/manifests/${digest}`)).status, 200)
  })
  test('not what an index names', async (t) => {
    const plane = await openApp(t)
    await put(plane, digest, manifest)
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndexType,
      manifests: [{ mediaType: ociManifestType, digest, size: manifest.length }],
    })
    await put(plane, 'multi', index, { headers: { 'content-type': ociIndexType } })
    const answer = await plane.send('DELETE', `/v2/app/manifests/${digest}`)
    assert.deepEqual(
      [answer.status, answer.code, answer.message],
      [405, 'UNSUPPORTED', `Requested image referenced by manifest list: [${digestOf(index)}]`],
    )
    await plane.send('DELETE', `/v2/app/manifests/${digestOf(index)}`)
    assert.equal((await plane.send('DELETE', `/v2/app/manifests/${digest}`)).status, 202)
  })
  test('not by another account, by tag or by digest', async (t) => {
    const plane = await openApp(t)
    await put(plane, 'v1', manifest)
    for (const reference of ['v1', digest]) {
      const answer = await plane.send('DELETE', `/v2/app/manifests/${reference}`, { as: otherAccount })
      assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
    }
    assert.equal((await plane.send('GET', '/v2/app/manifests/v1')).status, 200)
  })
})

test('an immutable tag is TAG_INVALID for other bytes and 201 for the same', async (t) => {
  const plane = await openApp(t)
  await put(plane, 'v1', manifest)
  await plane.registry.perform(putImageTagMutability, { repositoryName: 'app', imageTagMutability: 'IMMUTABLE' })
  const other = manifestOf(contents.slice(0, 2))
  const answer = await put(plane, 'v1', other)
  assert.deepEqual(
    [answer.status, answer.code, answer.message],
    [
      400,
      'TAG_INVALID',
      `The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.`,
    ],
  )
  assert.equal((await put(plane, 'v1', manifest)).status, 201)
})

test('D29 of fifty pushes of one tag at once one wins when it is immutable, and never a mixture', async (t) => {
  for (const imageTagMutability of ['IMMUTABLE', 'MUTABLE'] as const) {
    const plane = await openApp(t)
    await plane.registry.perform(putImageTagMutability, { repositoryName: 'app', imageTagMutability })
    const bodies = Array.from({ length: 50 }, (_, at) => manifestOf(contents, { annotations: { at: String(at) } }))
    const answers = await Promise.all(bodies.map((body) => put(plane, 'v1', body)))
    const winners = answers.filter((answer) => answer.status === 201).length
    assert.equal(winners, imageTagMutability === 'IMMUTABLE' ? 1 : 50)
    const stored = await plane.send('GET', '/v2/app/manifests/v1')
    assert.ok(bodies.includes(stored.text))
    assert.equal(stored.headers['docker-content-digest'], digestOf(stored.text))
  }
})

test('an image that the API pushed is pulled here', async (t) => {
  const plane = await openPlane(t)
  await givenRepository(plane.registry, 'app')
  const { digest: pushed, manifest: text } = await givenImage(plane.registry, 'app', 'api')
  const got = await plane.send('GET', '/v2/app/manifests/api')
  assert.deepEqual([got.status, got.text, got.headers['docker-content-digest']], [200, text, pushed])
})

test('a full registry says so', async (t) => {
  const plane = await openApp(t, { limits: { imagesPerRepository: 1, tagsPerImage: 1 } })
  assert.equal((await put(plane, 'v1', manifest)).status, 201)
  for (const [tag, body] of [
    ['v2', manifest],
    ['v3', manifestOf(contents.slice(0, 2))],
  ] as const) {
    const answer = await put(plane, tag, body)
    assert.deepEqual([answer.status, answer.code], [403, 'DENIED'])
  }
})
