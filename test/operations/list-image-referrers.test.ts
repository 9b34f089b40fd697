import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { digestOf } from '../../src/lib/digest.ts'
import { listImageReferrers } from '../../src/operations/private/list-image-referrers.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import {
  account,
  givenImage,
  givenLayer,
  givenRepository,
  manifestOf,
  ociIndexType,
  ociManifestType,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { givenImages, testPagingRules } from './paging-rules.ts'
import { testRepositoryRules } from './repository-rules.ts'

const subject = { mediaType: ociManifestType, digest: digestOf('the subject'), size: 11 }
const subjectId = { imageDigest: subject.digest }
const configType = 'application/vnd.oci.image.config.v1+json'

testRepositoryRules(listImageReferrers, 'ListImageReferrers', { subjectId })

testPagingRules({
  operation: listImageReferrers,
  member: 'referrers',
  maxResultsMax: 50,
  input: { repositoryName: 'app', subjectId },
  given: (registry) => givenImages(registry, 4, () => undefined, { subject }),
  others: [
    { subjectId: { imageDigest: digestOf('another') } },
    { filter: { artifactTypes: [configType] } },
    { filter: { artifactStatus: 'ACTIVE' } },
  ],
  otherOperation: { operation: listImages, input: { repositoryName: 'app' } },
})

/** A referrer as it is shown. */
function referrer(
  image: { readonly digest: string; readonly manifest: string },
  more: Readonly<Record<string, unknown>>,
) {
  const size = Buffer.byteLength(image.manifest)
  return { digest: image.digest, mediaType: ociManifestType, size, artifactStatus: 'ACTIVE', ...more }
}

function byDigest(referrers: readonly { readonly digest: string }[]) {
  return { referrers: referrers.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)) }
}

describe('referrers', () => {
  test('are told whole, whether the subject is there or not', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const input = { registryId: account, repositoryName: 'app', subjectId }
    assert.deepEqual(await call(registry, listImageReferrers, input), { referrers: [] })
    const annotations = { 'org.example.a': 'é', __proto__x: '', number: 7, list: [] }
    const plain = await givenImage(registry, 'app', 'tagged', 'plain', { subject })
    const typed = await givenImage(registry, 'app', undefined, 'typed', {
      subject,
      artifactType: 'application/x',
      annotations,
    })
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [], subject })
    await call(registry, putImage, { repositoryName: 'app', imageManifest })
    const index = { digest: digestOf(imageManifest), manifest: imageManifest }
    // Those of another subject, and of none, are not among them.
    await givenImage(registry, 'app', undefined, 'other', { subject: { ...subject, digest: plain.digest } })
    await givenImage(registry, 'app', undefined, 'none')
    assert.deepEqual(
      await call(registry, listImageReferrers, input),
      byDigest([
        referrer(plain, { artifactType: configType }),
        referrer(typed, {
          artifactType: 'application/x',
          annotations: { 'org.example.a': 'é', __proto__x: '' },
        }),
        referrer(index, { mediaType: ociIndexType }),
      ]),
    )
  })

  test('an annotation called __proto__ is an annotation', async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    const contents = ['{}', 'layer']
    for (const content of contents) await givenLayer(registry, 'app', content)
    const manifest = manifestOf(contents, { subject, annotations: {} }).replace(
      '"annotations":{}',
      '"annotations":{"__proto__":"polluted"}',
    )
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest })
    const answer = await call(registry, listImageReferrers, { repositoryName: 'app', subjectId })
    const shown = {
      digest: digestOf(manifest),
      mediaType: ociManifestType,
      artifactType: configType,
      size: manifest.length,
    }
    assert.equal(
      JSON.stringify(answer),
      JSON.stringify({ referrers: [{ ...shown, annotations: 'HERE', artifactStatus: 'ACTIVE' }] }).replace(
        '"HERE"',
        '{"__proto__":"polluted"}',
      ),
    )
  })
})

test('filters of artifact types and of storage class', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const one = await givenImage(registry, 'app', undefined, 'one', { subject, artifactType: 'application/x' })
  const two = await givenImage(registry, 'app', undefined, 'two', { subject, artifactType: 'application/y' })
  const x = referrer(one, { artifactType: 'application/x' })
  const y = referrer(two, { artifactType: 'application/y' })
  for (const [filter, found] of [
    [null, [x, y]],
    [{}, [x, y]],
    [{ artifactTypes: [] }, [x, y]],
    [{ artifactTypes: ['application/x'] }, [x]],
    [{ artifactTypes: ['application/z', 'application/y', 'application/x'] }, [x, y]],
    [{ artifactTypes: ['application/%'] }, []],
    [{ artifactTypes: ['Application/x'] }, []],
    [{ artifactStatus: 'ANY' }, [x, y]],
    [{ artifactStatus: 'ACTIVE', artifactTypes: ['application/y'] }, [y]],
    [{ artifactStatus: 'ARCHIVED' }, []],
    [{ artifactStatus: 'ACTIVATING' }, []],
  ] as const) {
    assert.deepEqual(
      await call(registry, listImageReferrers, { repositoryName: 'app', subjectId, filter }),
      byDigest(found),
      JSON.stringify(filter),
    )
  }
})

test('J11 J12 subjects and filters that are none', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const hex = 'a'.repeat(64)
  const badDigest = invalid('imageDigest', `must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'`)
  for (const imageDigest of ['', 'latest', 'sha256:', `sha256:${hex}a`, `sha256:${'A'.repeat(64)}`, 'md5:00']) {
    await assertRefused(registry, listImageReferrers, { repositoryName: 'app', subjectId: { imageDigest } }, badDigest)
  }
  for (const [change, refusal] of [
    [{ subjectId: undefined }, invalid('subjectId', 'must not be null')],
    [{ subjectId: {} }, invalid('subjectId.imageDigest', 'must not be null')],
    [{ subjectId: { imageTag: 'latest' } }, invalid('subjectId.imageDigest', 'must not be null')],
    [{ subjectId: subject.digest }, wrongType('subjectId must be an object')],
    [{ subjectId: { imageDigest: 1 } }, wrongType('subjectId.imageDigest must be a string')],
    [
      { filter: { artifactTypes: ['1', '2', '3', '4', '5', '6'] } },
      invalid('filter.artifactTypes', 'must have length less than or equal to 5'),
    ],
    [
      { filter: { artifactTypes: ['x', ''] } },
      invalid('filter.artifactTypes.2.member', 'must have length greater than or equal to 1'),
    ],
    [
      { filter: { artifactTypes: ['x'.repeat(256)] } },
      invalid('filter.artifactTypes.1.member', 'must have length less than or equal to 255'),
    ],
    [
      { filter: { artifactStatus: 'NONE' } },
      invalid('filter.artifactStatus', 'Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]'),
    ],
    [{ filter: { artifactTypes: 'x' } }, wrongType('filter.artifactTypes must be a list')],
  ] as const) {
    await assertRefused(registry, listImageReferrers, { repositoryName: 'app', subjectId, ...change }, refusal)
  }
})

test('a page has twenty referrers by default', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const contents = ['{}', 'layer']
  for (const content of contents) await givenLayer(registry, 'app', content)
  const digests: string[] = []
  for (let at = 0; at < 21; at++) {
    const imageManifest = manifestOf(contents, { subject, annotations: { at: String(at) } })
    digests.push(digestOf(imageManifest))
    await call(registry, putImage, { repositoryName: 'app', imageManifest })
  }
  const first = await registry.perform(listImageReferrers, { repositoryName: 'app', subjectId })
  const second = await registry.perform(listImageReferrers, {
    repositoryName: 'app',
    subjectId,
    nextToken: first.nextToken,
  })
  const pages = [first, second].map(({ referrers }) => referrers?.map(({ digest }) => digest))
  assert.deepEqual(pages, [digests.toSorted().slice(0, 20), digests.toSorted().slice(20)])
  assert.equal(second.nextToken, undefined)
})
