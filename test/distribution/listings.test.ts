import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import {
  givenImage,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
  otherAccount,
} from '../support/registry.ts'
import { openPlane, type Answer, type Plane } from './plane.ts'

interface Referrers {
  readonly schemaVersion: number
  readonly mediaType: string
  readonly manifests: readonly {
    readonly digest: string
    readonly artifactType?: string
    readonly annotations?: unknown
  }[]
}

function next(answer: Answer): string | undefined {
  return /^<(?:http:\/\/localhost:4510)?([^>]*)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1]
}

/** Every page of a listing. */
async function pages(plane: Plane, first: string): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (
    let path: string | undefined = first;
    path !== undefined && answers.length < 100;
    path = next(answers.at(-1) ?? assert.fail())
  ) {
    answers.push(await plane.send('GET', path))
  }
  return answers
}

describe('tags', () => {
  // Byte order: digits, capitals, underscore, small letters.
  const tags = ['0', 'B', '_', 'a', 'a-b', 'a.b', 'aa', 'z']

  async function openTagged(t: Parameters<typeof openPlane>[0]): Promise<Plane> {
    const plane = await openPlane(t)
    await givenRepository(plane.registry, 'app')
    const { manifest } = await givenImage(plane.registry, 'app', tags[0])
    for (const imageTag of tags.slice(1))
      await plane.registry.perform(putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
    return plane
  }
  const tagsOf = (answer: Answer) => (JSON.parse(answer.text) as { tags: string[] }).tags // the form is compared below

  test('all of them, in byte order, with n and last', async (t) => {
    const plane = await openTagged(t)
    const all = await plane.send('GET', '/v2/app/tags/list')
    assert.deepEqual(
      [all.status, all.headers['content-type'], JSON.parse(all.text), next(all)],
      [200, 'application/json', { name: 'app', tags: tags.toSorted() }, undefined],
    )
    const sorted = tags.toSorted()
    const some = await plane.send('GET', `/v2/app/tags/list?n=3&last=${sorted[1]}`)
    assert.deepEqual(tagsOf(some), sorted.slice(2, 5))
    assert.equal(next(some), `/v2/app/tags/list?n=3&last=${sorted[4]}`)
    assert.deepEqual((await pages(plane, '/v2/app/tags/list?n=3')).map(tagsOf), [
      sorted.slice(0, 3),
      sorted.slice(3, 6),
      sorted.slice(6),
    ])
    assert.deepEqual(
      tagsOf(await plane.send('GET', '/v2/app/tags/list?last=missing-between')),
      sorted.filter((tag) => tag > 'missing-between'),
    )
  })

  test('n = 0 is an empty list without a next page', async (t) => {
    const plane = await openTagged(t)
    const none = await plane.send('GET', '/v2/app/tags/list?n=0')
    assert.deepEqual([none.status, tagsOf(none), next(none)], [200, [], undefined])
  })

  test('D27 n that is no number is 400, a large one costs nothing, last may be any text', async (t) => {
    const plane = await openTagged(t)
    for (const n of ['-1', 'text', '1.5', '', '0x10', '9'.repeat(400)]) {
      const answer = await plane.send('GET', `/v2/app/tags/list?n=${n}`)
      assert.deepEqual([answer.status, answer.code], [400, 'PAGINATION_NUMBER_INVALID'], n)
    }
    assert.deepEqual(tagsOf(await plane.send('GET', '/v2/app/tags/list?n=1000000000')), tags.toSorted())
    for (const last of ['%00', '%ff%fe', "'%20or%201=1--", '%F0%9F%90%B3', '%']) {
      assert.equal((await plane.send('GET', `/v2/app/tags/list?last=${last}`)).status, 200, last)
    }
    assert.equal((await plane.send('GET', `/v2/app/tags/list?last=${'x'.repeat(5000)}`)).status, 400)
  })

  test('of a repository without any, and of none', async (t) => {
    const plane = await openPlane(t)
    await givenRepository(plane.registry, 'empty')
    assert.deepEqual(JSON.parse((await plane.send('GET', '/v2/empty/tags/list')).text), { name: 'empty', tags: [] })
    assert.equal((await plane.send('GET', '/v2/missing/tags/list')).code, 'NAME_UNKNOWN')
    assert.equal((await plane.send('GET', '/v2/missing/tags/list?n=0')).code, 'NAME_UNKNOWN')
  })
})

describe('_catalog', () => {
  test('pages the repositories of the registry in byte order', async (t) => {
    const plane = await openPlane(t)
    for (const name of ['team/b', 'app', 'team/a', 'a-b']) await givenRepository(plane.registry, name)
    const answers = await pages(plane, '/v2/_catalog?n=3')
    assert.deepEqual(
      answers.map((answer) => JSON.parse(answer.text)),
      [{ repositories: ['a-b', 'app', 'team/a'] }, { repositories: ['team/b'] }],
    )
  })
  test('D27 shows nothing of another account or region', async (t) => {
    const plane = await openPlane(t)
    await givenRepository(plane.registry, 'app')
    assert.equal((await plane.send('GET', '/v2/_catalog', { as: otherAccount })).status, 403)
    const own = { as: otherAccount, headers: { host: `${otherAccount}.dkr.ecr.us-east-1.localhost:4510` } }
    assert.deepEqual(JSON.parse((await plane.send('GET', '/v2/_catalog', own)).text), { repositories: [] })
    const region = { headers: { host: '123456789012.dkr.ecr.eu-west-1.localhost:4510' } }
    assert.deepEqual(JSON.parse((await plane.send('GET', '/v2/_catalog', region)).text), { repositories: [] })
  })
})

describe('referrers', () => {
  const listed = (answer: Answer) => JSON.parse(answer.text) as Referrers // the form is compared below

  async function openReferred(t: Parameters<typeof openPlane>[0], count: number) {
    const plane = await openPlane(t)
    await givenRepository(plane.registry, 'app')
    const subject = await givenImage(plane.registry, 'app', 'v1')
    const descriptor = { mediaType: ociManifestType, digest: subject.digest, size: subject.manifest.length }
    const contents = ['{"config":"one"}']
    for (let at = 0; at < count; at++) {
      const artifactType = at % 2 === 0 ? 'application/vnd.even+json' : 'application/vnd.odd+json'
      const imageManifest = manifestOf(contents, { subject: descriptor, artifactType, annotations: { at: String(at) } })
      await plane.registry.perform(putImage, { repositoryName: 'app', imageManifest })
    }
    return { plane, subject: subject.digest, descriptor }
  }

  test('are an index of descriptors with type and annotations', async (t) => {
    const { plane, subject, descriptor } = await openReferred(t, 0)
    const manifest = manifestOf(['{"config":"one"}'], { subject: descriptor, annotations: { of: 'me' } })
    await plane.registry.perform(putImage, { repositoryName: 'app', imageManifest: manifest })
    const answer = await plane.send('GET', `/v2/app/referrers/${subject}`)
    assert.deepEqual(
      [answer.status, answer.headers['content-type'], answer.headers['oci-filters-applied']],
      [200, ociIndexType, undefined],
    )
    assert.deepEqual(JSON.parse(answer.text), {
      schemaVersion: 2,
      mediaType: ociIndexType,
      manifests: [
        {
          mediaType: ociManifestType,
          digest: digestOf(manifest),
          size: manifest.length,
          // An image without an artifactType is listed under its config's type.
          artifactType: 'application/vnd.oci.image.config.v1+json',
          annotations: { of: 'me' },
        },
      ],
    })
  })

  test('can be filtered, with + encoded or not', async (t) => {
    const { plane, subject } = await openReferred(t, 5)
    for (const type of ['application/vnd.odd%2Bjson', 'application/vnd.odd+json']) {
      const answer = await plane.send('GET', `/v2/app/referrers/${subject}?artifactType=${type}`)
      assert.equal(answer.headers['oci-filters-applied'], 'artifactType')
      assert.deepEqual(
        listed(answer).manifests.map((item) => item.artifactType),
        ['application/vnd.odd+json', 'application/vnd.odd+json'],
      )
    }
    const none = await plane.send('GET', `/v2/app/referrers/${subject}?artifactType=application/x`)
    assert.deepEqual(
      [none.status, listed(none).manifests, none.headers['oci-filters-applied']],
      [200, [], 'artifactType'],
    )
  })

  test('of nothing are an empty index, never 404', async (t) => {
    const { plane } = await openReferred(t, 0)
    for (const name of ['app', 'missing']) {
      const answer = await plane.send('GET', `/v2/${name}/referrers/${digestOf('nothing')}`)
      assert.deepEqual(
        [answer.status, JSON.parse(answer.text)],
        [200, { schemaVersion: 2, mediaType: ociIndexType, manifests: [] }],
      )
    }
  })

  test('beyond a thousand come in pages', async (t) => {
    const { plane, subject } = await openReferred(t, 1010)
    const answers = await pages(plane, `/v2/app/referrers/${subject}`)
    assert.deepEqual(
      answers.map((answer) => listed(answer).manifests.length),
      [1000, 10],
    )
    const digests = answers.flatMap((answer) => listed(answer).manifests.map((item) => item.digest))
    assert.equal(new Set(digests).size, 1010)
    const filtered = await pages(plane, `/v2/app/referrers/${subject}?artifactType=application/vnd.odd%2Bjson`)
    assert.deepEqual(
      filtered.map((answer) => listed(answer).manifests.length),
      [505],
    )
    const forged = await plane.send('GET', `/v2/app/referrers/${subject}?nextToken=forged`)
    assert.deepEqual([forged.status, forged.code], [400, 'UNSUPPORTED'])
  })

  test('are not for another account', async (t) => {
    const { plane, subject } = await openReferred(t, 1)
    assert.equal((await plane.send('GET', `/v2/app/referrers/${subject}`, { as: otherAccount })).status, 403)
    assert.equal((await plane.send('GET', `/v2/missing/referrers/${subject}`, { as: otherAccount })).status, 403)
  })
})
