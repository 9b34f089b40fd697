// TagResource, UntagResource, ListTagsForResource.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Operation } from '../../../src/operations/operation.ts'
import { listTagsForResource } from '../../../src/operations/public/list-tags-for-resource.ts'
import { tagResource } from '../../../src/operations/public/tag-resource.ts'
import { untagResource } from '../../../src/operations/public/untag-resource.ts'
import { account, givenRepository, otherAccount } from '../../support/registry.ts'
import { arnOf, denied, invalid, openPublic, repositoryNotFound, type Input } from './calls.ts'

const resourceArn = arnOf('app')
const tag = (Key: string, Value = '') => ({ Key, Value })
const operations: readonly (readonly [Operation, Input])[] = [
  [tagResource, { tags: [tag('k')] }],
  [untagResource, { tagKeys: ['k'] }],
  [listTagsForResource, {}],
]

describe('tags', () => {
  test('are added, overwritten, listed by key and removed', async (t) => {
    const { call, given } = await openPublic(t)
    await given('app', 'other')
    const has = async (...tags: readonly unknown[]) =>
      assert.deepEqual(await call(listTagsForResource, { resourceArn }), { tags })
    await has()
    assert.deepEqual(await call(tagResource, { resourceArn, tags: [tag('b', '1'), tag('a', 'ü')] }), {})
    await has(tag('a', 'ü'), tag('b', '1'))
    await call(tagResource, { resourceArn, tags: [tag('b', '2'), { Key: 'c' }] })
    await has(tag('a', 'ü'), tag('b', '2'), tag('c'))
    await call(tagResource, { resourceArn, tags: [] })
    assert.deepEqual(await call(untagResource, { resourceArn, tagKeys: ['a', 'b', 'never there'] }), {})
    await call(untagResource, { resourceArn, tagKeys: [] })
    await has(tag('c'))
    assert.deepEqual(await call(listTagsForResource, { resourceArn: arnOf('other') }), { tags: [] })
  })

  test('fifty are allowed, whoever came first', async (t) => {
    const { call, refused, given } = await openPublic(t)
    await given('app')
    const tags = Array.from({ length: 50 }, (_, at) => tag(`k${at}`))
    await call(tagResource, { resourceArn, tags })
    await call(tagResource, { resourceArn, tags: [tag('k0', 'new')] })
    await refused(
      tagResource,
      { resourceArn, tags: [tag('one more')] },
      {
        name: 'TooManyTagsException',
        message:
          'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50',
      },
    )
  })

  test('tags that are none', async (t) => {
    const { refused, given } = await openPublic(t)
    await given('app')
    const bad = (message: string) => ({ name: 'InvalidTagParameterException', message })
    const reserved = bad(invalid('tagKey', 'aws: prefixed tag key names are not allowed for external use').message)
    const characters = bad('Tag keys and values may hold letters, digits, white space and _ . : / = + - @ only')
    const atMost = (limit: number) => `must have length less than or equal to ${limit}`
    for (const [operation, input, refusal] of [
      [tagResource, { tags: [tag('aws:x')] }, reserved],
      [untagResource, { tagKeys: ['aws:x'] }, reserved],
      [tagResource, { tags: [tag('%')] }, characters],
      [untagResource, { tagKeys: ['%'] }, characters],
      [
        tagResource,
        { tags: [tag('k', '1'), tag('k', '2')] },
        bad("Duplicate tag keys found: 'k'. Tag keys must be unique"),
      ],
      [tagResource, { tags: [{ Value: '' }] }, bad(invalid('tagKey', 'must have length between 1 and 128').message)],
      [tagResource, { tags: [tag('')] }, invalid('tags.1.member.Key', 'must have length greater than or equal to 1')],
      [tagResource, { tags: [tag('k'.repeat(129))] }, invalid('tags.1.member.Key', atMost(128))],
      [tagResource, { tags: [tag('k', 'v'.repeat(257))] }, invalid('tags.1.member.Value', atMost(256))],
      [tagResource, { tags: Array.from({ length: 201 }, () => tag('k')) }, invalid('tags', atMost(200))],
      [tagResource, {}, invalid('tags', 'must not be null')],
      [untagResource, { tagKeys: [''] }, invalid('tagKeys.1.member', 'must have length greater than or equal to 1')],
      [untagResource, { tagKeys: ['k'.repeat(129)] }, invalid('tagKeys.1.member', atMost(128))],
      [untagResource, { tagKeys: Array.from({ length: 201 }, () => 'k') }, invalid('tagKeys', atMost(200))],
      [untagResource, {}, invalid('tagKeys', 'must not be null')],
    ] as const) {
      await refused(operation, { resourceArn, ...input }, refusal)
    }
  })
})

for (const [operation, input] of operations) {
  describe(`${operation.name}: the resource`, () => {
    test('is a public repository and nothing else', async (t) => {
      const { registry, refused } = await openPublic(t)
      await givenRepository(registry, 'app') // of the private registry
      const wrong = invalid('resourceArn', 'Invalid ARN')
      for (const [arn, refusal] of [
        [null, invalid('resourceArn', 'must not be null')],
        ['', invalid('resourceArn', 'must have length greater than or equal to 1')],
        ['a'.repeat(2049), invalid('resourceArn', 'must have length less than or equal to 2048')],
        ['app', wrong],
        [`arn:aws:ecr:us-east-1:${account}:repository/app`, wrong],
        [`arn:aws:ecr-public:us-east-1:${account}:repository/app`, wrong],
        [`arn:aws:ecr-public::${account}:registry/${account}`, wrong],
        ['arn:aws:ecr-public::12345:repository/app', wrong],
        [arnOf(''), wrong],
        [`${arnOf('app')}\n`, wrong],
        [arnOf('app'), repositoryNotFound('app')],
      ] as const) {
        await refused(operation, { ...input, resourceArn: arn }, refusal)
      }
    })

    test('of another account, there or not', async (t) => {
      const { refused, ctx, given } = await openPublic(t)
      await refused(operation, { ...input, resourceArn }, denied(operation.name, resourceArn), ctx(otherAccount))
      await given('app')
      await refused(operation, { ...input, resourceArn }, denied(operation.name, resourceArn), ctx(otherAccount))
    })
  })
}
