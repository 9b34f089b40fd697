// PutRegistryPolicy, GetRegistryPolicy, DeleteRegistryPolicy, and what the policy of a registry does.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createRepository } from '../../src/operations/private/create-repository.ts'
import { deleteRegistryPolicy } from '../../src/operations/private/delete-registry-policy.ts'
import { getRegistryPolicy } from '../../src/operations/private/get-registry-policy.ts'
import { listImages } from '../../src/operations/private/list-images.ts'
import { putRegistryPolicy } from '../../src/operations/private/put-registry-policy.ts'
import { account, givenRepository, otherAccount, region, rootOf } from '../support/registry.ts'
import { assertRefused, call, invalid, openRegistry } from './calls.ts'
import { denied } from './refusals.ts'

const policy = (...statements: readonly Readonly<Record<string, unknown>>[]) => ({
  policyText: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
})
const repositories = (pattern: string) => `arn:aws:ecr:${region}:${account}:repository/${pattern}`
const none = {
  name: 'RegistryPolicyNotFoundException',
  message: `Registry policy does not exist in the registry with id '${account}'`,
}

describe('the policy of a registry', () => {
  test('none, one, none; of one region', async (t) => {
    const registry = await openRegistry(t)
    for (const operation of [getRegistryPolicy, deleteRegistryPolicy])
      await assertRefused(registry, operation, {}, none)
    const statement = {
      Sid: 'x',
      Effect: 'Allow',
      Principal: '*',
      Action: 'ecr:ReplicateImage',
      Resource: repositories('*'),
    }
    const put = await call(registry, putRegistryPolicy, policy(statement))
    const policyText = `{\n  "Version" : "2012-10-17",\n  "Statement" : [ {\n    "Sid" : "x",\n    "Effect" : "Allow",\n    "Principal" : "*",\n    "Action" : "ecr:ReplicateImage",\n    "Resource" : "${repositories('*')}"\n  } ]\n}`
    assert.deepEqual(put, { registryId: account, policyText })
    assert.deepEqual(await call(registry, getRegistryPolicy, {}), put)
    await assertRefused(registry, getRegistryPolicy, {}, none, registry.ctx({ region: 'eu-west-1' }))
    assert.deepEqual(await call(registry, deleteRegistryPolicy, {}), put)
    await assertRefused(registry, getRegistryPolicy, {}, none)
  })

  test('what is none', async (t) => {
    const registry = await openRegistry(t)
    const allow = { Effect: 'Allow', Principal: '*', Action: 'ecr:*', Resource: '*' }
    const refusal = invalid('PolicyText', 'Invalid registry policy provided')
    for (const statement of [
      { ...allow, Resource: undefined },
      { ...allow, Principal: undefined },
      { ...allow, Action: 'iam:*' },
      { ...allow, Resource: 'app' },
    ])
      await assertRefused(registry, putRegistryPolicy, policy(statement), refusal)
    await assertRefused(registry, putRegistryPolicy, { policyText: 'x' }, refusal)
    await assertRefused(registry, getRegistryPolicy, {}, none)
  })

  test('it lets another account in, and keeps the own one out, where its resources match', async (t) => {
    const registry = await openRegistry(t)
    const other = registry.ctx({ caller: rootOf(otherAccount) })
    for (const name of ['shared/app', 'own/app']) await givenRepository(registry, name)
    await call(
      registry,
      putRegistryPolicy,
      policy(
        {
          Effect: 'Allow',
          Principal: { AWS: otherAccount },
          Action: ['ecr:ListImages', 'ecr:CreateRepository'],
          Resource: repositories('shared/*'),
        },
        { Effect: 'Deny', Principal: '*', Action: 'ecr:CreateRepository', Resource: repositories('own/*') },
      ),
    )
    const list = (repositoryName: string) => ({ registryId: account, repositoryName })
    await registry.perform(listImages, list('shared/app'), other)
    await registry.perform(createRepository, list('shared/new'), other)
    await assertRefused(
      registry,
      listImages,
      list('own/app'),
      denied(otherAccount, 'ecr:ListImages', repositories('own/app')),
      other,
    )
    await assertRefused(
      registry,
      createRepository,
      { repositoryName: 'own/new' },
      {
        name: 'AccessDeniedException',
        message: `User: arn:aws:iam::${account}:root is not authorized to perform: ecr:CreateRepository on resource: ${repositories('own/new')} with an explicit deny in a resource-based policy`,
      },
    )
    await call(registry, createRepository, { repositoryName: 'other/new' })
  })
})
