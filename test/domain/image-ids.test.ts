import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { checkImageDigest, checkImageTag, distinctImageIds, resolveImageId } from '../../src/domain/image-ids.ts'
import { digestOf } from '../../src/lib/digest.ts'
import { account, givenImage, givenRepository, openTestRegistry, region } from '../support/registry.ts'

const digestPattern = "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
const invalid = (parameter: string, constraint: string) => ({
  name: 'InvalidParameterException',
  message: `Invalid parameter at '${parameter}' failed to satisfy constraint: '${constraint}'`,
})

describe('J10 a tag', () => {
  for (const tag of ['a', '_', '0', 'latest', 'V1.2-rc_3', '__proto__', 'constructor', 'sha256-abc', 't'.repeat(300)]) {
    test(`${tag.slice(0, 20)} is one`, () => checkImageTag(tag))
  }

  for (const tag of [
    '',
    't'.repeat(301),
    'a:b',
    'a/b',
    'sha256:abc',
    '../x',
    '-x',
    '.x',
    'a b',
    'a\n',
    '\na',
    'a\nb',
    'a\0',
    'é',
    'а',
    'a%2f',
    "a'--",
  ]) {
    test(`${JSON.stringify(tag).slice(0, 20)} is none`, () =>
      assert.throws(
        () => checkImageTag(tag),
        invalid('imageTag', "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'"),
      ))
  }
})

test('J11 a digest is parsed, or refused under the name of its parameter', () => {
  const digest = digestOf('x')
  assert.equal(checkImageDigest(digest), digest)
  assert.throws(() => checkImageDigest(digest.toUpperCase()), invalid('imageDigest', digestPattern))
  assert.throws(() => checkImageDigest('md5:00', 'layerDigest'), invalid('layerDigest', digestPattern))
})

test('identifiers given twice are one, in the order they came', () => {
  const [a, b] = [{ imageTag: 'a' }, { imageDigest: 'a' }]
  const both = { imageDigest: 'a', imageTag: 'a' }
  assert.deepEqual(distinctImageIds([b, a, both, { imageTag: 'a' }, {}, b, {}]), [b, a, both, {}])
  // A null in JSON and a text must not be told apart by luck.
  assert.deepEqual(distinctImageIds([{ imageTag: 'null' }, {}]), [{ imageTag: 'null' }, {}])
})

test('which image an identifier means', async (t) => {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  const { digest: first } = await givenImage(registry, 'app', 'first', 'one')
  const { digest: second } = await givenImage(registry, 'app', 'second', 'two')
  const reads = registry.services.metadata.read
  const repository = await reads.repositories.find({ kind: 'private', accountId: account, region }, 'app')
  assert.ok(repository)
  const absent = digestOf('absent')
  const failure = (failureCode: string, failureReason: string) => ({ failureCode, failureReason })
  const badDigest = failure(
    'InvalidImageDigest',
    "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  )
  const badTag = failure(
    'InvalidImageTag',
    "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9-_.]{0,299}'",
  )
  const differs = failure('ImageTagDoesNotMatchDigest', 'Requested image tag does not match the requested image digest')
  const notFound = failure('ImageNotFound', 'Requested image not found')
  const missing = failure('MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null')

  for (const [what, imageId, expected] of [
    ['a tag', { imageTag: 'first' }, { digest: first, tag: 'first' }],
    ['a digest', { imageDigest: first }, { digest: first, tag: undefined }],
    ['a digest of no image is for the caller to find out', { imageDigest: absent }, { digest: absent, tag: undefined }],
    ['both, and they agree', { imageDigest: first, imageTag: 'first' }, { digest: first, tag: 'first' }],
    ['both, and they do not agree', { imageDigest: second, imageTag: 'first' }, differs],
    ['a digest of no image with a tag', { imageDigest: absent, imageTag: 'first' }, differs],
    ['a digest with a tag that is not there', { imageDigest: first, imageTag: 'third' }, notFound],
    ['a tag that is not there', { imageTag: 'third' }, notFound],
    ['a tag in other case', { imageTag: 'FIRST' }, notFound],
    ['J22 a pattern for a tag', { imageTag: 'firs_' }, notFound],
    ['neither', {}, missing],
    ['J11 an upper-case digest', { imageDigest: first.toUpperCase() }, badDigest],
    ['an empty digest', { imageDigest: '' }, badDigest],
    ['J10 a tag that is none', { imageTag: 'a/b' }, badTag],
    ['an empty tag', { imageTag: '' }, badTag],
    ['both bad', { imageDigest: 'x', imageTag: '/' }, badDigest],
  ] as const) {
    await t.test(what, async () => {
      const resolved = await resolveImageId(reads, repository, imageId)
      assert.deepEqual(resolved, 'failureCode' in expected ? { failure: { imageId, ...expected } } : expected)
    })
  }
})
