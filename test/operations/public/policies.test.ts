// SetRepositoryPolicy, GetRepositoryPolicy, DeleteRepositoryPolicy.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { deleteRepositoryPolicy } from '../../../src/operations/public/delete-repository-policy.ts'
import { getRepositoryPolicy } from '../../../src/operations/public/get-repository-policy.ts'
import { setRepositoryPolicy } from '../../../src/operations/public/set-repository-policy.ts'
import { account } from '../../support/registry.ts'
import { invalid, openPublic, testRepositoryRules } from './calls.ts'

const push = { Effect: 'Allow', Principal: '*', Action: 'ecr-public:PutImage' }
const policyOf = (statement: unknown, more: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({ Statement: [statement], ...more })
const repositoryName = 'app'
const notFound = {
  name: 'RepositoryPolicyNotFoundException',
  message: `Repository policy does not exist for the repository with name 'app' in the registry with id '${account}'`,
}

testRepositoryRules(setRepositoryPolicy, { policyText: policyOf(push) }, 'account')
testRepositoryRules(getRepositoryPolicy, {}, 'account')
testRepositoryRules(deleteRepositoryPolicy, {}, 'account')

describe('policies', () => {
  test('none at first; one is set, replaced, read and deleted', async (t) => {
    const { call, refused, given } = await openPublic(t)
    await given(repositoryName, 'other')
    for (const operation of [getRepositoryPolicy, deleteRepositoryPolicy])
      await refused(operation, { repositoryName }, notFound)
    for (const [action, force] of [
      ['ecr-public:PutImage', undefined],
      ['*', true],
      ['ecr-public:*', false],
    ] as const) {
      const policyText = `{\n  "Statement" : [ {\n    "Effect" : "Allow",\n    "Principal" : "*",\n    "Action" : "${action}"\n  } ]\n}`
      const answer = { registryId: account, repositoryName, policyText }
      const given = policyOf({ ...push, Action: action })
      assert.deepEqual(await call(setRepositoryPolicy, { repositoryName, policyText: given, force }), answer)
      assert.deepEqual(await call(getRepositoryPolicy, { repositoryName }), answer)
    }
    const last = await call(getRepositoryPolicy, { repositoryName })
    assert.deepEqual(await call(deleteRepositoryPolicy, { repositoryName }), last)
    for (const operation of [getRepositoryPolicy, deleteRepositoryPolicy])
      await refused(operation, { repositoryName }, notFound)
  })

  test('it is printed again: members in order, two spaces an indent, a space on either side of a colon', async (t) => {
    const { call, given } = await openPublic(t)
    await given(repositoryName)
    const policyText = JSON.stringify({
      Statement: [
        {
          Action: ['ecr-public:PutImage', 'ecr-public:InitiateLayerUpload'],
          Condition: {
            StringEquals: { 'aws:PrincipalOrgID': ['o-1', 'o-"2"'] },
            Bool: { 'aws:SecureTransport': true },
            Null: {},
          },
          Principal: { AWS: ['arn:aws:iam::123456789012:root', '210987654321'], Service: 'codebuild.amazonaws.com' },
          Effect: 'Allow',
          Sid: 'push',
        },
        { NotPrincipal: { Federated: 'x' }, NotAction: 'ecr-public:Put*', Effect: 'Deny' },
      ],
      Id: 'an id',
      Version: '2008-10-17',
    })
    const printed = `{
  "Version" : "2008-10-17",
  "Id" : "an id",
  "Statement" : [ {
    "Sid" : "push",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : [ "arn:aws:iam::123456789012:root", "210987654321" ],
      "Service" : "codebuild.amazonaws.com"
    },
    "Action" : [ "ecr-public:PutImage", "ecr-public:InitiateLayerUpload" ],
    "Condition" : {
      "StringEquals" : {
        "aws:PrincipalOrgID" : [ "o-1", "o-\\"2\\"" ]
      },
      "Bool" : {
        "aws:SecureTransport" : true
      },
      "Null" : { }
    }
  }, {
    "Effect" : "Deny",
    "NotPrincipal" : {
      "Federated" : "x"
    },
    "NotAction" : "ecr-public:Put*"
  } ]
}`
    const answer = { registryId: account, repositoryName, policyText: printed }
    assert.deepEqual(await call(setRepositoryPolicy, { repositoryName, policyText, force: true }), answer)
    // What is printed is a policy again, and the same one.
    assert.deepEqual(await call(setRepositoryPolicy, { repositoryName, policyText: printed, force: true }), answer)
  })

  test('a policy of the longest text, and one character more', async (t) => {
    const { call, refused, given } = await openPublic(t)
    await given(repositoryName)
    const longest = policyOf(push).padEnd(10_240)
    await call(setRepositoryPolicy, { repositoryName, policyText: longest })
    const refusal = invalid('policyText', 'must have length less than or equal to 10240')
    await refused(setRepositoryPolicy, { repositoryName, policyText: `${longest} ` }, refusal)
    await refused(setRepositoryPolicy, { repositoryName }, invalid('policyText', 'must not be null'))
  })
})

const shared = await openPublic({ after })
await shared.given(repositoryName)

describe('policies that are refused', () => {
  const { Action: _action, ...withoutAction } = push
  const { Principal: _principal, ...withoutPrincipal } = push
  const { Effect: _effect, ...withoutEffect } = push
  for (const [what, policyText] of [
    ['no text', ''],
    ['no JSON', '{"Statement":[}'],
    ['no object', '[]'],
    ['nothing', 'null'],
    ['no statement', '{"Version":"2012-10-17"}'],
    ['an empty list of statements', '{"Statement":[]}'],
    ['a statement that is none', '{"Statement":["x"]}'],
    ['another version', policyOf(push, { Version: '2020-01-01' })],
    ['an id that is no text', policyOf(push, { Id: 1 })],
    ['an unknown member', policyOf(push, { Statements: [] })],
    ['an unknown member of a statement', policyOf({ ...push, Foo: 1 })],
    ['a resource that is none', policyOf({ ...push, Resource: 'app' })],
    ['a condition that nobody knows', policyOf({ ...push, Condition: { StringIs: { 'aws:username': 'a' } } })],
    ['a member twice', '{"Statement":[{"Effect":"Allow","Effect":"Deny","Principal":"*","Action":"*"}]}'],
    ['no effect', policyOf(withoutEffect)],
    ['an effect in other letters', policyOf({ ...push, Effect: 'allow' })],
    ['a name of a statement that is no text', policyOf({ ...push, Sid: 1 })],
    ['no principal', policyOf(withoutPrincipal)],
    ['two kinds of principals', policyOf({ ...push, NotPrincipal: '*' })],
    ['a principal of nobody', policyOf({ ...push, Principal: {} })],
    ['a principal that is a name', policyOf({ ...push, Principal: 'me' })],
    ['an unknown kind of principal', policyOf({ ...push, Principal: { Aws: '*' } })],
    ['an empty list of principals', policyOf({ ...push, Principal: { AWS: [] } })],
    ['a principal that is no text', policyOf({ ...push, Principal: { AWS: ['*', 1] } })],
    ['no action', policyOf(withoutAction)],
    ['an empty list of actions', policyOf({ ...push, Action: [] })],
    ['two kinds of actions', policyOf({ ...push, NotAction: '*' })],
    ['an action of the private service', policyOf({ ...push, Action: 'ecr:PutImage' })],
    ['an action of no service', policyOf({ ...push, Action: 'PutImage' })],
    ['a condition that is none', policyOf({ ...push, Condition: [] })],
    ['a condition without keys', policyOf({ ...push, Condition: { Bool: true } })],
    ['a condition on an object', policyOf({ ...push, Condition: { Bool: { key: { a: 1 } } } })],
    ['deep nesting', `{"Statement":${'['.repeat(20)}${']'.repeat(20)}}`],
  ] as const) {
    test(what, async () => {
      const refusal = invalid('PolicyText', 'Invalid repository policy provided')
      await shared.refused(setRepositoryPolicy, { repositoryName, policyText }, refusal)
      await shared.refused(getRepositoryPolicy, { repositoryName }, notFound)
    })
  }
})
