// Row P7: users and roles that policies of repositories name have to exist, and a policy means whom it meant when it was set.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'

import type { Caller } from '../../../src/domain/context.ts'
import { createRole } from '../../../src/operations/admin/identities/create-role.ts'
import { createUser } from '../../../src/operations/admin/identities/create-user.ts'
import { deleteIdentity } from '../../../src/operations/admin/identities/delete-identity.ts'
import { listIdentities } from '../../../src/operations/admin/identities/list-identities.ts'
import { deleteRepositoryPolicy } from '../../../src/operations/private/delete-repository-policy.ts'
import { getRepositoryPolicy } from '../../../src/operations/private/get-repository-policy.ts'
import { listImages } from '../../../src/operations/private/list-images.ts'
import { putRegistryPolicy } from '../../../src/operations/private/put-registry-policy.ts'
import { setRepositoryPolicy } from '../../../src/operations/private/set-repository-policy.ts'
import { account, givenRepository, openTestRegistry, otherAccount, type TestRegistry } from '../../support/registry.ts'
import {
  accountId,
  as,
  givenRole,
  givenUser,
  policyText,
  repositoryArn,
  role,
  sessionOf,
  user,
  userArn,
} from './identity-calls.ts'

async function open(t: TestContext): Promise<TestRegistry> {
  const registry = await openTestRegistry()
  t.after(() => registry.close())
  await givenRepository(registry, 'app')
  return registry
}

const statement = (principal: string, action: string | readonly string[] = 'ecr:ListImages') => ({
  Effect: 'Allow',
  Principal: { AWS: principal },
  Action: action,
})

const setFor = (registry: TestRegistry, principal: string) =>
  registry.perform(setRepositoryPolicy, { repositoryName: 'app', policyText: policyText(statement(principal)) })

const shown = async (registry: TestRegistry) =>
  (await registry.perform(getRepositoryPolicy, { repositoryName: 'app' })).policyText ?? ''

const asks = (registry: TestRegistry, caller: Caller) =>
  registry.perform(listImages, { repositoryName: 'app' }, as(registry, caller))

const denied = { name: 'AccessDeniedException' }
const notFound = {
  name: 'InvalidParameterException',
  message: "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
}

describe('principals in policies', () => {
  test('who does not exist is refused in accounts that are known, and only there', async (t) => {
    const registry = await open(t)
    for (const principal of [
      userArn('nobody'),
      `arn:aws:iam::${account}:role/nobody`,
      `arn:aws:sts::${account}:assumed-role/nobody/build`,
      `arn:aws:iam::${otherAccount}:user/nobody`,
      `arn:aws-cn:iam::${account}:user/nobody`,
      'AIDAAAAAAAAAAAAAAAAA',
    ]) {
      await assert.rejects(setFor(registry, principal), notFound, principal)
      const registryText = policyText({ ...statement(principal, 'ecr:CreateRepository'), Resource: repositoryArn('*') })
      await assert.rejects(registry.perform(putRegistryPolicy, { policyText: registryText }), notFound, principal)
    }
    const stranger = 'arn:aws:iam::999999999999:user/nobody'
    await setFor(registry, stranger)
    assert.match(await shown(registry), new RegExp(stranger))
  })

  test('a user made again under the name is not meant, and the policy shows whom it meant', async (t) => {
    const registry = await open(t)
    const { caller } = await givenUser(registry, 'ann')
    await assert.rejects(asks(registry, caller), denied)
    const { policyText: answered } = await setFor(registry, userArn('ann'))
    assert.match(answered ?? '', new RegExp(`"AWS" : "${userArn('ann')}"`))
    assert.equal(await shown(registry), answered)
    await asks(registry, caller)
    await registry.perform(deleteIdentity, { ...user('ann'), force: true })
    await assert.rejects(asks(registry, caller), denied)
    const again = await givenUser(registry, 'ann')
    assert.notEqual(again.caller.userId, caller.userId)
    assert.equal(again.caller.arn, caller.arn)
    await assert.rejects(asks(registry, again.caller), denied)
    const text = await shown(registry)
    assert.match(text, new RegExp(`"AWS" : "${caller.userId}"`))
    // What is shown can not be set again: nobody is meant.
    await assert.rejects(registry.perform(setRepositoryPolicy, { repositoryName: 'app', policyText: text }), notFound)
    assert.equal((await registry.perform(deleteRepositoryPolicy, { repositoryName: 'app' })).policyText, text)
  })

  test('a role and a session of it, by its own name and by that of the role', async (t) => {
    const registry = await open(t)
    await givenRole(registry, 'ci')
    for (const principal of [`arn:aws:iam::${account}:role/ci`, `arn:aws:sts::${account}:assumed-role/ci/build`]) {
      await setFor(registry, principal)
      assert.match(await shown(registry), new RegExp(principal))
      await asks(registry, sessionOf(registry, 'ci'))
    }
    await assert.rejects(asks(registry, sessionOf(registry, 'ci', 'other')), denied)
    const old = sessionOf(registry, 'ci')
    await registry.perform(deleteIdentity, { ...role('ci'), force: true })
    await givenRole(registry, 'ci')
    await assert.rejects(asks(registry, sessionOf(registry, 'ci')), denied)
    await assert.rejects(asks(registry, old), denied)
    assert.match(await shown(registry), /"AROA[A-Z2-7]{16}:build"/)
  })

  test('Deny, NotPrincipal and lists are bound too; a trust policy does not fall to a namesake', async (t) => {
    const registry = await open(t)
    const { caller: ann } = await givenUser(registry, 'ann', { Effect: 'Allow', Action: 'ecr:*', Resource: '*' })
    const { caller: bob } = await givenUser(registry, 'bob', { Effect: 'Allow', Action: 'ecr:*', Resource: '*' })
    const principals = { AWS: [account, userArn('ann')] }
    const text = policyText({ Effect: 'Deny', NotPrincipal: principals, Action: 'ecr:ListImages' })
    await registry.perform(setRepositoryPolicy, { repositoryName: 'app', policyText: text })
    await asks(registry, ann)
    await assert.rejects(asks(registry, bob), denied)
    await registry.perform(deleteIdentity, { ...user('ann'), force: true })
    await registry.perform(createUser, { accountId, userName: 'cat' })
    const trust = policyText({
      Effect: 'Allow',
      Principal: { AWS: [userArn('bob'), userArn('cat')] },
      Action: 'sts:AssumeRole',
    })
    await registry.perform(createRole, { accountId, roleName: 'ci', assumeRolePolicyDocument: trust })
    await registry.perform(deleteIdentity, { ...user('cat'), force: true })
    await registry.perform(createUser, { accountId, userName: 'cat' })
    const { identities } = await registry.perform(listIdentities, { accountId, identityType: 'role' })
    assert.match(identities[0]?.assumeRolePolicyDocument ?? '', /:user\/bob","AIDA[A-Z2-7]{16}"/)
  })
})
