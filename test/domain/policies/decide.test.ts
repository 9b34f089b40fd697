// Which policies have to allow, and which may take away: the tables of AWS's evaluation logic.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  alice,
  allowAll,
  anonymous,
  denyAll,
  identity,
  judge,
  mallory,
  owner,
  repository,
  root,
  session,
  stranger,
  verdict,
} from './asking.ts'

const push = { Effect: 'Allow', Action: 'ecr:PutImage' }
const toAlice = repository({ ...push, Principal: { AWS: alice.arn } })
const toAccount = repository({ ...push, Principal: { AWS: owner } })
const toEveryone = repository({ ...push, Principal: '*' })
const toRole = repository({ ...push, Principal: { AWS: session.roleArn } })
const toSession = repository({ ...push, Principal: { AWS: session.arn } })
const mine = identity({ Effect: 'Allow', Action: 'ecr:PutImage', Resource: '*' })
const nothing = identity({ Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' })

describe('in the account of the owner', () => {
  test('nothing is allowed until a policy says so', () => {
    assert.equal(verdict({}), 'no identity-based policy')
    assert.equal(verdict({}, { identity: [nothing] }), 'no identity-based policy')
  })

  test('a policy of the identity, or one of the repository that names it', () => {
    assert.equal(verdict({}, { identity: [nothing, mine] }), 'allowed')
    assert.equal(verdict({}, { resource: [toAlice] }), 'allowed')
    assert.equal(verdict({}, { resource: [toEveryone] }), 'allowed')
  })

  test('a repository that names the account leaves it to the account', () => {
    assert.equal(verdict({}, { resource: [toAccount] }), 'no identity-based policy')
    assert.equal(verdict({}, { resource: [toAccount], identity: [mine] }), 'allowed')
  })

  test('root needs no policy, and a Deny stops it too', () => {
    assert.equal(verdict({ principal: root }), 'allowed')
    const denial = repository({ Effect: 'Deny', Action: 'ecr:*', Principal: '*' })
    assert.equal(verdict({ principal: root }, { resource: [denial] }), 'denied by resource-based policy')
  })

  test('row P1: a Deny anywhere wins over every Allow', () => {
    const all = {
      identity: [identity(allowAll)],
      boundary: identity(allowAll),
      session: [identity(allowAll)],
      resource: [toAlice],
    }
    assert.equal(verdict({}, all), 'allowed')
    const deny = identity(denyAll)
    const denyHere = repository({ Effect: 'Deny', Action: '*', Principal: { AWS: alice.arn } })
    assert.equal(verdict({}, { ...all, identity: [...all.identity, deny] }), 'denied by identity-based policy')
    assert.equal(verdict({}, { ...all, boundary: identity(allowAll, denyAll) }), 'denied by permissions boundary')
    assert.equal(verdict({}, { ...all, session: [identity(allowAll), deny] }), 'denied by session policy')
    assert.equal(verdict({}, { ...all, resource: [toAlice, denyHere] }), 'denied by resource-based policy')
    const { policy, sid } = judge({}, { ...all, identity: [identity({ ...denyAll, Sid: 'Never' })] })
    assert.deepEqual({ policy, sid }, { policy: 'identity', sid: 'Never' })
  })
})

describe('a boundary and a session’s policies take away', () => {
  test('what the identity allows', () => {
    assert.equal(verdict({}, { identity: [mine], boundary: nothing }), 'no permissions boundary')
    assert.equal(verdict({}, { identity: [mine], boundary: mine }), 'allowed')
    assert.equal(verdict({ principal: session }, { identity: [mine], session: [nothing] }), 'no session policy')
    assert.equal(verdict({ principal: session }, { identity: [mine], session: [nothing, mine] }), 'allowed')
    assert.equal(verdict({}, { boundary: mine }), 'no identity-based policy', 'a boundary gives nothing')
  })

  test('not what a repository gives to a user or a session that it names', () => {
    assert.equal(verdict({}, { resource: [toAlice], boundary: nothing }), 'allowed')
    assert.equal(verdict({}, { resource: [toEveryone], boundary: nothing }), 'allowed')
    const narrow = { boundary: nothing, session: [nothing] }
    assert.equal(verdict({ principal: session }, { ...narrow, resource: [toSession] }), 'allowed')
    assert.equal(verdict({ principal: session }, { ...narrow, resource: [toEveryone] }), 'allowed')
    const toBoth = repository({ ...push, Principal: { AWS: [session.roleArn, '*'] } })
    assert.equal(verdict({ principal: session }, { ...narrow, resource: [toBoth] }), 'allowed')
  })

  test('what a repository gives to a role', () => {
    assert.equal(verdict({ principal: session }, { resource: [toRole] }), 'allowed')
    assert.equal(verdict({ principal: session }, { resource: [toRole], boundary: nothing }), 'no permissions boundary')
    assert.equal(verdict({ principal: session }, { resource: [toRole], session: [nothing] }), 'no session policy')
  })
})

describe('row P10: from another account both sides have to allow', () => {
  const sides = {
    'neither side': [{}, 'no identity-based policy'],
    'only the own account': [{ identity: [mine] }, 'no resource-based policy'],
    'only the repository': [
      { resource: [repository({ ...push, Principal: { AWS: mallory.arn } })] },
      'no identity-based policy',
    ],
    'both, by name': [
      { identity: [mine], resource: [repository({ ...push, Principal: { AWS: mallory.arn } })] },
      'allowed',
    ],
    'both, by account': [
      { identity: [mine], resource: [repository({ ...push, Principal: { AWS: stranger } })] },
      'allowed',
    ],
    'both, by everyone': [{ identity: [mine], resource: [toEveryone] }, 'allowed'],
    'a boundary takes away here too': [
      { identity: [mine], resource: [toEveryone], boundary: nothing },
      'no permissions boundary',
    ],
    'another account is named': [{ identity: [mine], resource: [toAccount] }, 'no resource-based policy'],
  } as const
  for (const [name, [policies, expected]] of Object.entries(sides)) {
    test(name, () => assert.equal(verdict({ principal: mallory }, policies), expected))
  }

  test('root of the other account', () => {
    const theirs = { kind: 'root', accountId: stranger, arn: `arn:aws:iam::${stranger}:root` } as const
    assert.equal(verdict({ principal: theirs }), 'no resource-based policy')
    const toTheirs = repository({ ...push, Principal: { AWS: `arn:aws:iam::${stranger}:root` } })
    assert.equal(verdict({ principal: theirs }, { resource: [toTheirs] }), 'allowed')
  })
})

describe('whoever did not sign in', () => {
  test('may do what everyone may', () => {
    assert.equal(verdict({ principal: anonymous }), 'no resource-based policy')
    assert.equal(verdict({ principal: anonymous }, { resource: [toAlice, toAccount] }), 'no resource-based policy')
    assert.equal(verdict({ principal: anonymous }, { resource: [toEveryone] }), 'allowed')
  })
})

describe('NotPrincipal', () => {
  const denyBut = (...names: readonly string[]) =>
    repository({ Effect: 'Deny', Action: '*', NotPrincipal: { AWS: names } })
  const judged = (principal: typeof alice, ...names: readonly string[]) =>
    verdict({ principal }, { identity: [mine], resource: [denyBut(...names)] })

  test('with Deny, only who is named with its account is exempt', () => {
    assert.equal(judged(alice, alice.arn), 'denied by resource-based policy')
    assert.equal(judged(alice, alice.arn, owner), 'allowed')
    assert.equal(judged(session, session.arn, owner), 'denied by resource-based policy')
    assert.equal(judged(session, session.arn, session.roleArn ?? '', owner), 'allowed')
    assert.equal(judged(mallory, alice.arn, owner), 'denied by resource-based policy')
    assert.equal(judged(root, owner), 'allowed')
  })

  test('with Deny, whoever has a boundary is never exempt', () => {
    const resource = [denyBut(alice.arn, owner)]
    const policies = { identity: [mine], boundary: mine }
    assert.equal(verdict({}, { ...policies, resource }), 'denied by resource-based policy')
    const allowBut = repository({ ...push, NotPrincipal: { AWS: owner } })
    assert.equal(verdict({}, { ...policies, resource: [allowBut] }), 'allowed', 'which is said of Deny only')
    const others = repository({ Effect: 'Deny', Action: '*', Principal: { AWS: mallory.arn } })
    assert.equal(verdict({}, { ...policies, resource: [others] }), 'allowed')
  })

  test('with Allow, everyone but who is named', () => {
    const allowBut = repository({ ...push, NotPrincipal: { AWS: [alice.arn] } })
    assert.equal(verdict({}, { resource: [allowBut] }), 'no identity-based policy')
    assert.equal(verdict({ principal: { ...alice, arn: `${alice.arn}2` } }, { resource: [allowBut] }), 'allowed')
  })
})
