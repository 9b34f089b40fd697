// What a decision costs: processor time of one `decide`, for a policy of one statement and for sets as large accounts have them.
// `npm run bench:decisions [-- --slack 1 --milliseconds 500]`; ends with 1 when one takes more than its limit. `--slack 2` doubles the limits: for
// a machine that is busy or slow.

import { parseArgs } from 'node:util'

import { compilePolicy, policyKinds } from '../src/domain/authorisation/policies/compile-policy.ts'
import { decide, type PolicySet } from '../src/domain/authorisation/policies/decide.ts'
import type { NamedPolicy } from '../src/domain/authorisation/policies/policy.ts'
import type { AccessRequest, KeyValue, Principal } from '../src/domain/authorisation/policies/request.ts'

const owner = '123456789012'
const repositoryArn = `arn:aws:ecr:eu-west-1:${owner}:repository/team-7/app`
const user: Principal = { kind: 'user', accountId: owner, arn: `arn:aws:iam::${owner}:user/alice` }
const session: Principal = {
  kind: 'session',
  accountId: owner,
  arn: `arn:aws:sts::${owner}:assumed-role/ci/build`,
  roleArn: `arn:aws:iam::${owner}:role/ci`,
}

const { values } = parseArgs({
  options: { slack: { type: 'string', default: '1' }, milliseconds: { type: 'string', default: '500' } },
})

interface Case {
  readonly name: string
  /** Microseconds. */
  readonly limit: number
  readonly request: AccessRequest
  readonly policies: PolicySet
  /** What it has to come to: a measure of the wrong thing is none. */
  readonly isAllowed: boolean
}

type Text = Readonly<Record<string, unknown>>

const pushAll: Text = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }

/** Actions as AWS's AmazonEC2ContainerRegistryPowerUser lists them. */
const powerUser: Text = {
  Effect: 'Allow',
  Action: [
    'GetAuthorizationToken',
    'BatchCheckLayerAvailability',
    'GetDownloadUrlForLayer',
    'GetRepositoryPolicy',
    'DescribeRepositories',
    'ListImages',
    'DescribeImages',
    'BatchGetImage',
    'GetLifecyclePolicy',
    'GetLifecyclePolicyPreview',
    'ListTagsForResource',
    'DescribeImageScanFindings',
    'InitiateLayerUpload',
    'UploadLayerPart',
    'CompleteLayerUpload',
    'PutImage',
  ].map((name) => `ecr:${name}`),
  Resource: '*',
}

/** A team's own repositories, by tag, from its network, with a second factor, for a while. */
const ofTeam = (team: number): Text => ({
  Sid: `Team${team}`,
  Effect: 'Allow',
  Action: ['ecr:BatchGetImage', 'ecr:Put*', 'ecr:*Layer*'],
  Resource: [`arn:aws:ecr:*:${owner}:repository/team-${team}/*`, 'arn:aws:ecr:*:*:repository/${aws:username}/*'],
  Condition: {
    StringEquals: {
      'aws:ResourceTag/team': '${aws:PrincipalTag/team}',
      'aws:RequestedRegion': ['eu-west-1', 'eu-west-2'],
    },
    IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] },
    DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' },
    'ForAllValues:StringLike': { 'aws:TagKeys': ['team', 'cost-*'] },
  },
})
const teams = Array.from({ length: 50 }, (_, team) => ofTeam(team))
/** What an index of the beginnings would not help. */
const searching = Array.from({ length: 50 }, (_, team) => ({
  Effect: 'Allow',
  Action: 'ecr:*',
  Resource: ['-*-build', '*/cache', '-?-*'].map((end) => `arn:aws:ecr:*:${owner}:repository/*team-${team}${end}`),
}))
const denials = Array.from({ length: 50 }, (_, team) => ({ ...ofTeam(team + 100), Effect: 'Deny' }))

const cases: readonly Case[] = [
  {
    name: 'root, no policy',
    limit: 10,
    request: asked({ kind: 'root', accountId: owner, arn: `arn:aws:iam::${owner}:root` }),
    policies: set({}),
    isAllowed: true,
  },
  {
    name: 'user, 1 statement',
    limit: 10,
    request: asked(user),
    policies: set({ identity: [identity(pushAll)] }),
    isAllowed: true,
  },
  {
    name: 'user, power user',
    limit: 10,
    request: asked(user),
    policies: set({ identity: [identity(powerUser)] }),
    isAllowed: true,
  },
  {
    name: 'session, power user, boundary, session policy, repository policy',
    limit: 10,
    request: asked(session),
    policies: set({
      identity: [identity(powerUser)],
      boundary: identity(pushAll),
      session: [identity(pushAll)],
      resource: [
        repository({ Effect: 'Allow', Action: 'ecr:BatchGetImage', Principal: { AWS: ['210987654321', owner] } }),
      ],
    }),
    isAllowed: true,
  },
  {
    name: 'user, 1 statement with conditions and variables',
    limit: 10,
    request: asked(user),
    policies: set({ identity: [identity(ofTeam(7))] }),
    isAllowed: true,
  },
  {
    name: 'user, 50 statements with conditions and variables',
    limit: 10,
    request: asked(user),
    policies: set({ identity: [identity(...teams)] }),
    isAllowed: true,
  },
  {
    name: 'user, the same and 50 that deny, none about it',
    // A hundred statements, all of them asked.
    limit: 10,
    request: asked(user),
    policies: set({ identity: [identity(...teams), identity(...denials)] }),
    isAllowed: true,
  },
  {
    name: 'user, 50 statements of 3 patterns with wildcards each, refused',
    request: asked(user, `arn:aws:ecr:eu-west-1:${owner}:repository/other/app`),
    policies: set({ identity: [identity(...searching)] }),
    // 150 searches through a text.
    limit: 50,
    isAllowed: false,
  },
  {
    name: 'user, 50 statements, refused',
    limit: 10,
    request: asked(user, `arn:aws:ecr:eu-west-1:${owner}:repository/other/app`),
    policies: set({ identity: [identity(...teams)] }),
    isAllowed: false,
  },
]

process.exitCode = measureAll(Number(values.slack), Number(values.milliseconds))

function measureAll(slack: number, milliseconds: number): number {
  // First all of them a while: no case is measured before the compiler knows the others too.
  for (const one of cases) microsPerDecision(one, milliseconds / 5)
  let missed = 0
  print('', 'µs of processor time a decision, and its limit')
  for (const one of cases) {
    const micros = Math.min(...Array.from({ length: 3 }, () => microsPerDecision(one, milliseconds)))
    const limit = one.limit * slack
    if (micros > limit) missed += 1
    print(one.name, `${micros.toFixed(2).padStart(8)} of ${limit}${micros > limit ? ', MISSED' : ''}`)
  }
  if (missed > 0) print('', `${missed} of ${cases.length} miss their limit`)
  return missed > 0 ? 1 : 0
}

/** Processor time, not time: the machine may be busy. */
function microsPerDecision({ name, request, policies, isAllowed }: Case, milliseconds: number): number {
  const batch = 200
  const endMs = performance.now() + milliseconds
  const before = process.cpuUsage()
  let decisions = 0
  for (; performance.now() < endMs; decisions += batch) {
    for (let at = 0; at < batch; at++) {
      // A request of its own for each: what is remembered of one is of no use to the next.
      if (decide({ ...request }, policies).allowed !== isAllowed)
        throw new Error(`${name}: the decision is not what was meant`)
    }
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / decisions
}

function asked(principal: Principal, resource = repositoryArn): AccessRequest {
  const keys = new Map<string, KeyValue>([
    ['aws:username', 'alice'],
    ['aws:principaltag/team', '7'],
    ['aws:resourcetag/team', '7'],
    ['aws:requestedregion', 'eu-west-1'],
    ['aws:sourceip', '203.0.113.9'],
    ['aws:currenttime', '2026-11-21T12:00:00Z'],
    ['aws:tagkeys', ['team', 'cost-center']],
  ])
  return { principal, action: 'ecr:PutImage', resource, resourceAccountId: owner, key: (name) => keys.get(name) }
}

function set(policies: Partial<PolicySet>): PolicySet {
  return { identity: [], boundary: undefined, session: undefined, resource: [], ...policies }
}

function identity(...statements: readonly Text[]): NamedPolicy {
  return compiled('identity', statements)
}

function repository(...statements: readonly Text[]): NamedPolicy {
  return compiled('repository', statements)
}

function compiled(name: 'identity' | 'repository', statements: readonly Text[]): NamedPolicy {
  const policy = compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), policyKinds[name])
  if (!policy) throw new Error(`not a policy: ${JSON.stringify(statements)}`)
  return { name, policy }
}

function print(title: string, text: string): void {
  process.stdout.write(`${title.padEnd(68)}${text}\n`)
}
