// ListTagsForResource: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListTagsForResource.html

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { listTagsForResource } from '../../src/operations/private/list-tags-for-resource.ts'
import { account } from '../support/registry.ts'
import { testArnRules } from './arn-rules.ts'
import { call, openRegistry } from './calls.ts'
import { arnOf, resourceTags } from './refusals.ts'

testArnRules(listTagsForResource, 'ListTagsForResource', {})

const registry = await openRegistry({ after })

test('a repository without tags has an empty list', async () => {
  await registry.perform(createRepository, { repositoryName: 'bare' })
  assert.deepEqual(await call(registry, listTagsForResource, { resourceArn: arnOf('bare') }), { tags: [] })
})

test('all 50 in one answer, by key', async () => {
  const tags = resourceTags(50)
  await registry.perform(createRepository, { repositoryName: 'full', tags })
  assert.deepEqual(await call(registry, listTagsForResource, { resourceArn: arnOf('full') }), {
    tags: tags.toSorted((a, b) => (a.Key < b.Key ? -1 : 1)),
  })
})

test('a name with slashes, in a region of another partition', async () => {
  const ctx = registry.ctx({ region: 'cn-north-1' })
  const tags = [{ Key: 'k', Value: 'v' }]
  await registry.perform(createRepository, { repositoryName: 'team/app/api', tags }, ctx)
  const resourceArn = `arn:aws-cn:ecr:cn-north-1:${account}:repository/team/app/api`
  assert.deepEqual(await call(registry, listTagsForResource, { resourceArn }, ctx), { tags })
})
