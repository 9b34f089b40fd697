import assert from 'node:assert/strict'
import { test } from 'node:test'

import { batchDeleteImage } from '../../src/operations/private/batch-delete-image.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { account, givenImage, givenRepository } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { givenImages, testPagingRules } from './paging-rules.ts'
import { testRepositoryRules } from './repository-rules.ts'

testRepositoryRules(listImages, 'ListImages', {})

const listing = { operation: listImages, member: 'imageIds', maxResultsMax: 1000, input: { repositoryName: 'app' } }

testPagingRules({
  ...listing,
  // Two items of two tags of one image, and the untagged ones.
  given: async (registry) => {
    const { manifest } = await givenImage(registry, 'app', 'v1', 'twice')
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag: 'v2' })
    await givenImages(registry, 2, () => undefined)
  },
  others: [{ filter: { tagStatus: 'TAGGED' } }, { filter: { imageStatus: 'ACTIVE' } }],
  otherOperation: { operation: describeImages, input: { repositoryName: 'app' } },
})

test('an entry for each tag, one for an untagged image, in the order of digests', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  assert.deepEqual(await call(registry, listImages, { repositoryName: 'app' }), { imageIds: [] })
  const one = await givenImage(registry, 'app', 'b', 'one')
  await call(registry, putImage, { repositoryName: 'app', imageManifest: one.manifest, imageTag: 'B' })
  await call(registry, putImage, { repositoryName: 'app', imageManifest: one.manifest, imageTag: 'a' })
  const two = await givenImage(registry, 'app', undefined, 'two')
  const tagged = ['B', 'a', 'b'].map((imageTag) => ({ imageDigest: one.digest, imageTag }))
  const untagged = [{ imageDigest: two.digest }]
  const any = one.digest < two.digest ? [...tagged, ...untagged] : [...untagged, ...tagged]
  for (const [filter, imageIds] of [
    [undefined, any],
    [null, any],
    [{}, any],
    [{ tagStatus: null, imageStatus: null }, any],
    [{ tagStatus: 'ANY' }, any],
    [{ imageStatus: 'ANY' }, any],
    [{ imageStatus: 'ACTIVE' }, any],
    [{ tagStatus: 'TAGGED' }, tagged],
    [{ tagStatus: 'UNTAGGED' }, untagged],
    [{ tagStatus: 'TAGGED', imageStatus: 'ANY' }, tagged],
    [{ imageStatus: 'ARCHIVED' }, []],
    [{ imageStatus: 'ACTIVATING' }, []],
  ]) {
    assert.deepEqual(await call(registry, listImages, { registryId: account, repositoryName: 'app', filter }), {
      imageIds,
    })
  }
})

test('filters that are none', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const tagStatus = invalid('filter.tagStatus', 'Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]')
  for (const [filter, refusal] of [
    [{ tagStatus: 'tagged' }, tagStatus],
    [{ tagStatus: '' }, tagStatus],
    [
      { imageStatus: 'X' },
      invalid('filter.imageStatus', 'Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]'),
    ],
    ['TAGGED', wrongType('filter must be an object')],
    [{ tagStatus: ['TAGGED'] }, wrongType('filter.tagStatus must be a string')],
  ] as const) {
    await assertRefused(registry, listImages, { repositoryName: 'app', filter }, refusal)
  }
})

for (const tagStatus of ['ANY', 'TAGGED', 'UNTAGGED'] as const) {
  test(`${tagStatus}: what is deleted between two pages neither hides nor repeats others`, async (t) => {
    const registry = await openRegistry(t)
    await givenRepository(registry, 'app')
    await givenImages(registry, 6, (seed) => (tagStatus === 'UNTAGGED' ? undefined : seed))
    const input = { repositoryName: 'app', filter: { tagStatus } }
    const { imageIds: whole = [] } = await registry.perform(listImages, input)
    const { nextToken } = await registry.perform(listImages, { ...input, maxResults: 3 })
    await registry.perform(batchDeleteImage, { repositoryName: 'app', imageIds: whole.slice(1, 3) })
    assert.deepEqual(await registry.perform(listImages, { ...input, nextToken }), {
      imageIds: whole.slice(3),
      nextToken: undefined,
    })
  })
}

test('a page has a hundred entries by default', async (t) => {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  const { digest, manifest } = await givenImage(registry, 'app', 't000')
  const tags = Array.from({ length: 101 }, (_, at) => `t${String(at).padStart(3, '0')}`)
  for (const imageTag of tags.slice(1)) {
    await call(registry, putImage, { repositoryName: 'app', imageManifest: manifest, imageTag })
  }
  const { imageIds, nextToken } = await registry.perform(listImages, { repositoryName: 'app' })
  assert.deepEqual(
    imageIds,
    tags.slice(0, 100).map((imageTag) => ({ imageDigest: digest, imageTag })),
  )
  assert.deepEqual(await call(registry, listImages, { repositoryName: 'app', nextToken }), {
    imageIds: [{ imageDigest: digest, imageTag: 't100' }],
  })
})
