// What a statement is about: actions, resources, conditions.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { compilePolicy, policyKinds } from '../../../src/domain/authorisation/policies/compile-policy.ts'
import { alice, app, owner, passes, type Asking, type StatementText } from './asking.ts'

const yes = (statement: StatementText, asking?: Asking) =>
  assert.equal(
    passes(statement, asking),
    true,
    `${JSON.stringify(statement)} should let ${JSON.stringify(asking)} pass`,
  )
const no = (statement: StatementText, asking?: Asking) =>
  assert.equal(
    passes(statement, asking),
    false,
    `${JSON.stringify(statement)} should not let ${JSON.stringify(asking)} pass`,
  )

describe('rows P2 and P3: actions', () => {
  test('wildcards, in any case', () => {
    for (const action of [
      '*',
      'ecr:*',
      'ecr:PutImage',
      'ECR:putimage',
      'ecr:Put*',
      'ecr:*Image',
      'ecr:P?tImage',
      'ecr:*Image*',
    ])
      yes({ Action: action })
    for (const action of ['ecr:PutImag', 'ecr:PutImage?', 'ecr:GetImage', 'ecr-public:*', 'ecr:', 'e?r:PutImag*x'])
      assert.equal(compiles({ Action: action }) && passes({ Action: action }), false, action)
    yes({ Action: ['ecr:GetImage', 'ecr:PutImage'] })
  })

  test('NotAction', () => {
    no({ Action: undefined, NotAction: 'ecr:Put*' })
    yes({ Action: undefined, NotAction: ['ecr:Delete*', 'ecr:Get*'] })
  })
})

describe('rows P3 and P4: resources', () => {
  const on = (pattern: string, resource = app) => passes({ Resource: pattern }, { resource })

  test('a name is no prefix of another', () => {
    assert.equal(on(app), true)
    assert.equal(on(app, `${app}-secret`), false)
    assert.equal(on(`${app}/*`, app), false)
    assert.equal(on(`${app}*`, `${app}-secret`), true)
    assert.equal(on(app, app.toUpperCase()), false)
  })

  test('a wildcard stays in its part', () => {
    assert.equal(on('arn:aws:ecr:*:*:repository/a*'), true)
    assert.equal(on(`arn:aws:ecr:*:*:*`), true)
    assert.equal(on(`arn:aws:ecr:*`), true)
    assert.equal(on(`arn:aws:s3:*`), false)
    assert.equal(on(`arn:*`), true)
    assert.equal(on('arn:aws:ecr:eu-west-?:*:repository/app'), true)
    assert.equal(on('arn:aws:ecr:*:*:repository/app', `arn:aws:ecr:eu-west-1:1:2:repository/app`), false)
    assert.equal(on('*', '*'), true)
    assert.equal(on(app, '*'), false)
  })

  test('NotResource', () => {
    no({ Resource: undefined, NotResource: app })
    yes({ Resource: undefined, NotResource: `${app}-secret` })
  })

  test('a pattern of many wildcards takes no time', () => {
    const pattern = `arn:aws:ecr:eu-west-1:${owner}:repository/${'*a'.repeat(200)}b`
    const resource = `arn:aws:ecr:eu-west-1:${owner}:repository/${'a'.repeat(65_536)}`
    const before = process.cpuUsage()
    assert.equal(on(pattern, resource), false)
    assert.equal(on(`${pattern.slice(0, -1)}?*`, `${resource}c`), true)
    const { user } = process.cpuUsage(before)
    assert.ok(user < 2_000_000, `${user} µs`)
  })
})

describe('row P6: variables', () => {
  test('stand for what the request says, as text', () => {
    const mine = { Resource: `arn:aws:ecr:eu-west-1:${owner}:repository/\${aws:username}/*` }
    const of = (username: string, name: string) => ({
      resource: `arn:aws:ecr:eu-west-1:${owner}:repository/${name}`,
      keys: { 'aws:username': username },
    })
    yes(mine, of('alice', 'alice/app'))
    no(mine, of('alice', 'bob/app'))
    no(mine, of('*', 'bob/app'))
    yes(mine, of('*', '*/app'))
    no(mine, of('?', 'b/app'))
    no(mine, { resource: `arn:aws:ecr:eu-west-1:${owner}:repository//app` })
  })

  test('a value in case there is none, and the characters themselves', () => {
    const team = (text: string) => ({ Condition: { StringEquals: { 'aws:ResourceTag/team': text } } })
    yes(team("${aws:PrincipalTag/team, 'none'}"), { keys: { 'aws:ResourceTag/team': 'none' } })
    yes(team("${aws:PrincipalTag/team, 'none'}"), {
      keys: { 'aws:ResourceTag/team': 'a', 'aws:PrincipalTag/team': 'a' },
    })
    no(team('${aws:PrincipalTag/team}'), { keys: { 'aws:ResourceTag/team': '' } })
    yes(team('${*}${?}${$}'), { keys: { 'aws:ResourceTag/team': '*?$' } })
    yes({ Condition: { StringLike: { 'aws:username': 'a${*}*' } } }, { keys: { 'aws:username': 'a*b' } })
    no({ Condition: { StringLike: { 'aws:username': 'a${*}*' } } }, { keys: { 'aws:username': 'ab' } })
  })

  test('name tags whose keys have spaces and letters of any language', () => {
    const mine = {
      Condition: { StringEquals: { 'aws:ResourceTag/Größe des Teams': '${aws:PrincipalTag/Cost Center}' } },
    }
    yes(mine, { keys: { 'aws:ResourceTag/größe des teams': '7', 'aws:PrincipalTag/cost center': '7' } })
    no(mine, { keys: { 'aws:ResourceTag/größe des teams': '7', 'aws:PrincipalTag/cost center': '8' } })
    const otherwise = { Condition: { StringEquals: { 'aws:ResourceTag/a b': "${aws:PrincipalTag/c d , 'none'}" } } }
    yes(otherwise, { keys: { 'aws:ResourceTag/a b': 'none' } })
    yes(otherwise, { keys: { 'aws:ResourceTag/a b': '7', 'aws:PrincipalTag/c d': '7' } })
  })

  test('came with the version of 2012', () => {
    const text = (version: string) =>
      JSON.stringify({
        Version: version,
        Statement: { Effect: 'Allow', Action: '*', Resource: 'arn:aws:ecr:*:*:repository/${aws:username}' },
      })
    assert.ok(compilePolicy(text('2008-10-17'), policyKinds.identity))
    assert.ok(compilePolicy(text('2012-10-17'), policyKinds.identity))
  })
})

describe('row P5: conditions', () => {
  const when = (
    operator: string,
    value: unknown,
    given: string | readonly string[] | undefined,
    key = 'aws:test',
  ): boolean =>
    passes({ Condition: { [operator]: { [key]: value } } }, given === undefined ? {} : { keys: { [key]: given } })

  /** operator, value in the policy, value in the request, does it hold */
  const table: readonly (readonly [string, unknown, string | readonly string[] | undefined, boolean])[] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a', undefined, false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'Straße', 'sTRAße', true],
    ['StringNotEqualsIgnoreCase', 'ab', 'AB', false],
    ['StringLike', 'a*c?', 'abbbcd', true],
    ['StringLike', 'a*c?', 'abbbc', false],
    ['StringLike', '*', '', true],
    ['StringNotLike', 'a*', 'abc', false],
    ['NumericEquals', '10', '10.0', true],
    ['NumericEquals', 10, '10', true],
    ['NumericNotEquals', 10, '11', true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '9', '10', true],
    ['NumericGreaterThanEquals', '10', '9.5', false],
    ['NumericEquals', '10', 'ten', false],
    ['DateGreaterThan', '2026-11-20T00:00:00Z', '2026-11-21T12:00:00Z', true],
    ['DateLessThan', '2026-11-20', '2026-11-21T12:00:00Z', false],
    ['DateEquals', '2026-11-21T13:00:00+01:00', '2026-11-21T12:00:00Z', true],
    ['DateEquals', '1795262400', '2026-11-21T12:00:00Z', true],
    ['Bool', 'true', 'true', true],
    ['Bool', true, 'false', false],
    ['Bool', 'false', undefined, false],
    ['BoolIfExists', 'false', undefined, true],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['IpAddress', '203.0.113.0/24', '203.0.113.9', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.9', false],
    ['IpAddress', '203.0.113.7', '203.0.113.7', true],
    ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678::1', true],
    ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
    ['IpAddress', '::/0', '2001:db8::1', true],
    ['IpAddress', '::/0', '203.0.113.9', false],
    ['NotIpAddress', '::/0', '203.0.113.9', true],
    ['NotIpAddress', '203.0.113.0/24', '203.0.113.9', false],
    ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
    ['IpAddress', '203.0.113.0/24', 'not an address', false],
    ['ArnLike', 'arn:aws:iam::*:user/al*', alice.arn, true],
    ['ArnEquals', 'arn:aws:iam::*:user/alice', alice.arn, true],
    ['ArnNotLike', 'arn:aws:iam::*:user/*', alice.arn, false],
    ['ArnLike', '${aws:test}', alice.arn, true],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'there', false],
    ['Null', 'false', 'there', true],
    ['Null', 'true', [], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', ['a'], undefined, true],
    ['ForAllValues:StringEquals', ['a'], [], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
    ['ForAnyValue:StringEquals', ['a'], undefined, false],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
    ['ForAnyValue:StringLike', ['rel-*'], ['x', 'rel-1'], true],
    ['ForAllValues:StringLikeIfExists', ['rel-*'], undefined, true],
  ]
  for (const [operator, value, given, expected] of table) {
    test(`${operator} ${JSON.stringify(value)}: ${JSON.stringify(given)} ${expected ? 'holds' : 'does not'}`, () => {
      assert.equal(when(operator, value, given), expected)
    })
  }

  test('every operator and every key has to hold', () => {
    const both = { Condition: { StringEquals: { 'aws:a': '1', 'aws:b': '2' }, Bool: { 'aws:c': 'true' } } }
    yes(both, { keys: { 'aws:a': '1', 'aws:b': '2', 'aws:c': 'true' } })
    for (const missing of ['aws:a', 'aws:b', 'aws:c']) {
      no(both, { keys: { 'aws:a': '1', 'aws:b': '2', 'aws:c': 'true', [missing]: 'x' } })
    }
  })

  test('keys are the same in any case', () => {
    yes({ Condition: { StringEquals: { 'AWS:SourceVpc': 'v' } } }, { keys: { 'aws:sourcevpc': 'v' } })
  })
})

function compiles(
  statement: StatementText,
  kind: keyof typeof policyKinds = 'identity',
  more: StatementText = {},
): boolean {
  const text = JSON.stringify({
    Version: '2012-10-17',
    ...more,
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', ...statement }],
  })
  return compilePolicy(text, policyKinds[kind]) !== undefined
}

describe('row P8: what is no policy', () => {
  test('texts', () => {
    const good = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
    assert.ok(compilePolicy(good, policyKinds.identity))
    const bad = [
      '',
      'null',
      '[]',
      '{}',
      `\uFEFF${good}`,
      `${good}x`,
      `// no\n${good}`,
      '{"Statement":[]}',
      good.replace('"Effect":"Allow"', '"Effect":"Allow","Effect":"Deny"'),
      good.replace('2012-10-17', '2012-10-18'),
      good.replace('"Statement"', '"Extra":1,"Statement"'),
      good.replace('"*"}', `${'['.repeat(50)}"*"${']'.repeat(50)}}`),
    ]
    for (const text of bad) assert.equal(compilePolicy(text, policyKinds.identity), undefined, text)
  })

  test('statements', () => {
    assert.equal(compiles({}), true)
    assert.equal(compiles({ Condition: { StringEquals: {}, 'ForAnyValue:StringLikeIfExists': {}, Null: {} } }), true)
    const bad: readonly StatementText[] = [
      { Effect: 'allow' },
      { Effect: 'Maybe' },
      { Effect: undefined },
      { Sid: 1 },
      { Action: undefined },
      { NotAction: 'ecr:*' },
      { Action: [] },
      { Action: 'PutImage' },
      { Action: 'ecr:Put Image' },
      { Action: 7 },
      { Resource: undefined },
      { Resource: 'app' },
      { Resource: 'arn:aws:ecr:*:repository/app' },
      { Resource: 'arn:aws:ecr' },
      { Condition: { ArnLike: { 'aws:PrincipalArn': 'alice' } } },
      { NotResource: '*' },
      { Principal: '*' },
      { Extra: 1 },
      { Condition: [] },
      { Condition: { StringIs: { 'aws:a': 'b' } } },
      { Condition: { StringEquals: 'b' } },
      { Condition: { StringEquals: { 'no key': 'b' } } },
      { Condition: { StringEquals: { 'aws:a': {} } } },
      { Condition: { StringEquals: { 'aws:a': [] } } },
      { Condition: { IpAddress: { 'aws:SourceIp': '300.0.0.0/8' } } },
      { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } },
      { Condition: { NumericEquals: { 'aws:a': 'ten' } } },
      { Condition: { DateLessThan: { 'aws:CurrentTime': 'soon' } } },
      { Condition: { Bool: { 'aws:a': 'yes' } } },
      { Condition: { 'ForSomeValues:StringEquals': { 'aws:a': 'b' } } },
      { Condition: { NullIfExists: { 'aws:a': 'true' } } },
      { Condition: { Never: {} } },
      { Condition: { StringEquals: {}, 'ForAllValues:Null': {} } },
      { Condition: { Null: { 'aws:a': 'maybe' } } },
    ]
    for (const statement of bad) assert.equal(compiles(statement), false, JSON.stringify(statement))
  })

  test('a repository’s policy names principals, and a resource if it likes', () => {
    const on = (statement: StatementText) =>
      compiles({ Resource: undefined, Action: 'ecr:*', Principal: '*', ...statement }, 'repository')
    assert.equal(on({}), true)
    assert.equal(on({ Resource: '*' }), true)
    for (const arn of [
      owner,
      `arn:aws:iam::${owner}:root`,
      alice.arn,
      `arn:aws:sts::${owner}:assumed-role/ci/build`,
      '*',
    ])
      assert.equal(on({ Principal: { AWS: arn } }), true, arn)
    assert.equal(on({ Principal: { Service: 'codebuild.amazonaws.com' } }), true)
    const bad: readonly StatementText[] = [
      { Principal: undefined },
      { Principal: 'alice' },
      { Principal: {} },
      { Principal: { AWS: [] } },
      { Principal: { AWS: 'alice' } },
      { Principal: { AWS: `arn:aws:iam::${owner}:user/*` } },
      { Principal: { Robot: '*' } },
      { NotPrincipal: '*' },
      { Action: 's3:*' },
      { Action: 'ecr-public:*' },
    ]
    for (const statement of bad) assert.equal(on(statement), false, JSON.stringify(statement))
  })
})
