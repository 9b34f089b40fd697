// TagResource: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_TagResource.html

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { listTagsForResource } from '../../src/operations/private/list-tags-for-resource.ts'
import { tagResource } from '../../src/operations/private/tag-resource.ts'
import { givenRepository } from '../support/registry.ts'
import { testArnRules } from './arn-rules.ts'
import { assertRefused, call, invalid, openRegistry, wrongType } from './calls.ts'
import { arnOf, badResourceTags, resourceTags, tooManyTags } from './refusals.ts'

testArnRules(tagResource, 'TagResource', { tags: [{ Key: 'k', Value: 'v' }] })

const registry = await openRegistry({ after })
const resourceArn = arnOf('app')
for (const name of ['app', 'kept']) await givenRepository(registry, name)

const put = (tags: unknown) => call(registry, tagResource, { resourceArn, tags })
const hasTags = async (tags: readonly unknown[], of = resourceArn) =>
  assert.deepEqual(await call(registry, listTagsForResource, { resourceArn: of }), { tags })

describe('tags', () => {
  // In this order each row begins where the one before has ended. Listed by key.
  for (const [what, given, listed] of [
    ['one is added', [{ Key: 'b', Value: '1' }], [{ Key: 'b', Value: '1' }]],
    [
      'others come beside it, a value may be empty',
      [
        { Key: 'c', Value: '' },
        { Key: 'a', Value: '2' },
      ],
      [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: '1' },
        { Key: 'c', Value: '' },
      ],
    ],
    [
      'one of the same key is overwritten',
      [{ Key: 'b', Value: 'new' }],
      [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: 'new' },
        { Key: 'c', Value: '' },
      ],
    ],
    [
      'keys differ by case',
      [{ Key: 'B', Value: '3' }],
      [
        { Key: 'B', Value: '3' },
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: 'new' },
        { Key: 'c', Value: '' },
      ],
    ],
    [
      'no tags change nothing',
      [],
      [
        { Key: 'B', Value: '3' },
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: 'new' },
        { Key: 'c', Value: '' },
      ],
    ],
  ] as const) {
    test(what, async () => {
      assert.deepEqual(await put(given), {})
      await hasTags(listed)
    })
  }

  test('letters, digits and blanks of any script and _ . : / = + - @ are kept as they are', async () => {
    await givenRepository(registry, 'scripts')
    const tags = [{ Key: 'Größe 1 日本_.:/=+-@', Value: ' ٣ \u3000x' }]
    assert.deepEqual(await call(registry, tagResource, { resourceArn: arnOf('scripts'), tags }), {})
    await hasTags(tags, arnOf('scripts'))
  })

  test('of one repository are not those of its namesake in another region', async () => {
    const far = registry.ctx({ region: 'eu-west-1' })
    await registry.perform(tagResource, { resourceArn, tags: [{ Key: 'here', Value: '' }] })
    const named = { resourceArn: resourceArn.replace('us-east-1', 'eu-west-1') }
    await assert.rejects(registry.perform(listTagsForResource, named, far), { name: 'RepositoryNotFoundException' })
  })
})

describe('J26 what is refused leaves the tags as they were', () => {
  for (const { what, tags, refusal } of badResourceTags) {
    test(`${what}: ${refusal.name}`, async () => {
      const json = { resourceArn: arnOf('kept'), tags: [...tags, { Key: 'good', Value: 'one' }] }
      await assertRefused(registry, tagResource, json, refusal)
      await hasTags([], arnOf('kept'))
    })
  }

  test('a 51st: TooManyTagsException; overwriting one of 50 is none', async () => {
    await givenRepository(registry, 'fifty')
    const fifty = resourceTags(50)
    const ofFifty = (tags: unknown) => ({ resourceArn: arnOf('fifty'), tags })
    await call(registry, tagResource, ofFifty(fifty))
    await assertRefused(registry, tagResource, ofFifty([{ Key: 'one more', Value: '' }]), tooManyTags)
    const changed = fifty.map(({ Key }) => ({ Key, Value: 'changed' }))
    await call(registry, tagResource, ofFifty(changed))
    await hasTags(
      changed.toSorted((a, b) => (a.Key < b.Key ? -1 : 1)),
      arnOf('fifty'),
    )
  })
})

describe('constraints', () => {
  for (const [tags, refusal] of [
    [undefined, invalid('tags', 'must not be null')],
    [[{ Value: 'v' }], invalid('tags.1.member.Key', 'must not be null')],
    [[{ Key: 'k', Value: 'v' }, { Key: 'k2' }], invalid('tags.2.member.Value', 'must not be null')],
    [[{ key: 'k', value: 'v' }], invalid('tags.1.member.Key', 'must not be null')],
    [{ k: 'v' }, wrongType('tags must be a list')],
    [[['k', 'v']], wrongType('tags.1 must be an object')],
    [[{ Key: 1, Value: 'v' }], wrongType('tags.1.Key must be a string')],
  ] as const) {
    test(`${JSON.stringify(tags)}: ${refusal.message}`, () =>
      assertRefused(registry, tagResource, { resourceArn, tags }, refusal))
  }
})
