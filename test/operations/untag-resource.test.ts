// UntagResource: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UntagResource.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { listTagsForResource } from '../../src/operations/private/list-tags-for-resource.ts'
import { untagResource } from '../../src/operations/private/untag-resource.ts'
import { testArnRules } from './arn-rules.ts'
import { assertRefused, call, invalid, openRegistry, type Refusal, wrongType } from './calls.ts'
import { arnOf, invalidTag } from './refusals.ts'

testArnRules(untagResource, 'UntagResource', { tagKeys: ['k'] })

const registry = await openRegistry({ after })
const tags = ['a', 'a_', 'ab', 'c'].map((Key) => ({ Key, Value: Key }))
for (const repositoryName of ['app', 'other']) await registry.perform(createRepository, { repositoryName, tags })

const hasTags = async (keys: readonly string[], name: string) =>
  assert.deepEqual(await call(registry, listTagsForResource, { resourceArn: arnOf(name) }), {
    tags: keys.map((Key) => ({ Key, Value: Key })),
  })

// In this order each row begins where the one before has ended.
for (const [what, tagKeys, left] of [
  ['no keys remove nothing', [], ['a', 'a_', 'ab', 'c']],
  ['a key that is not there is fine', ['absent', 'A'], ['a', 'a_', 'ab', 'c']],
  ['J22 an underscore is no wildcard', ['a_'], ['a', 'ab', 'c']],
  ['several go at once, a repeated and an absent one among them', ['c', 'a', 'a', 'absent'], ['ab']],
  ['the last one goes', ['ab'], []],
  ['none is left to go', ['ab'], []],
] as const) {
  test(`${what}; those of another repository stay`, async () => {
    assert.deepEqual(await call(registry, untagResource, { resourceArn: arnOf('app'), tagKeys }), {})
    await hasTags(left, 'app')
    await hasTags(['a', 'a_', 'ab', 'c'], 'other')
  })
}

test('a thousand keys in one call', async () => {
  await registry.perform(createRepository, { repositoryName: 'many', tags })
  const tagKeys = [...Array.from({ length: 1000 }, (_, at) => `k${at}`), 'a']
  assert.deepEqual(await call(registry, untagResource, { resourceArn: arnOf('many'), tagKeys }), {})
  await hasTags(['a_', 'ab', 'c'], 'many')
})

describe('what is refused removes nothing', () => {
  const length = invalidTag(invalid('tagKey', 'must have length between 1 and 128').message)
  const reserved = invalid('tagKey', 'aws: prefixed tag key names are not allowed for external use')
  const rows: readonly (readonly [tagKeys: unknown, Refusal])[] = [
    [undefined, invalid('tagKeys', 'must not be null')],
    ['a', wrongType('tagKeys must be a list')],
    [[1], wrongType('tagKeys.1 must be a string')],
    [[{ Key: 'a' }], wrongType('tagKeys.1 must be a string')],
    [['a', ''], length],
    [['a', 'k'.repeat(129)], length],
    [['a', 'aws:x'], invalidTag(reserved.message)],
    [['a', '*'], invalidTag('Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only')],
  ]
  for (const [tagKeys, refusal] of rows) {
    test(`${JSON.stringify(tagKeys)?.slice(0, 60)}: ${refusal.name}`, async () => {
      await assertRefused(registry, untagResource, { resourceArn: arnOf('other'), tagKeys }, refusal)
      await hasTags(['a', 'a_', 'ab', 'c'], 'other')
    })
  }
})
