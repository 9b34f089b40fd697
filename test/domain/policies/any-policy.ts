// Policies and requests for fast-check: names and values come from small pools, so that what one says is often about what the other asks.

import fc from 'fast-check'

import type { KeyValue, Principal } from '../../../src/domain/authorisation/policies/request.ts'
import { alice, anonymous, mallory, owner, root, session, stranger, type StatementText } from './asking.ts'
import type { PolicyTexts } from './reference-evaluator.ts'

/** A request as data, to be printed. */
export interface AskedRequest {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly keys: Readonly<Record<string, KeyValue>>
}

const registry = `arn:aws:ecr:eu-west-1:${owner}:repository`
const bob: Principal = { ...alice, arn: `arn:aws:iam::${owner}:user/team/bob`, userId: 'AIDAQ3EGXBOBEXAMPLE01' }
const otherSession: Principal = {
  ...session,
  arn: `arn:aws:sts::${owner}:assumed-role/ci/deploy`,
  userId: 'AROAQ3EGXROLEEXAMPLE1:deploy',
}
const strangeSession: Principal = {
  kind: 'session',
  accountId: stranger,
  arn: `arn:aws:sts::${stranger}:assumed-role/ci/build`,
  roleArn: `arn:aws:iam::${stranger}:role/ci`,
}
const strangeRoot: Principal = { kind: 'root', accountId: stranger, arn: `arn:aws:iam::${stranger}:root` }
const principals = [alice, bob, session, otherSession, mallory, strangeSession, root, strangeRoot, anonymous]

const pick = <T>(...pool: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...pool)
/** One value as it is, or one to three in a list. */
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | readonly T[]> =>
  fc.oneof({ arbitrary: one, weight: 2 }, { arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }), weight: 1 })

const words = ['alice', 'app', 'team/app', 'apap', 'up', 'Alice', 'a*b', 'a?b', '', '$', '*']
const instants = ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', '2026', '2026-01', '2026-01-02', '1767225600']
const numbers = ['1', '1.0', '2', '-3', '10.5']
const arns = [
  alice.arn,
  mallory.arn,
  session.arn,
  `${registry}/app`,
  `${registry}/team/app`,
  `arn:aws:sns:eu-west-1:${owner}:topic:sub:1`,
  `arn:aws:sns:eu-west-1:${stranger}:topic:${owner}:sub:1`,
]
const addresses = ['203.0.113.7', '198.51.100.1', '10.1.2.3', '2001:db8::1', '2001:db8:1::2']
const binaries = ['QUJD', 'AAH/', '']

/** Condition keys, what the request may say of them, and what a policy may ask with which operators. */
interface Family {
  readonly keys: readonly string[]
  readonly given: fc.Arbitrary<KeyValue>
  readonly operators: readonly string[]
  readonly asked: fc.Arbitrary<unknown>
}

const texts = fc.oneof(
  pick(...words),
  pick('a*', '*', '?????', '*pp', 'a?b', 'a*b', 'team/*', 'ap*pp', '*p*p*', '*a*p?', '*a?p*p', 't*/*p'),
  pick('${aws:username}', '${aws:PrincipalTag/team}', "${aws:PrincipalTag/team, 'app'}", '${ecr:CreateAction}'),
  pick('${*}', 'a${*}b', 'a${?}b', '${$}', 'team/${aws:username}', '*${aws:username}', '${aws:TagKeys}', '${', 'a${b'),
)
const families: readonly Family[] = [
  {
    keys: [
      'aws:username',
      'aws:PrincipalTag/team',
      'aws:ResourceTag/Cost Center',
      'AWS:RequestTag/team',
      'aws:TagKeys',
    ],
    given: fc.oneof(pick(...words), pick(...words), fc.array(pick(...words), { maxLength: 3 })),
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
    ],
    asked: texts,
  },
  {
    keys: ['ecr:Size', 'aws:MultiFactorAuthAge'],
    given: pick(...numbers, 'many', ''),
    operators: ['', 'Not'].flatMap((not) => [`Numeric${not}Equals`]).concat(ordersOf('Numeric')),
    asked: fc.oneof(pick(...numbers), pick(1, 2, -3, 10.5)),
  },
  {
    keys: ['aws:CurrentTime', 'aws:TokenIssueTime', 'aws:EpochTime'],
    given: pick(...instants, 'yesterday'),
    operators: ['DateEquals', 'DateNotEquals', ...ordersOf('Date')],
    asked: pick(...instants),
  },
  {
    keys: ['aws:SecureTransport', 'aws:MultiFactorAuthPresent'],
    given: pick('true', 'false'),
    operators: ['Bool'],
    asked: pick<unknown>('true', 'false', true, false, 'False'),
  },
  { keys: ['aws:Blob'], given: pick(...binaries), operators: ['BinaryEquals'], asked: pick(...binaries) },
  {
    keys: ['aws:SourceIp', 'aws:VpcSourceIp'],
    given: pick(...addresses, 'nowhere'),
    operators: ['IpAddress', 'NotIpAddress'],
    asked: pick(...addresses, '203.0.113.0/24', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '2001:db8::/64', '::/0'),
  },
  {
    keys: ['aws:PrincipalArn', 'aws:SourceArn'],
    given: pick(...arns, 'alice'),
    operators: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'],
    asked: fc.oneof(
      pick(...arns),
      pick(
        'arn:aws:iam::*:user/*',
        'arn:*:*:*:*:*',
        `arn:aws:ecr:*:${owner}:repository/?pp`,
        'arn:aws:sns:*:*:*:1',
        `arn:aws:sns:*:${owner}:sub:1`,
      ),
      pick('arn:aws:iam::*:user/${aws:username}', 'arn:aws:ecr:*:${aws:PrincipalTag/team}:*', `${registry}/\${*}`),
    ),
  },
  {
    keys: ['aws:username', 'aws:TagKeys', 'aws:SourceIp', 'aws:TokenIssueTime'],
    given: pick(...words),
    operators: ['Null'],
    asked: pick<unknown>('true', 'false', true, false),
  },
]

function ordersOf(prefix: string): readonly string[] {
  return ['LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((order) => `${prefix}${order}`)
}

/** One operator on one or two keys. */
const anyOperator = fc.oneof(
  ...families.map(({ keys, operators, asked }) =>
    fc.tuple(
      pick(...operators).chain((operator) =>
        operator === 'Null'
          ? fc.constant(operator)
          : fc
              .tuple(pick('', '', 'ForAllValues:', 'ForAnyValue:'), pick('', '', 'IfExists'))
              .map(([set, ifExists]) => `${set}${operator}${ifExists}`),
      ),
      fc.dictionary(pick(...keys), some(asked), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    ),
  ),
)
const anyCondition = fc.array(anyOperator, { minLength: 1, maxLength: 2 }).map((pairs) => Object.fromEntries(pairs))

const anyKeys = fc
  .tuple(...families.flatMap(({ keys, given }) => keys.map((key) => fc.option(fc.tuple(fc.constant(key), given)))))
  .map((pairs) => Object.fromEntries(pairs.filter((pair) => pair !== null)))

const anyAction = some(
  pick('*', 'ecr:*', 'ecr:PutImage', 'ecr:putimage', 'ECR:Put*', 'ecr:*Image', 'ecr:???Image', 'ecr:Get*'),
)
const anyResource = some(
  pick(
    '*',
    `${registry}/app`,
    `${registry}/team/*`,
    `${registry}/?pp`,
    `${registry}/*l*l*`,
    'arn:aws:ecr:*:*:repository/*',
    'arn:aws:ecr:*',
    'arn:aws:ecr:eu-west-?:*:repository/app',
    `arn:aws:ecr:*:${owner}:*/app`,
    'arn:aws:s3:::bucket/*',
    `${registry}/\${aws:username}`,
    `${registry}/\${aws:PrincipalTag/team}*`,
    `${registry}/\${aws:PrincipalTag/team, 'app'}`,
    `${registry}/\${aws:TagKeys}`,
    `${registry}/a\${*}b`,
  ),
)
const namedPrincipals = principals
  .flatMap(({ kind, arn, roleArn, accountId }) => (kind === 'anonymous' ? [] : [arn, roleArn ?? arn, accountId]))
  .concat('*', 'AIDAQ3EGXBOBEXAMPLE01', 'AROAQ3EGXROLEEXAMPLE1', 'AROAQ3EGXROLEEXAMPLE1:deploy')
const anyPrincipal = fc.oneof(
  fc.constant('*'),
  fc.record({
    AWS: fc.oneof(some(pick(...namedPrincipals)), fc.array(pick(...namedPrincipals), { minLength: 3, maxLength: 6 })),
  }),
  fc.record({ AWS: some(pick(...namedPrincipals)), Service: fc.constant('codebuild.amazonaws.com') }),
  fc.record({ Service: fc.constant('codebuild.amazonaws.com') }),
)

/** An element, or now and then its `Not…`. */
const elementOrNot = (name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<StatementText> =>
  fc.tuple(pick(name, name, name, `Not${name}`), value).map(([member, given]) => ({ [member]: given }))

function anyStatement(kind: 'identity' | 'repository'): fc.Arbitrary<StatementText> {
  return fc
    .tuple(
      pick('Allow', 'Allow', 'Allow', 'Deny').map((Effect) => ({ Effect })),
      elementOrNot('Action', anyAction),
      kind === 'identity'
        ? elementOrNot('Resource', anyResource)
        : fc.option(elementOrNot('Resource', anyResource), { nil: {} }),
      kind === 'identity' ? fc.constant({}) : elementOrNot('Principal', anyPrincipal),
      fc.option(
        anyCondition.map((Condition) => ({ Condition })),
        { nil: {} },
      ),
    )
    .map((elements): StatementText => Object.assign({}, ...elements))
}

/** At least one statement: IAM takes no policy without. */
function anyPolicy(kind: 'identity' | 'repository'): fc.Arbitrary<string> {
  return fc
    .tuple(
      pick('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17', undefined),
      fc.array(anyStatement(kind), { minLength: 1, maxLength: 4 }),
    )
    .map(([Version, statements]) =>
      JSON.stringify({ Version, Statement: statements.length === 1 ? statements[0] : statements }),
    )
}

export const anyPolicySet: fc.Arbitrary<PolicyTexts> = fc.record({
  identity: fc.array(anyPolicy('identity'), { maxLength: 3 }),
  boundary: fc.option(anyPolicy('identity'), { nil: undefined, freq: 2 }),
  session: fc.option(fc.array(anyPolicy('identity'), { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 }),
  resource: fc.array(anyPolicy('repository'), { maxLength: 3 }),
})

export const anyRequest: fc.Arbitrary<AskedRequest> = fc.record({
  principal: pick(...principals),
  action: pick('ecr:PutImage', 'ecr:PutImage', 'ecr:GetDownloadUrlForLayer', 'ecr:CreateRepository'),
  resource: pick(
    `${registry}/app`,
    `${registry}/app`,
    `${registry}/team/app`,
    `${registry}/a*b`,
    `${registry}/alice`,
    '*',
  ),
  keys: anyKeys,
})
