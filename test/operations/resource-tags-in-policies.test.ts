// A repository's tags as conditions of policies that are not its own: of who calls, of a boundary, of a session.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Caller } from '../../src/domain/context.ts'
import { createPolicy } from '../../src/operations/admin/identities/create-policy.ts'
import { putPermissionsBoundary } from '../../src/operations/admin/identities/put-permissions-boundary.ts'
import { createRepository } from '../../src/operations/private/create-repository.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import type { TestRegistry } from '../support/registry.ts'
import { accountId, allow, givenUser, policyArn, policyText, user } from './admin/identity-calls.ts'
import { openRegistry, toRefusal } from './calls.ts'
import { callerOf, givenTrust, mayAssume, open } from './sts/roles.ts'

/** The ECR user guide's sample of "Using tag-based access control", on its own key. */
const denyProd = {
  Effect: 'Deny',
  Action: 'ecr:*',
  Resource: '*',
  Condition: { StringEquals: { 'ecr:ResourceTag/environment': 'prod' } },
}
const onlyDev = {
  ...allow('ecr:*'),
  Condition: { StringEquals: { 'aws:ResourceTag/environment': 'dev' } },
}

async function maySee(registry: TestRegistry, caller: Caller): Promise<readonly string[]> {
  const seen: string[] = []
  for (const repositoryName of ['plain', 'dev', 'prod']) {
    try {
      await registry.perform(listImages, { repositoryName }, registry.ctx({ caller }))
      seen.push(repositoryName)
    } catch (error) {
      assert.equal(toRefusal(error).name, 'AccessDeniedException')
    }
  }
  return seen
}

async function openTagged(t: Parameters<typeof openRegistry>[0]): Promise<TestRegistry> {
  const registry = await openRegistry(t)
  await registry.perform(createRepository, { repositoryName: 'plain' })
  for (const stage of ['dev', 'prod']) {
    await registry.perform(createRepository, {
      repositoryName: stage,
      tags: [{ Key: 'environment', Value: stage }],
    })
  }
  return registry
}

test('a deny of the caller’s own policy', async (t) => {
  const registry = await openTagged(t)
  const { caller } = await givenUser(registry, 'ann', allow('ecr:*'), denyProd)
  assert.deepEqual(await maySee(registry, caller), ['plain', 'dev'])
})

test('an allowance of the caller’s own policy', async (t) => {
  const registry = await openTagged(t)
  const { caller } = await givenUser(registry, 'ann', onlyDev)
  assert.deepEqual(await maySee(registry, caller), ['dev'])
})

test('a boundary', async (t) => {
  const registry = await openTagged(t)
  const { caller } = await givenUser(registry, 'ann', allow('ecr:*'))
  await registry.perform(createPolicy, { accountId, policyName: 'limit', policyDocument: policyText(onlyDev) })
  await registry.perform(putPermissionsBoundary, { ...user('ann'), permissionsBoundary: policyArn('limit') })
  assert.deepEqual(await maySee(registry, caller), ['dev'])
})

test('a session’s own policy', async (t) => {
  const registry = await openTagged(t)
  const { caller } = await givenUser(registry, 'ann', mayAssume('ci'))
  await givenTrust(registry, 'ci', { may: [allow('ecr:*')] })
  const session = callerOf(registry, await open(registry, caller, 'ci', { Policy: policyText(onlyDev) }))
  assert.deepEqual(await maySee(registry, session), ['dev'])
})
