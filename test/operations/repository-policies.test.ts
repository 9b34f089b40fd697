// SetRepositoryPolicy, GetRepositoryPolicy, DeleteRepositoryPolicy, and what a policy then does to callers of every kind.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Context } from '../../src/domain/context.ts'
import { batchGetImage } from '../../src/operations/private/batch-get-image.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { deleteRepository } from '../../src/operations/private/delete-repository.ts'
import { deleteRepositoryPolicy } from '../../src/operations/private/delete-repository-policy.ts'
import { describeImages } from '../../src/operations/private/describe-images.ts'
import { getRepositoryPolicy } from '../../src/operations/private/get-repository-policy.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putImage } from '../../src/operations/private/put-image.ts'
import { setRepositoryPolicy } from '../../src/operations/private/set-repository-policy.ts'
import { tagResource } from '../../src/operations/private/tag-resource.ts'
import {
  account,
  givenImage,
  givenRepository,
  otherAccount,
  region,
  rootOf,
  type TestRegistry,
} from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry } from './calls.ts'
import { denied, repositoryNotFound } from './refusals.ts'
import { testRepositoryRules } from './repository-rules.ts'

const arn = `arn:aws:ecr:${region}:${account}:repository/app`
const theirs = { AWS: `arn:aws:iam::${otherAccount}:root` }

type Statement = Readonly<Record<string, unknown>>

const textOf = (...statements: readonly Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const pull: Statement = {
  Effect: 'Allow',
  Principal: theirs,
  Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
}

testRepositoryRules(setRepositoryPolicy, 'SetRepositoryPolicy', { policyText: textOf(pull) })
testRepositoryRules(getRepositoryPolicy, 'GetRepositoryPolicy', {})
testRepositoryRules(deleteRepositoryPolicy, 'DeleteRepositoryPolicy', {})

interface Opened {
  readonly registry: TestRegistry
  readonly other: Context
  readonly set: (...statements: readonly Statement[]) => Promise<unknown>
}

async function openApp(t: Parameters<typeof openRegistry>[0]): Promise<Opened> {
  const registry = await openRegistry(t)
  await givenRepository(registry, 'app')
  await givenImage(registry, 'app', 'v1')
  return {
    registry,
    other: registry.ctx({ caller: rootOf(otherAccount) }),
    set: (...statements) =>
      call(registry, setRepositoryPolicy, { repositoryName: 'app', policyText: textOf(...statements), force: true }),
  }
}

const explicitly = (action: string) => ({
  name: 'AccessDeniedException',
  message: `User: arn:aws:iam::${account}:root is not authorized to perform: ${action} on resource: ${arn} with an explicit deny in a resource-based policy`,
})

describe('the policy itself', () => {
  test('none, one, another one, none', async (t) => {
    const { registry, set } = await openApp(t)
    const input = { repositoryName: 'app' }
    const none = {
      name: 'RepositoryPolicyNotFoundException',
      message: `Repository policy does not exist for the repository with name 'app' in the registry with id '${account}'`,
    }
    for (const operation of [getRepositoryPolicy, deleteRepositoryPolicy])
      await assertRefused(registry, operation, input, none)
    const first = await set({ Effect: 'Allow', Principal: '*', Action: 'ecr:*', Sid: 'all of it', Resource: '*' })
    const policyText = `{
  "Version" : "2012-10-17",
  "Statement" : [ {
    "Sid" : "all of it",
    "Effect" : "Allow",
    "Principal" : "*",
    "Action" : "ecr:*",
    "Resource" : "*"
  } ]
}`
    assert.deepEqual(first, { registryId: account, repositoryName: 'app', policyText })
    assert.deepEqual(await call(registry, getRepositoryPolicy, input), first)
    const second = await set(pull)
    assert.notDeepEqual(second, first)
    assert.deepEqual(await call(registry, deleteRepositoryPolicy, input), second)
    for (const operation of [getRepositoryPolicy, deleteRepositoryPolicy])
      await assertRefused(registry, operation, input, none)
  })

  test('of a repository that is not there', async (t) => {
    const registry = await openRegistry(t)
    const refusal = repositoryNotFound('missing')
    await assertRefused(registry, setRepositoryPolicy, { repositoryName: 'missing', policyText: textOf(pull) }, refusal)
    for (const operation of [getRepositoryPolicy, deleteRepositoryPolicy])
      await assertRefused(registry, operation, { repositoryName: 'missing' }, refusal)
  })

  test('row P8: what is none is refused, and the one before it stays', async (t) => {
    const { registry, set } = await openApp(t)
    const before = await set(pull)
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      `${textOf(pull)} x`,
      textOf(),
      textOf({ ...pull, Action: 's3:GetObject' }),
      textOf({ ...pull, Effect: 'allow' }),
      textOf({ ...pull, Principal: undefined }),
      textOf({ ...pull, Condition: { StringIs: { 'aws:username': 'a' } } }),
      textOf({ ...pull, Principal: { AWS: 'somebody' } }),
      textOf(pull).replace('2012-10-17', '2030-01-01'),
    ]
    for (const policyText of wrong) {
      await assertRefused(
        registry,
        setRepositoryPolicy,
        { repositoryName: 'app', policyText },
        invalid('PolicyText', 'Invalid repository policy provided'),
      )
    }
    await assertRefused(
      registry,
      setRepositoryPolicy,
      { repositoryName: 'app', policyText: textOf(pull).padEnd(10_241) },
      invalid('policyText', 'must have length less than or equal to 10240'),
    )
    assert.deepEqual(await call(registry, getRepositoryPolicy, { repositoryName: 'app' }), before)
  })

  test('it goes with its repository', async (t) => {
    const { registry, other, set } = await openApp(t)
    await set(pull)
    await call(registry, deleteRepository, { repositoryName: 'app', force: true })
    await givenRepository(registry, 'app')
    const input = { registryId: account, repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    await assertRefused(registry, batchGetImage, input, denied(otherAccount, 'ecr:BatchGetImage', arn), other)
  })
})

describe('what it does', () => {
  test('row P10: another account may do what it says and nothing else, from the moment it is said until it is taken back', async (t) => {
    const { registry, other, set } = await openApp(t)
    const input = { registryId: account, repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    const refusal = denied(otherAccount, 'ecr:BatchGetImage', arn)
    await assertRefused(registry, batchGetImage, input, refusal, other)
    await set(pull)
    const { images } = await registry.perform(batchGetImage, input, other)
    assert.equal(images?.length, 1)
    await assertRefused(
      registry,
      listImages,
      { registryId: account, repositoryName: 'app' },
      denied(otherAccount, 'ecr:ListImages', arn),
      other,
    )
    await assertRefused(
      registry,
      putImage,
      { registryId: account, repositoryName: 'app', imageManifest: '{}' },
      denied(otherAccount, 'ecr:PutImage', arn),
      other,
    )
    await set({ ...pull, Principal: { AWS: '999999999999' } })
    await assertRefused(registry, batchGetImage, input, refusal, other)
    await set({ ...pull, Principal: '*' })
    await registry.perform(batchGetImage, input, other)
    await call(registry, deleteRepositoryPolicy, { repositoryName: 'app' })
    await assertRefused(registry, batchGetImage, input, refusal, other)
  })

  test('row P4: it is about its repository alone', async (t) => {
    const { registry, other, set } = await openApp(t)
    await set({ ...pull, Resource: '*' })
    for (const name of ['app-secret', 'app/secret', 'ap']) {
      await givenRepository(registry, name)
      const resource = `arn:aws:ecr:${region}:${account}:repository/${name}`
      const input = { registryId: account, repositoryName: name, imageIds: [{ imageTag: 'v1' }] }
      await assertRefused(registry, batchGetImage, input, denied(otherAccount, 'ecr:BatchGetImage', resource), other)
    }
  })

  test('a repository that is not there is refused as one that is', async (t) => {
    const { registry, other } = await openApp(t)
    const resource = `arn:aws:ecr:${region}:${account}:repository/missing`
    const input = { registryId: account, repositoryName: 'missing', imageIds: [{ imageTag: 'v1' }] }
    await assertRefused(registry, batchGetImage, input, denied(otherAccount, 'ecr:BatchGetImage', resource), other)
  })

  test('rows P1 and P9: a Deny stops the owner too, who can always take it back', async (t) => {
    const { registry, set } = await openApp(t)
    await set({ Effect: 'Deny', Principal: '*', Action: 'ecr:*' })
    await assertRefused(registry, listImages, { repositoryName: 'app' }, explicitly('ecr:ListImages'))
    await assertRefused(
      registry,
      deleteRepository,
      { repositoryName: 'app', force: true },
      explicitly('ecr:DeleteRepository'),
    )
    await call(registry, getRepositoryPolicy, { repositoryName: 'app' })
    await set(pull)
    await call(registry, listImages, { repositoryName: 'app' })
    await set({ Effect: 'Deny', Principal: '*', Action: 'ecr:*' })
    await call(registry, deleteRepositoryPolicy, { repositoryName: 'app' })
    await call(registry, listImages, { repositoryName: 'app' })
  })

  test('row P9: what locks the caller out needs force', async (t) => {
    const { registry } = await openApp(t)
    const set = (force: boolean | undefined, ...statements: readonly Statement[]) => ({
      repositoryName: 'app',
      policyText: textOf(...statements),
      ...(force === undefined ? {} : { force }),
    })
    const lockOut = { Effect: 'Deny', Principal: '*', Action: 'ecr:SetRepositoryPolicy' }
    const refusal = invalid(
      'PolicyText',
      'The policy does not allow the caller to set another policy: set force to set it all the same',
    )
    for (const force of [undefined, false])
      await assertRefused(registry, setRepositoryPolicy, set(force, lockOut), refusal)
    await call(registry, setRepositoryPolicy, set(undefined, { ...lockOut, Action: 'ecr:PutImage' }))
    await call(registry, setRepositoryPolicy, set(undefined, { ...lockOut, Principal: theirs }))
    await call(registry, setRepositoryPolicy, set(true, lockOut))
  })

  test('conditions on where a request comes from, and when', async (t) => {
    const { registry, set } = await openApp(t)
    const from = (address: string, isSecure = false, userAgent = 'docker/27') =>
      registry.ctx({ caller: rootOf(otherAccount), client: { address, isSecure, userAgent } })
    const input = { registryId: account, repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    const may = async (ctx: Context) =>
      registry.perform(batchGetImage, input, ctx).then(
        () => true,
        () => false,
      )
    await set({
      ...pull,
      Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' }, Bool: { 'aws:SecureTransport': 'true' } },
    })
    assert.deepEqual(
      await Promise.all([may(from('203.0.113.9', true)), may(from('203.0.113.9')), may(from('198.51.100.1', true))]),
      [true, false, false],
    )
    await set({ ...pull, Condition: { StringLike: { 'aws:UserAgent': 'docker/*' } } })
    assert.deepEqual(await Promise.all([may(from('::1')), may(from('::1', false, 'curl'))]), [true, false])
    const now = registry.services.clock.now()
    await set({ ...pull, Condition: { DateLessThan: { 'aws:CurrentTime': new Date(now + 1000).toISOString() } } })
    assert.equal(await may(from('::1')), true)
    registry.advance(2000)
    assert.equal(await may(from('::1')), false)
  })

  test('conditions on the repository’s tags and on those of the request', async (t) => {
    const { registry, other, set } = await openApp(t)
    const input = { registryId: account, repositoryName: 'app', imageIds: [{ imageTag: 'v1' }] }
    await set({ ...pull, Condition: { StringEquals: { 'aws:ResourceTag/Stage': 'prod' } } })
    await assertRefused(registry, batchGetImage, input, denied(otherAccount, 'ecr:BatchGetImage', arn), other)
    await call(registry, tagResource, { resourceArn: arn, tags: [{ Key: 'Stage', Value: 'prod' }] })
    await registry.perform(batchGetImage, input, other)
    await set({
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:TagResource',
      Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['Stage'] } },
    })
    await assertRefused(
      registry,
      tagResource,
      { resourceArn: arn, tags: [{ Key: 'Stage', Value: 'dev' }] },
      explicitly('ecr:TagResource'),
    )
    await call(registry, tagResource, { resourceArn: arn, tags: [{ Key: 'Team', Value: 'a' }] })
  })

  test('a condition on the tag of the image that is pushed, which AWS does not have', async (t) => {
    const { registry, set } = await openApp(t)
    await set({
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: { 'ForAnyValue:StringLike': { 'ecr:ImageTag': 'release-*' } },
    })
    await givenImage(registry, 'app', 'v2', 'two')
    await assert.rejects(givenImage(registry, 'app', 'release-1', 'three'), { name: 'AccessDeniedException' })
  })

  test('the root of the account without a policy, as ever', async (t) => {
    const { registry } = await openApp(t)
    await call(registry, createRepository, { repositoryName: 'new', tags: [{ Key: 'a', Value: 'b' }] })
    await call(registry, describeImages, { repositoryName: 'app' })
  })
})
