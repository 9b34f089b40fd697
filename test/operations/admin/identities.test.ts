// The operator's operations on identities: what they make, what they refuse and in which words, and that callers feel it at once.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { addUserToGroup } from '../../../src/operations/admin/identities/add-user-to-group.ts'
import { attachPolicy } from '../../../src/operations/admin/identities/attach-policy.ts'
import { createAccessKey } from '../../../src/operations/admin/identities/create-access-key.ts'
import { createGroup } from '../../../src/operations/admin/identities/create-group.ts'
import { createPolicy } from '../../../src/operations/admin/identities/create-policy.ts'
import { createRole } from '../../../src/operations/admin/identities/create-role.ts'
import { createUser } from '../../../src/operations/admin/identities/create-user.ts'
import { deleteAccessKey } from '../../../src/operations/admin/identities/delete-access-key.ts'
import { deleteAccount } from '../../../src/operations/admin/identities/delete-account.ts'
import { deleteIdentity } from '../../../src/operations/admin/identities/delete-identity.ts'
import { deleteInlinePolicy } from '../../../src/operations/admin/identities/delete-inline-policy.ts'
import { deletePermissionsBoundary } from '../../../src/operations/admin/identities/delete-permissions-boundary.ts'
import { deletePolicy } from '../../../src/operations/admin/identities/delete-policy.ts'
import { detachPolicy } from '../../../src/operations/admin/identities/detach-policy.ts'
import { identityOperations } from '../../../src/operations/admin/identities/index.ts'
import { listAccounts } from '../../../src/operations/admin/identities/list-accounts.ts'
import { listIdentities } from '../../../src/operations/admin/identities/list-identities.ts'
import { listPolicies } from '../../../src/operations/admin/identities/list-policies.ts'
import { putAccount } from '../../../src/operations/admin/identities/put-account.ts'
import { putInlinePolicy } from '../../../src/operations/admin/identities/put-inline-policy.ts'
import { putPermissionsBoundary } from '../../../src/operations/admin/identities/put-permissions-boundary.ts'
import { removeUserFromGroup } from '../../../src/operations/admin/identities/remove-user-from-group.ts'
import { revokeSessions } from '../../../src/operations/admin/identities/revoke-sessions.ts'
import { tagIdentity } from '../../../src/operations/admin/identities/tag-identity.ts'
import { untagIdentity } from '../../../src/operations/admin/identities/untag-identity.ts'
import { updateAccessKey } from '../../../src/operations/admin/identities/update-access-key.ts'
import { updatePolicy } from '../../../src/operations/admin/identities/update-policy.ts'
import { updateRole } from '../../../src/operations/admin/identities/update-role.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { describeRepositories } from '../../../src/operations/private/describe-repositories.ts'
import {
  account,
  givenRepository,
  openTestRegistry,
  otherAccount,
  rootOf,
  type TestRegistry,
} from '../../support/registry.ts'
import {
  accountId,
  allow,
  as,
  givenRole,
  givenUser,
  group,
  policyArn,
  policyText,
  repositoryArn,
  role,
  sessionOf,
  user,
} from './identity-calls.ts'

async function open(t: TestContext): Promise<TestRegistry> {
  const registry = await openTestRegistry()
  t.after(async () => {
    // First: an open store would keep a failed test from ending.
    await registry.close()
    assert.deepEqual(registry.backgroundErrors, [])
  })
  return registry
}

const refused = <I, O>(registry: TestRegistry, operation: Operation<I, O>, input: I, name: string, message: string) =>
  assert.rejects(registry.perform(operation, input), { name, message })

describe('users, groups and roles', () => {
  test('a user comes back with everything that was said of it, and no secret', async (t) => {
    const registry = await open(t)
    const createDate = registry.services.clock.now()
    const policyDocument = policyText(allow('ecr:*'))
    await registry.perform(createPolicy, { accountId, policyName: 'limit', policyDocument })
    const tags = [{ key: 'team', value: 'blue' }]
    const { identity } = await registry.perform(createUser, {
      accountId,
      userName: 'ann',
      path: '/people/',
      tags,
      permissionsBoundary: policyArn('limit'),
    })
    assert.match(identity.identityId, /^AIDA[A-Z2-7]{16}$/)
    await registry.perform(createGroup, { accountId, groupName: 'dev' })
    await registry.perform(addUserToGroup, { accountId, groupName: 'DEV', userName: 'Ann' })
    await registry.perform(putInlinePolicy, { ...user('ann'), policyName: 'own', policyDocument })
    await registry.perform(attachPolicy, { ...user('ann'), policyArn: policyArn('limit') })
    const { accessKey, secretAccessKey } = await registry.perform(createAccessKey, { accountId, userName: 'ann' })
    assert.match(accessKey.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
    assert.match(secretAccessKey, /^[A-Za-z0-9]{40}$/)
    const { identities } = await registry.perform(listIdentities, { accountId, identityType: 'user' })
    assert.deepEqual(identities, [
      {
        accountId,
        identityType: 'user',
        identityName: 'ann',
        path: '/people/',
        identityId: identity.identityId,
        arn: `arn:aws:iam::${account}:user/people/ann`,
        createDate,
        permissionsBoundary: policyArn('limit'),
        tags,
        attachedPolicies: [policyArn('limit')],
        inlinePolicies: [{ policyName: 'own', policyDocument }],
        groups: ['dev'],
        accessKeys: [{ ...accessKey, status: 'Active', createDate, lastUsedDate: undefined }],
        assumeRolePolicyDocument: undefined,
        maxSessionDuration: undefined,
        revokedBefore: undefined,
      },
    ])
    const groups = await registry.perform(listIdentities, { accountId, identityType: 'group' })
    assert.deepEqual(groups.identities[0]?.users, ['ann'])
  })

  test('tags, boundary, sessions and a role’s trust are changed one by one', async (t) => {
    const registry = await open(t)
    await givenRole(registry, 'ci')
    const policyDocument = policyText(allow('ecr:*'))
    await registry.perform(createPolicy, { accountId, policyName: 'limit', policyDocument })
    const tag = (key: string, value: string) => ({ key, value })
    await registry.perform(tagIdentity, { ...role('ci'), tags: [tag('a', '1'), tag('b', '2')] })
    const tagged = await registry.perform(tagIdentity, { ...role('ci'), tags: [tag('b', '3')] })
    assert.deepEqual(tagged.identity.tags, [tag('a', '1'), tag('b', '3')])
    const untagged = await registry.perform(untagIdentity, { ...role('ci'), tagKeys: ['a', 'never'] })
    assert.deepEqual(untagged.identity.tags, [tag('b', '3')])
    const bounded = await registry.perform(putPermissionsBoundary, {
      ...role('ci'),
      permissionsBoundary: policyArn('limit'),
    })
    assert.equal(bounded.identity.permissionsBoundary, policyArn('limit'))
    const free = await registry.perform(deletePermissionsBoundary, role('ci'))
    assert.equal(free.identity.permissionsBoundary, undefined)
    const updated = await registry.perform(updateRole, { accountId, roleName: 'ci', maxSessionDuration: 7_200 })
    assert.equal(updated.identity.maxSessionDuration, 7_200)
    assert.match(updated.identity.assumeRolePolicyDocument ?? '', /"sts:AssumeRole"/)
    const { identity } = await registry.perform(revokeSessions, role('ci'))
    assert.equal(identity.revokedBefore, registry.services.clock.now() + 1)
  })

  test('names are taken in any case, and what is not there is said to be missing', async (t) => {
    const registry = await open(t)
    await registry.perform(createUser, { accountId, userName: 'Ann' })
    await refused(
      registry,
      createUser,
      { accountId, userName: 'ann' },
      'EntityAlreadyExists',
      'User with name ann already exists.',
    )
    await registry.perform(createGroup, { accountId, groupName: 'ann' })
    const missing = 'The group with name dev cannot be found.'
    await refused(registry, addUserToGroup, { accountId, groupName: 'dev', userName: 'ann' }, 'NoSuchEntity', missing)
    await refused(registry, deleteIdentity, role('ci'), 'NoSuchEntity', 'The role with name ci cannot be found.')
    await refused(
      registry,
      createUser,
      { accountId: '999999999999', userName: 'ann' },
      'NoSuchEntity',
      'The account with id 999999999999 cannot be found.',
    )
    for (const userName of ['', 'a b', 'a/b', 'a'.repeat(65), 'a*']) {
      await assert.rejects(registry.perform(createUser, { accountId, userName }), { name: 'InvalidParameterException' })
    }
    for (const path of ['x/', '/x', '//', '/*/']) {
      await assert.rejects(registry.perform(createUser, { accountId, userName: 'bob', path }), {
        name: 'InvalidParameterException',
      })
    }
  })

  test('what hangs on one has to go first, or with it', async (t) => {
    const registry = await open(t)
    await givenUser(registry, 'ann', allow('ecr:*'))
    await registry.perform(createGroup, { accountId, groupName: 'dev' })
    const member = { accountId, groupName: 'dev', userName: 'ann' }
    await registry.perform(addUserToGroup, member)
    await registry.perform(putInlinePolicy, {
      ...user('ann'),
      policyName: 'own',
      policyDocument: policyText(allow('*')),
    })
    const conflict = (sentence: string) => refused(registry, deleteIdentity, user('ann'), 'DeleteConflict', sentence)
    await conflict('Cannot delete entity, must delete access keys first.')
    const { identities } = await registry.perform(listIdentities, { accountId, identityType: 'user' })
    const accessKeyId = identities[0]?.accessKeys?.[0]?.accessKeyId ?? ''
    await registry.perform(deleteAccessKey, { accessKeyId })
    await conflict('Cannot delete entity, must remove user from all groups first.')
    await refused(
      registry,
      deleteIdentity,
      group('dev'),
      'DeleteConflict',
      'Cannot delete entity, must remove users from group first.',
    )
    await registry.perform(removeUserFromGroup, member)
    await conflict('Cannot delete entity, must detach all policies first.')
    await registry.perform(detachPolicy, { ...user('ann'), policyArn: policyArn('of-ann') })
    await conflict('Cannot delete entity, must delete policies first.')
    await registry.perform(deleteInlinePolicy, { ...user('ann'), policyName: 'own' })
    await registry.perform(deleteIdentity, user('ann'))
    await registry.perform(deleteIdentity, group('dev'))
    const { accessKeyId: lost } = await givenUser(registry, 'bob', allow('ecr:*'))
    await registry.perform(deleteIdentity, { ...user('bob'), force: true })
    assert.equal(registry.services.accessKeys.find(lost), undefined)
  })
})

describe('policies', () => {
  test('made, replaced for all who have it, deleted when nobody does', async (t) => {
    const registry = await open(t)
    await givenRepository(registry, 'app')
    const { caller } = await givenUser(registry, 'ann', allow('ecr:DescribeRepositories'))
    const describe = { repositoryNames: ['app'] }
    assert.equal((await registry.perform(describeRepositories, describe, as(registry, caller))).repositories?.length, 1)
    const arn = policyArn('of-ann')
    registry.advance(5)
    await registry.perform(updatePolicy, {
      accountId,
      policyArn: arn,
      policyDocument: policyText(allow('ecr:PutImage')),
    })
    await assert.rejects(registry.perform(describeRepositories, describe, as(registry, caller)), {
      name: 'AccessDeniedException',
    })
    await refused(
      registry,
      deletePolicy,
      { accountId, policyArn: arn },
      'DeleteConflict',
      'Cannot delete a policy attached to entities.',
    )
    await registry.perform(putPermissionsBoundary, { ...user('ann'), permissionsBoundary: arn })
    await refused(
      registry,
      deletePolicy,
      { accountId, policyArn: arn, force: true },
      'DeleteConflict',
      'Cannot delete a policy attached to entities.',
    )
    await registry.perform(deletePermissionsBoundary, user('ann'))
    await registry.perform(deletePolicy, { accountId, policyArn: arn, force: true })
    assert.deepEqual((await registry.perform(listPolicies, { accountId })).policies, [])
    await refused(
      registry,
      attachPolicy,
      { ...user('ann'), policyArn: arn },
      'NoSuchEntity',
      `Policy ${arn} does not exist or is not attachable.`,
    )
  })

  test('limits of IAM', async (t) => {
    const registry = await open(t)
    await registry.perform(createUser, { accountId, userName: 'ann' })
    for (let index = 0; index < 11; index++) {
      const policyName = `p${index}`
      await registry.perform(createPolicy, { accountId, policyName, policyDocument: policyText(allow('ecr:*')) })
      const attach = { ...user('ann'), policyArn: policyArn(policyName) }
      if (index < 10) await registry.perform(attachPolicy, attach)
      else await refused(registry, attachPolicy, attach, 'LimitExceeded', 'Cannot exceed quota for PoliciesPerUser: 10')
    }
    for (let index = 0; index < 11; index++) {
      await registry.perform(createGroup, { accountId, groupName: `g${index}` })
      const add = { accountId, groupName: `g${index}`, userName: 'ann' }
      if (index < 10) await registry.perform(addUserToGroup, add)
      else await refused(registry, addUserToGroup, add, 'LimitExceeded', 'Cannot exceed quota for GroupsPerUser: 10')
    }
    for (const _key of [1, 2]) await registry.perform(createAccessKey, { accountId, userName: 'ann' })
    await refused(
      registry,
      createAccessKey,
      { accountId, userName: 'ann' },
      'LimitExceeded',
      'Cannot exceed quota for AccessKeysPerUser: 2',
    )
    const long = (characters: number) => {
      const empty = policyText(allow('ecr:*', [repositoryArn('')]))
      return policyText(allow('ecr:*', [repositoryArn('x'.repeat(characters - empty.length))]))
    }
    // White space does not count.
    await registry.perform(createPolicy, { accountId, policyName: 'longest', policyDocument: `${long(6_144)}   ` })
    const longer = { accountId, policyName: 'longer', policyDocument: long(6_145) }
    await refused(registry, createPolicy, longer, 'LimitExceeded', 'Cannot exceed quota for PolicySize: 6144')
    await registry.perform(putInlinePolicy, { ...user('ann'), policyName: 'a', policyDocument: long(1_024) })
    await registry.perform(putInlinePolicy, { ...user('ann'), policyName: 'b', policyDocument: long(1_024) })
    const more = { ...user('ann'), policyName: 'b', policyDocument: long(1_025) }
    await refused(
      registry,
      putInlinePolicy,
      more,
      'LimitExceeded',
      'Maximum policy size of 2048 bytes exceeded for user ann',
    )
    // What was refused changed nothing.
    const { identities } = await registry.perform(listIdentities, { accountId, identityType: 'user' })
    assert.equal(identities[0]?.attachedPolicies.length, 10)
    assert.equal(identities[0]?.groups?.length, 10)
    assert.equal(identities[0]?.inlinePolicies[1]?.policyDocument, long(1_024))
  })

  test('what is no policy is refused, also as a trust policy', async (t) => {
    const registry = await open(t)
    await registry.perform(createUser, { accountId, userName: 'ann' })
    const texts = [
      'x',
      '{}',
      policyText({ ...allow('ecr:*'), Principal: '*' }),
      policyText({ ...allow('ecr:*'), Condition: { Never: { 'aws:username': 'ann' } } }),
    ]
    for (const policyDocument of texts) {
      await refused(
        registry,
        createPolicy,
        { accountId, policyName: 'p', policyDocument },
        'MalformedPolicyDocument',
        'Syntax errors in policy.',
      )
      await refused(
        registry,
        putInlinePolicy,
        { ...user('ann'), policyName: 'p', policyDocument },
        'MalformedPolicyDocument',
        'Syntax errors in policy.',
      )
    }
    const trust = (name: string) => policyText({ Effect: 'Allow', Principal: { AWS: name }, Action: 'sts:AssumeRole' })
    const nobody = `arn:aws:iam::${account}:user/nobody`
    await refused(
      registry,
      createRole,
      { accountId, roleName: 'ci', assumeRolePolicyDocument: trust(nobody) },
      'MalformedPolicyDocument',
      `Invalid principal in policy: "AWS":"${nobody}"`,
    )
    await refused(
      registry,
      createRole,
      { accountId, roleName: 'ci', assumeRolePolicyDocument: policyText(allow('*')) },
      'MalformedPolicyDocument',
      'Syntax errors in policy.',
    )
    // In the table the user stands by its id, and comes back by its name.
    const text = trust(`arn:aws:iam::${account}:user/ann`)
    const { identity } = await registry.perform(createRole, {
      accountId,
      roleName: 'ci',
      assumeRolePolicyDocument: text,
    })
    assert.equal(identity.assumeRolePolicyDocument, text)
    assert.match(registry.services.identities.roleOf(identity.arn)?.trustPolicy ?? '', /"AWS":"AIDA[A-Z2-7]{16}"/)
  })
})

describe('accounts', () => {
  test('one is made, changed, holds its users, and goes when it is empty', async (t) => {
    const registry = await open(t)
    const newcomer = '333333333333'
    const createDate = registry.services.clock.now()
    await registry.perform(putAccount, { accountId: newcomer, accountName: 'blue', organizationId: 'o-abcdefghij' })
    await registry.perform(createUser, { accountId: newcomer, userName: 'ann' })
    assert.deepEqual((await registry.perform(listAccounts, {})).accounts, [
      { accountId: newcomer, accountName: 'blue', organizationId: 'o-abcdefghij', createDate },
    ])
    await refused(
      registry,
      deleteAccount,
      { accountId: newcomer },
      'DeleteConflict',
      `Cannot delete account ${newcomer}, must delete its users, groups, roles and policies first.`,
    )
    await registry.perform(deleteIdentity, { ...user('ann'), accountId: newcomer })
    await registry.perform(deleteAccount, { accountId: newcomer })
    assert.deepEqual((await registry.perform(listAccounts, {})).accounts, [])
  })

  test('only the operator administers identities', async (t) => {
    const registry = await open(t)
    const stranger = registry.ctx({ caller: rootOf(otherAccount) })
    const { caller } = await givenUser(registry, 'ann', allow('ecr:*'))
    for (const ctx of [stranger, as(registry, caller)]) {
      await assert.rejects(registry.perform(createUser, { accountId: otherAccount, userName: 'eve' }, ctx), {
        name: 'AccessDeniedException',
      })
      await assert.rejects(registry.perform(createAccessKey, { accountId, userName: 'ann' }, ctx), {
        name: 'AccessDeniedException',
      })
    }
    assert.ok(identityOperations.every(({ service, allow }) => service.name === 'stowage' && !allow.anyone))
  })
})

describe('keys and sessions', () => {
  test('a key that is switched off, deleted, or whose user is deleted is no key, at once', async (t) => {
    const registry = await open(t)
    const { accessKeyId } = await givenUser(registry, 'ann')
    const isKnown = () => registry.services.accessKeys.find(accessKeyId) !== undefined
    await registry.perform(updateAccessKey, { accessKeyId, status: 'Inactive' })
    assert.equal(isKnown(), false)
    await registry.perform(updateAccessKey, { accessKeyId, status: 'Active' })
    assert.equal(isKnown(), true)
    await registry.perform(deleteAccessKey, { accessKeyId })
    assert.equal(isKnown(), false)
    await refused(
      registry,
      deleteAccessKey,
      { accessKeyId },
      'NoSuchEntity',
      `The Access Key with id ${accessKeyId} cannot be found.`,
    )
  })

  test('row S25: the secret is nowhere in the database', async (t) => {
    const registry = await open(t)
    await registry.perform(createUser, { accountId, userName: 'ann' })
    const { accessKey, secretAccessKey } = await registry.perform(createAccessKey, { accountId, userName: 'ann' })
    assert.equal(registry.services.accessKeys.find(accessKey.accessKeyId)?.secretAccessKey, secretAccessKey)
    let bytes = 0
    for (const name of ['metadata.db', 'metadata.db-wal']) {
      const content = readFileSync(join(registry.directory, name))
      bytes += content.indexOf(accessKey.accessKeyId) >= 0 ? content.length : 0
      assert.equal(content.indexOf(secretAccessKey), -1)
    }
    assert.ok(bytes > 0, 'the key itself was not found either')
  })

  test('the use of a key is noted once a minute', async (t) => {
    const registry = await open(t)
    const { caller } = await givenUser(registry, 'ann', allow('ecr:DescribeRepositories'))
    const lastUsed = async () => {
      // What is noted after an answer is written before what comes later.
      await registry.services.metadata.write(async () => {})
      const { identities } = await registry.perform(listIdentities, { accountId, identityType: 'user' })
      return identities[0]?.accessKeys?.[0]?.lastUsedDate
    }
    assert.equal(await lastUsed(), undefined)
    const first = registry.services.clock.now()
    await registry.perform(describeRepositories, {}, as(registry, caller))
    assert.equal(await lastUsed(), first)
    registry.advance(59_999)
    await registry.perform(describeRepositories, {}, as(registry, caller))
    assert.equal(await lastUsed(), first)
    registry.advance(1)
    await registry.perform(describeRepositories, {}, as(registry, caller))
    assert.equal(await lastUsed(), first + 60_000)
  })

  test('a session ends when its role is revoked, deleted, or made again under the same name', async (t) => {
    const registry = await open(t)
    const policyDocument = policyText(allow('ecr:DescribeRepositories'))
    const give = async () => {
      await givenRole(registry, 'ci')
      await registry.perform(putInlinePolicy, { ...role('ci'), policyName: 'own', policyDocument })
    }
    await give()
    const first = sessionOf(registry, 'ci')
    const ask = (caller = first) => registry.perform(describeRepositories, {}, as(registry, caller))
    const denied = { name: 'AccessDeniedException' }
    await ask()
    await registry.perform(revokeSessions, role('ci'))
    await assert.rejects(ask(), denied)
    registry.advance(1)
    const second = sessionOf(registry, 'ci')
    await ask(second)
    await registry.perform(deleteIdentity, { ...role('ci'), force: true })
    await assert.rejects(ask(second), denied)
    await give()
    await assert.rejects(ask(second), denied)
    await ask(sessionOf(registry, 'ci'))
  })
})
