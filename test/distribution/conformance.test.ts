// What the OCI distribution specification asks of a registry for manifests, listings and deletes (MUST, and SHOULD where it names one), through a socket, as its
// conformance suites 1.0.1, 1.1.1 and that of 2026 look at it. Our own words and code; the names in brackets are those suites' workflows.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'

import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { ociIndexType, ociManifestType } from '../support/registry.ts'
import {
  assertManifest,
  at,
  base,
  descriptorOf,
  makeImage,
  makeIndex,
  openClient,
  push,
  put,
  type Client,
  type Image,
} from './conformance-client.ts'

test('the version check is 200', async (t) => {
  const client = await openClient(t)
  assert.equal((await client.send('GET', '/v2/')).status, 200)
})

for (const algorithm of ['sha256', 'sha512'] as const) {
  test(`[push] [pull] images, an index and an index of it under ${algorithm}, by digest and with tags in the query`, async (t) => {
    const client = await openClient(t)
    const images = [await makeImage(client, { algorithm }), await makeImage(client, { algorithm })]
    const index = makeIndex(images, {}, algorithm)
    const nested = makeIndex([index, index], {}, algorithm)
    for (const [position, image] of [...images, index, nested].entries()) {
      const response = await put(client, image, `${image.digest}?tag=one-${position}&tag=two-${position}`)
      const tags = response.headers
        .get('oci-tag')
        ?.split(',')
        .map((tag) => tag.trim())
      assert.deepEqual(tags, [`one-${position}`, `two-${position}`])
      for (const reference of [
        response.headers.get('location') ?? '',
        at(image.digest),
        at(`one-${position}`),
        at(`two-${position}`),
      ]) {
        await assertManifest(client, reference, image)
      }
    }
    for (const image of [nested, index, ...images]) {
      assert.equal((await client.send('DELETE', `${base}/manifests/${image.digest}`)).status, 202)
      for (const method of ['GET', 'HEAD'])
        assert.equal((await client.send(method, `${base}/manifests/${image.digest}`)).status, 404)
    }
  })
}

describe('[push] [pull] manifests of every kind', () => {
  const emptyConfig = { config: '{}', configType: 'application/vnd.oci.empty.v1+json' }
  const kinds: readonly [kind: string, make: (client: Client) => Promise<Image>][] = [
    ['an image', (client) => makeImage(client)],
    ['an image without layers', (client) => makeImage(client, { layers: 0 })],
    [
      'an image whose manifest has 3.9 MB',
      (client) =>
        makeImage(client, {
          more: {
            annotations: Object.fromEntries(Array.from({ length: 390 }, (_, key) => [`a-${key}`, 'A'.repeat(10_000)])),
          },
        }),
    ],
    [
      'an artifact with an empty config',
      (client) =>
        makeImage(client, { ...emptyConfig, layers: 1, more: { artifactType: 'application/vnd.example.test' } }),
    ],
    [
      'an artifact without content',
      async (client) => {
        const digest = await push(client, '{}')
        const layers = [{ mediaType: 'application/vnd.oci.empty.v1+json', digest, size: 2 }]
        return makeImage(client, { ...emptyConfig, more: { artifactType: 'application/vnd.example.test', layers } })
      },
    ],
    [
      'an image with members of its own',
      (client) => makeImage(client, { more: { 'org.example.x': { y: [1, null] } } }),
    ],
    [
      'an image with data in its descriptors',
      async (client) => {
        const digest = await push(client, 'inline')
        return makeImage(client, {
          more: {
            layers: [{ mediaType: 'text/plain', digest, size: 6, data: Buffer.from('inline').toString('base64') }],
          },
        })
      },
    ],
    [
      'an image with layers that are not distributed',
      (client) =>
        makeImage(client, {
          more: {
            layers: [
              {
                mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
                digest: digestOf('elsewhere'),
                size: 123_456,
                urls: ['https://store.example.com/x'],
              },
            ],
          },
        }),
    ],
    ['an empty index', () => Promise.resolve(makeIndex([]))],
    [
      'an artifact index',
      async (client) => {
        const child = await makeImage(client, { ...emptyConfig, layers: 1 })
        await put(client, child, child.digest)
        return makeIndex([child], { artifactType: 'application/vnd.example.test' })
      },
    ],
  ]
  for (const [kind, make] of kinds) {
    test(kind, async (t) => {
      const client = await openClient(t)
      const image = await make(client)
      await put(client, image, image.digest)
      const response = await put(client, image, 'v1')
      for (const reference of [response.headers.get('location') ?? '', at(image.digest), at('v1')])
        await assertManifest(client, reference, image)
    })
  }
})

describe('[pull] [push] what is refused', () => {
  test('a manifest or blob that is not there is 404', async (t) => {
    const client = await openClient(t)
    const missing = digestOf(randomBytes(10))
    for (const reference of [missing, 'missing', '.INVALID_MANIFEST_NAME']) {
      for (const method of ['GET', 'HEAD'])
        assert.equal((await client.send(method, `${base}/manifests/${reference}`)).status, 404)
    }
    for (const method of ['GET', 'HEAD'])
      assert.equal((await client.send(method, `${base}/blobs/${missing}`)).status, 404)
  })
  test('a manifest under the digest of other bytes, or under none, is 400 with an error of the specified form', async (t) => {
    const client = await openClient(t)
    const image = await makeImage(client)
    for (const reference of [digestOf('other'), 'sha256:baddigeststring']) {
      const refused = await client.send('PUT', `${base}/manifests/${reference}`, image.text, {
        'content-type': image.type,
      })
      assert.equal(refused.status, 400)
      const { errors } = (await refused.json()) as { errors: { code: string; message: string }[] } // the form that is tested
      assert.deepEqual(
        errors.map(({ code, message }) => [code, typeof message]),
        [['DIGEST_INVALID', 'string']],
      )
    }
    assert.ok([400, 404].includes((await client.send('GET', `${base}/manifests/sha256:baddigeststring`)).status))
  })
  test('a manifest that names what is not there is MANIFEST_BLOB_UNKNOWN', async (t) => {
    const client = await openClient(t)
    const ghost: Image = { text: 'ghost', digest: digestOf('ghost'), type: ociManifestType }
    const index = makeIndex([ghost])
    const refused = await client.send('PUT', `${base}/manifests/sparse`, index.text, { 'content-type': index.type })
    assert.equal(refused.status, 400)
    const { errors } = (await refused.json()) as { errors: { code: string }[] } // the form that is tested
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['MANIFEST_BLOB_UNKNOWN'],
    )
  })
})

describe('[content discovery]', () => {
  test('tags come in order, with n and last, and a link to the rest', async (t) => {
    const client = await openClient(t)
    const listed = async (query: string) => {
      const response = await client.send('GET', `${base}/tags/list${query}`)
      assert.equal(response.status, 200)
      const { name, tags } = (await response.json()) as { name: string; tags: string[] } // the form that is tested
      assert.equal(name, 'team/app')
      return { tags, link: response.headers.get('link') }
    }
    assert.deepEqual(await listed(''), { tags: [], link: null })
    const image = await makeImage(client)
    const tags = ['test0', 'test1', 'test2', 'test3', 'TEST', '0']
    for (const tag of tags) await put(client, image, tag)
    const sorted = tags.toSorted()
    assert.deepEqual(await listed(''), { tags: sorted, link: null })
    assert.deepEqual(await listed('?n=0'), { tags: [], link: null })
    const page = await listed('?n=4')
    assert.deepEqual(page.tags, sorted.slice(0, 4))
    const rest = await client.send('GET', /^<(.*)>; rel="next"$/.exec(page.link ?? '')?.[1] ?? assert.fail())
    assert.deepEqual(await rest.json(), { name: 'team/app', tags: sorted.slice(4) })
    assert.deepEqual((await listed(`?n=2&last=${sorted[2]}`)).tags, sorted.slice(3, 5))
    assert.deepEqual((await listed(`?last=${sorted[2]}`)).tags, sorted.slice(3))
  })

  test('referrers of images and indexes, present or missing, all or of one type', async (t) => {
    const client = await openClient(t)
    const referrersOf = async (digest: Digest, query = '') => {
      const response = await client.send('GET', `${base}/referrers/${digest}${query}`)
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, ociIndexType])
      const index = (await response.json()) as {
        schemaVersion: number
        mediaType: string
        manifests: { digest: string }[]
      } // the form that is tested
      assert.deepEqual([index.schemaVersion, index.mediaType], [2, ociIndexType])
      return {
        manifests: index.manifests.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
        filters: response.headers.get('oci-filters-applied'),
      }
    }
    assert.deepEqual(await referrersOf(digestOf('nothing')), { manifests: [], filters: null })
    const image = await makeImage(client)
    await put(client, image, 'subject')
    const index = makeIndex([image])
    await put(client, index, 'subject-index')
    const ghost: Image = { text: 'missing content', digest: digestOf('missing content'), type: ociManifestType }
    for (const subject of [image, index, ghost]) {
      const annotations = { 'org.example.of': subject.digest }
      const referrers = [
        {
          artifactType: 'application/vnd.example.a+json',
          image: await makeImage(client, {
            layers: 1,
            more: { subject: descriptorOf(subject), artifactType: 'application/vnd.example.a+json', annotations },
          }),
        },
        {
          artifactType: 'application/vnd.example.b',
          image: await makeImage(client, {
            layers: 0,
            config: '{}',
            configType: 'application/vnd.example.b',
            more: { subject: descriptorOf(subject), annotations },
          }),
        },
        {
          artifactType: 'application/vnd.example.c',
          image: makeIndex([], {
            subject: descriptorOf(subject),
            artifactType: 'application/vnd.example.c',
            annotations,
          }),
        },
      ]
      for (const [position, referrer] of referrers.entries()) {
        const pushed = await put(client, referrer.image, position === 0 ? 'tagged-artifact' : referrer.image.digest)
        assert.equal(pushed.headers.get('oci-subject'), subject.digest)
      }
      const expected = referrers.map((referrer) => ({
        ...descriptorOf(referrer.image),
        artifactType: referrer.artifactType,
        annotations,
      }))
      assert.deepEqual(await referrersOf(subject.digest), {
        manifests: expected.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
        filters: null,
      })
      for (const item of expected) {
        const filtered = await referrersOf(
          subject.digest,
          `?${new URLSearchParams({ artifactType: item.artifactType }).toString()}`,
        )
        assert.deepEqual(filtered, { manifests: [item], filters: 'artifactType' })
      }
      for (const referrer of referrers)
        assert.equal((await client.send('DELETE', `${base}/manifests/${referrer.image.digest}`)).status, 202)
      assert.deepEqual((await referrersOf(subject.digest)).manifests, [])
    }
    assert.equal((await client.send('GET', `${base}/referrers/sha256:bad`)).status, 400)
  })
})

test('[content management] a tag, then the manifest, then its blobs can be deleted, each 404 at once', async (t) => {
  const client = await openClient(t)
  const image = await makeImage(client)
  await put(client, image, 'tagtest0')
  assert.equal((await client.send('DELETE', `${base}/manifests/tagtest0`)).status, 202)
  assert.equal((await client.send('HEAD', `${base}/manifests/tagtest0`)).status, 404)
  assert.equal((await client.send('DELETE', `${base}/manifests/${image.digest}`)).status, 202)
  assert.equal((await client.send('GET', `${base}/manifests/${image.digest}`)).status, 404)
  const { config, layers } = JSON.parse(image.text) as { config: { digest: string }; layers: { digest: string }[] } // made by makeImage
  for (const { digest } of [config, ...layers]) {
    assert.equal((await client.send('DELETE', `${base}/blobs/${digest}`)).status, 202)
    assert.equal((await client.send('HEAD', `${base}/blobs/${digest}`)).status, 404)
  }
  const tags = await client.send('GET', `${base}/tags/list`)
  assert.deepEqual(await tags.json(), { name: 'team/app', tags: [] })
})
