// AssumeRole: who may open a session, what it carries, and how it ends.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createPolicy } from '../../../src/operations/admin/identities/create-policy.ts'
import { createAccessKey } from '../../../src/operations/admin/identities/create-access-key.ts'
import { createUser } from '../../../src/operations/admin/identities/create-user.ts'
import { deletePolicy } from '../../../src/operations/admin/identities/delete-policy.ts'
import { deleteIdentity } from '../../../src/operations/admin/identities/delete-identity.ts'
import { putInlinePolicy } from '../../../src/operations/admin/identities/put-inline-policy.ts'
import { revokeSessions } from '../../../src/operations/admin/identities/revoke-sessions.ts'
import { createRepository } from '../../../src/operations/private/create-repository.ts'
import { describeRepositories } from '../../../src/operations/private/describe-repositories.ts'
import { assumeRole } from '../../../src/operations/sts/assume-role.ts'
import { account, otherAccount, rootOf } from '../../support/registry.ts'
import { allow, givenUser, policyArn, policyText, role, roleArn, user, userArn } from '../admin/identity-calls.ts'
import { assertRefused, openRegistry, refusalOf } from '../calls.ts'
import { callerOf, givenTrust, mayAssume, open, type Trust } from './roles.ts'

const denied = (name: string, action = 'sts:AssumeRole', roleName = 'ci') => ({
  name: 'AccessDeniedException',
  message: `User: ${userArn(name)} is not authorized to perform: ${action} on resource: ${roleArn(roleName)}`,
  members: {},
})

test('the whole answer', async (t) => {
  const registry = await openRegistry(t)
  const ann = await givenUser(registry, 'ann', mayAssume('ci'))
  await givenTrust(registry, 'ci')
  const { Credentials: credentials, ...rest } = await open(registry, ann.caller, 'ci')
  const length = credentials?.SessionToken.length ?? 0
  const roleId = registry.services.identities.roleOf(roleArn('ci'))?.id
  assert.deepEqual(rest, {
    AssumedRoleUser: {
      AssumedRoleId: `${roleId}:job`,
      Arn: `arn:aws:sts::${account}:assumed-role/ci/job`,
    },
    PackedPolicySize: undefined,
    SourceIdentity: undefined,
    SessionTokenSize: length,
    SessionTokenUtilization: Math.ceil((length * 100) / 8_192),
  })
  assert.match(credentials?.AccessKeyId ?? '', /^ASIA[A-Z2-7]{16}$/)
  assert.match(credentials?.SecretAccessKey ?? '', /^[A-Za-z0-9]{40}$/)
  assert.equal(credentials?.Expiration, registry.services.clock.now() + 3_600_000)
})

describe('who may', () => {
  const asAnn = { AWS: userArn('ann') }
  // `ann` may open sessions of `ci`; `bob` has no policy.
  const cases: readonly (readonly [what: string, trust: Trust, ann: boolean, bob: boolean])[] = [
    ['the account is trusted: the own policy decides', {}, true, false],
    ['named by the role: no policy of the own is needed', { principal: { AWS: userArn('bob') } }, false, true],
    [
      'a policy of the own is not enough when the role trusts somebody else',
      { principal: { AWS: otherAccount } },
      false,
      false,
    ],
    ['another action is trusted', { principal: asAnn, action: 'sts:TagSession' }, false, false],
    [
      'a condition that does not hold',
      { principal: asAnn, condition: { Bool: { 'aws:SecureTransport': 'true' } } },
      false,
      false,
    ],
    ['by the tag of the principal', { condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } } }, false, false],
    ['by the name of the session', { condition: { StringEquals: { 'sts:RoleSessionName': 'job' } } }, true, false],
  ]
  for (const [what, trust, annMay, bobMay] of cases) {
    test(what, async (t) => {
      const registry = await openRegistry(t)
      const ann = await givenUser(registry, 'ann', mayAssume('ci'))
      const bob = await givenUser(registry, 'bob')
      await givenTrust(registry, 'ci', trust)
      for (const [name, { caller }, may] of [
        ['ann', ann, annMay],
        ['bob', bob, bobMay],
      ] as const) {
        if (may) await open(registry, caller, 'ci')
        else assert.deepEqual(await refusalOf(open(registry, caller, 'ci')), denied(name))
      }
    })
  }

  test('from another account both have to allow it', async (t) => {
    const registry = await openRegistry(t)
    await registry.perform(createUser, { accountId: otherAccount, userName: 'eve' })
    const { accessKey } = await registry.perform(createAccessKey, { accountId: otherAccount, userName: 'eve' })
    const eve = registry.services.accessKeys.find(accessKey.accessKeyId)?.principal ?? assert.fail('no key')
    await givenTrust(registry, 'ci', { principal: { AWS: `arn:aws:iam::${otherAccount}:user/eve` } })
    await assert.rejects(open(registry, eve, 'ci'), { name: 'AccessDeniedException' })
    const policyDocument = policyText(mayAssume('ci'))
    const named = { accountId: otherAccount, identityType: 'user', identityName: 'eve' } as const
    await registry.perform(putInlinePolicy, { ...named, policyName: 'may', policyDocument })
    await open(registry, eve, 'ci')
  })

  test('a root may not, and a role that does not exist is refused as one that may not be assumed', async (t) => {
    const registry = await openRegistry(t)
    await givenTrust(registry, 'ci')
    assert.deepEqual(await refusalOf(open(registry, rootOf(account), 'ci')), {
      name: 'AccessDeniedException',
      message: 'Roles may not be assumed by root accounts.',
      members: {},
    })
    const ann = await givenUser(registry, 'ann', mayAssume('none'))
    assert.deepEqual(await refusalOf(open(registry, ann.caller, 'none')), denied('ann', 'sts:AssumeRole', 'none'))
  })

  test('the external id has to be the one that the role asks for', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci'))
    await givenTrust(registry, 'ci', { condition: { StringEquals: { 'sts:ExternalId': 'x-17' } } })
    assert.deepEqual(await refusalOf(open(registry, ann.caller, 'ci')), denied('ann'))
    assert.deepEqual(await refusalOf(open(registry, ann.caller, 'ci', { ExternalId: 'x-18' })), denied('ann'))
    await open(registry, ann.caller, 'ci', { ExternalId: 'x-17' })
  })
})

describe('what a session may', () => {
  test('is what its role may, and no more than its session policies', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci'))
    await givenTrust(registry, 'ci', { may: [allow(['ecr:CreateRepository', 'ecr:DescribeRepositories'])] })
    const may = async (asked: Parameters<typeof open>[3], repositoryName: string) => {
      const ctx = registry.ctx({ caller: callerOf(registry, await open(registry, ann.caller, 'ci', asked)) })
      const outcome = (done: Promise<unknown>) =>
        done.then(
          () => true,
          () => false,
        )
      return [
        await outcome(registry.perform(createRepository, { repositoryName }, ctx)),
        await outcome(registry.perform(describeRepositories, {}, ctx)),
      ]
    }
    assert.deepEqual(await may({}, 'a1'), [true, true])
    const onlyReads = policyText(allow('ecr:Describe*'))
    assert.deepEqual(await may({ Policy: onlyReads }, 'a2'), [false, true])
    assert.deepEqual(await may({ Policy: policyText(allow('ecr:DeleteRepository')) }, 'a3'), [false, false])
    await registry.perform(createPolicy, { accountId: account, policyName: 'reads', policyDocument: onlyReads })
    const arn = policyArn('reads')
    assert.deepEqual(await may({ PolicyArns: [{ arn }] }, 'a4'), [false, true])
    const limited = callerOf(registry, await open(registry, ann.caller, 'ci', { PolicyArns: [{ arn }] }))
    await registry.perform(deletePolicy, { accountId: account, policyArn: arn })
    // A policy that is gone takes its rights along; it does not free the session.
    await assert.rejects(registry.perform(describeRepositories, {}, registry.ctx({ caller: limited })), {
      name: 'AccessDeniedException',
    })
  })

  test('ends with the role, and when sessions are revoked; later ones go on (T6)', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci'))
    await givenTrust(registry, 'ci', { may: [allow('ecr:DescribeRepositories')] })
    const known = (answer: Awaited<ReturnType<typeof open>>) => {
      const { AccessKeyId = '', SessionToken } = answer.Credentials ?? {}
      return registry.services.accessKeys.find(AccessKeyId, SessionToken) !== undefined
    }
    const first = await open(registry, ann.caller, 'ci')
    const caller = callerOf(registry, first)
    registry.advance(1_000)
    await registry.perform(revokeSessions, role('ci'))
    assert.equal(known(first), false)
    await assert.rejects(registry.perform(describeRepositories, {}, registry.ctx({ caller })), {
      name: 'AccessDeniedException',
    })
    registry.advance(1_000)
    const second = await open(registry, ann.caller, 'ci')
    assert.equal(known(second), true)
    await registry.perform(deleteIdentity, { ...user('ann'), force: true })
    assert.equal(known(second), true, 'the session is the role’s, not the user’s')
    await registry.perform(deleteIdentity, { ...role('ci'), force: true })
    assert.equal(known(second), false)
    // A role of the same name is another role.
    await givenTrust(registry, 'ci')
    assert.equal(known(second), false)
  })
})

describe('how long', () => {
  const limit = {
    name: 'ValidationError',
    message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    members: {},
  }

  test('as long as the role allows', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci'), mayAssume('long'))
    await givenTrust(registry, 'ci')
    await givenTrust(registry, 'long', { maxSessionDuration: 43_200 })
    assert.deepEqual(await refusalOf(open(registry, ann.caller, 'ci', { DurationSeconds: 3_601 })), limit)
    const { Credentials: credentials } = await open(registry, ann.caller, 'long', { DurationSeconds: 43_200 })
    assert.equal(credentials?.Expiration, registry.services.clock.now() + 43_200_000)
  })

  test('an hour when a session opens another one', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('first'))
    await givenTrust(registry, 'first', { may: [mayAssume('second')] })
    await givenTrust(registry, 'second', { maxSessionDuration: 43_200 })
    const caller = callerOf(registry, await open(registry, ann.caller, 'first'))
    assert.deepEqual(await refusalOf(open(registry, caller, 'second', { DurationSeconds: 3_601 })), {
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      members: {},
    })
    await open(registry, caller, 'second', { DurationSeconds: 3_600 })
  })
})

describe('tags and the source identity', () => {
  const tagging = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']

  test('need rights of their own, of the caller and of the role', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci'), mayAssume('tags', tagging))
    await givenTrust(registry, 'ci', { action: tagging })
    await givenTrust(registry, 'tags')
    const Tags = [{ Key: 'team', Value: 'a' }]
    for (const [asked, action] of [
      [{ Tags }, 'sts:TagSession'],
      [{ SourceIdentity: 'ann' }, 'sts:SetSourceIdentity'],
    ] as const) {
      assert.deepEqual(await refusalOf(open(registry, ann.caller, 'ci', asked)), denied('ann', action))
      assert.deepEqual(await refusalOf(open(registry, ann.caller, 'tags', asked)), denied('ann', action, 'tags'))
    }
  })

  test('are principal tags before those of the role; transitive ones and the identity go on through a chain', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('first', tagging))
    const asTeam = (team: string) => ({
      ...allow('ecr:DescribeRepositories'),
      Condition: { StringEquals: { 'aws:PrincipalTag/Team': team } },
    })
    const second = mayAssume('second', tagging)
    await givenTrust(registry, 'first', {
      action: tagging,
      may: [asTeam('a'), second],
      tags: [{ key: 'team', value: 'b' }],
    })
    await givenTrust(registry, 'second', { action: tagging, may: [asTeam('a')] })
    const plain = callerOf(registry, await open(registry, ann.caller, 'first'))
    await assert.rejects(registry.perform(describeRepositories, {}, registry.ctx({ caller: plain })))
    const Tags = [
      { Key: 'Team', Value: 'a' },
      { Key: 'once', Value: '1' },
    ]
    const opened = await open(registry, ann.caller, 'first', {
      Tags,
      TransitiveTagKeys: ['team'],
      SourceIdentity: 'ann',
    })
    assert.ok((opened.PackedPolicySize ?? 0) > 0)
    assert.equal(opened.SourceIdentity, 'ann')
    const first = callerOf(registry, opened)
    await registry.perform(describeRepositories, {}, registry.ctx({ caller: first }))
    const chained = await open(registry, first, 'second')
    const last = callerOf(registry, chained)
    assert.deepEqual([last.temporary?.tags, last.temporary?.sourceIdentity], [[{ key: 'Team', value: 'a' }], 'ann'])
    await registry.perform(describeRepositories, {}, registry.ctx({ caller: last }))
    assert.deepEqual(await refusalOf(open(registry, first, 'second', { Tags: [{ Key: 'TEAM', Value: 'c' }] })), {
      name: 'InvalidParameterValue',
      message: `One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.`,
      members: {},
    })
    await assert.rejects(open(registry, first, 'second', { SourceIdentity: 'bob' }), { name: 'AccessDeniedException' })
  })

  test('a role in the chain that does not let the identity be set refuses', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('first', tagging))
    await givenTrust(registry, 'first', { action: tagging, may: [mayAssume('second', tagging)] })
    await givenTrust(registry, 'second')
    const caller = callerOf(registry, await open(registry, ann.caller, 'first', { SourceIdentity: 'ann' }))
    await assert.rejects(open(registry, caller, 'second'), /perform: sts:SetSourceIdentity on/)
  })

  test('conditions of the trust see the tags that are asked for', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci', tagging))
    await givenTrust(registry, 'ci', { action: tagging, condition: { StringEquals: { 'aws:RequestTag/team': 'a' } } })
    await open(registry, ann.caller, 'ci', { Tags: [{ Key: 'team', Value: 'a' }] })
    await assert.rejects(open(registry, ann.caller, 'ci', { Tags: [{ Key: 'team', Value: 'b' }] }))
  })
})

test('a session token is as long as it is asked to be', async (t) => {
  const registry = await openRegistry(t)
  const ann = await givenUser(registry, 'ann', mayAssume('ci'))
  await givenTrust(registry, 'ci')
  const { Credentials: credentials } = await open(registry, ann.caller, 'ci', { MinimumSessionTokenSize: 4_096 })
  assert.equal(credentials?.SessionToken.length, 4_096)
})

describe('refusals', () => {
  const at = (parameter: string, value: string, constraint: string) =>
    `1 validation error detected: Value ${value} at '${parameter}' failed to satisfy constraint: Member ${constraint}`
  const base = { RoleArn: roleArn('ci'), RoleSessionName: 'job' }
  const cases: readonly (readonly [what: string, input: object, name: string, message: string])[] = [
    ['no role', { RoleSessionName: 'job' }, 'ValidationError', at('roleArn', 'null', 'must not be null')],
    [
      'a short session name',
      { ...base, RoleSessionName: 'j' },
      'ValidationError',
      at('roleSessionName', "'j'", 'must have length greater than or equal to 2'),
    ],
    [
      'a session name of other characters',
      { ...base, RoleSessionName: 'a b' },
      'ValidationError',
      at('roleSessionName', "'a b'", String.raw`must satisfy regular expression pattern: [\w+=,.@-]*`),
    ],
    [
      'a short time',
      { ...base, DurationSeconds: 899 },
      'ValidationError',
      at('durationSeconds', "'899'", 'must have value greater than or equal to 900'),
    ],
    [
      'a long time',
      { ...base, DurationSeconds: 43_201 },
      'ValidationError',
      at('durationSeconds', "'43201'", 'must have value less than or equal to 43200'),
    ],
    [
      'a long value of a tag',
      { ...base, Tags: [{ Key: 'k', Value: 'v'.repeat(300) }] },
      'ValidationError',
      at('tags.1.member.value', `'${'v'.repeat(256)}'`, 'must have length less than or equal to 256'),
    ],
    ['a policy that is none', { ...base, Policy: '{}' }, 'MalformedPolicyDocument', 'Syntax errors in policy.'],
    [
      'a managed policy that is none',
      { ...base, PolicyArns: [{ arn: policyArn('none') }] },
      'MalformedPolicyDocument',
      `The managed policy ${policyArn('none')} does not exist in the account of the role.`,
    ],
    [
      'a tag twice',
      {
        ...base,
        Tags: [
          { Key: 'a', Value: '' },
          { Key: 'A', Value: '' },
        ],
      },
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
    [
      'a tag of AWS',
      { ...base, Tags: [{ Key: 'AWS:x', Value: '' }] },
      'InvalidParameterValue',
      'Tag keys that begin with aws: are reserved.',
    ],
    [
      'a transitive key without its tag',
      { ...base, TransitiveTagKeys: ['a'] },
      'InvalidParameterValue',
      'The specified transitive tag key must be included in the requested tags.',
    ],
    [
      'a source identity of AWS',
      { ...base, SourceIdentity: 'aws:x' },
      'ValidationError',
      at('sourceIdentity', "'aws:x'", String.raw`must satisfy regular expression pattern: [\w+=,.@-]*`),
    ],
    [
      'a second factor',
      { ...base, TokenCode: '123456', SerialNumber: `arn:aws:iam::${account}:mfa/ann` },
      'AccessDeniedException',
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    ],
    [
      'a provided context',
      { ...base, ProvidedContexts: [{ ProviderArn: roleArn('ci'), ContextAssertion: 'abcd' }] },
      'InvalidParameterValue',
      'Provided contexts are not supported by this server.',
    ],
  ]
  for (const [what, input, name, message] of cases) {
    test(what, async (t) => {
      const registry = await openRegistry(t)
      const ann = await givenUser(registry, 'ann', mayAssume('ci', 'sts:*'))
      await givenTrust(registry, 'ci', { action: 'sts:*' })
      await assertRefused(registry, assumeRole, input, { name, message }, registry.ctx({ caller: ann.caller }))
    })
  }

  test('more policies and tags than fit into a token', async (t) => {
    const registry = await openRegistry(t)
    const ann = await givenUser(registry, 'ann', mayAssume('ci', 'sts:*'))
    await givenTrust(registry, 'ci', { action: 'sts:*' })
    const Tags = Array.from({ length: 50 }, () => ({
      Key: registry.services.ids.hex(32),
      Value: registry.services.ids.hex(64),
    }))
    const refusal = await refusalOf(open(registry, ann.caller, 'ci', { Tags }))
    assert.equal(refusal.name, 'PackedPolicyTooLarge')
    assert.match(refusal.message, /^Packed policy consumes \d{3}% of allotted space, please use smaller policy\.$/)
    const { PackedPolicySize } = await open(registry, ann.caller, 'ci', { Tags: Tags.slice(0, 10) })
    assert.ok(PackedPolicySize !== undefined && PackedPolicySize > 60 && PackedPolicySize <= 100)
  })
})
