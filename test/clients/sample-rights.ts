// Who has which of AWS's sample policies, and what follows from them: the table that each client is held to. The verdicts are written from
// the pages' own words ("policy evaluation logic" of the IAM User Guide), not computed.

import {
  allowCodeBuild,
  allowCrossAccountPush,
  allowPullAndAll,
  allowPullOf,
  allowPushPull,
  denyPull,
  fullAccess,
  loginOnly,
  notInProduction,
  oneRepository,
  onlyByEndpoint,
  onlyFrom,
  type PolicyDocument,
  powerUser,
  pullOnly,
  pushTo,
  readOnly,
} from './sample-policies.ts'

export const account = '123456789012'
export const otherAccount = '111122223333'
export const region = 'us-east-1'

export const arnOf = (repository: string): string => `arn:aws:ecr:${region}:${account}:repository/${repository}`

export interface SampleUser {
  readonly name: string
  readonly accountId: string
  /** Attached as a managed policy. */
  readonly policy?: PolicyDocument
}

const own = <Name extends string>(name: Name, policy?: PolicyDocument) => ({
  name,
  accountId: account,
  ...(policy && { policy }),
})

export const users = [
  own('nobody'),
  own('pull-only', pullOnly),
  own('read-only', readOnly),
  own('power-user', powerUser),
  own('full-access', fullAccess),
  own('push-to-one', pushTo(arnOf('samples/one'))),
  own('one-repository', oneRepository(arnOf('samples/one'))),
  own('not-in-production', notInProduction),
  own('push-pull-user-1', loginOnly),
  own('push-pull-user-2', loginOnly),
  own('pull-user-1', loginOnly),
  own('pull-user-2', loginOnly),
  own('admin-user', loginOnly),
  own('ecr-pull-through-cache-user', loginOnly),
  { name: 'other-full-access', accountId: otherAccount, policy: fullAccess },
  { name: 'other-login-only', accountId: otherAccount, policy: loginOnly },
] as const satisfies readonly SampleUser[]

/** A role of the account without policies of its own but the right to log in; whoever is `admin-user` opens its session. */
export const role = { name: 'deployer', arn: `arn:aws:iam::${account}:role/deployer`, policy: loginOnly }
export const session = 'deployer'

export type SampleCaller = (typeof users)[number]['name'] | typeof session

export interface SampleRepository {
  readonly policy?: PolicyDocument
  readonly tags?: Readonly<Record<string, string>>
}

export const repositories = {
  'samples/plain': {},
  'samples/one': {},
  'samples/prod': { tags: { environment: 'prod' } },
  'samples/push-pull': { policy: allowPushPull(account) },
  'samples/cross-push': { policy: allowCrossAccountPush(otherAccount) },
  'samples/pull-and-all': { policy: allowPullAndAll(account) },
  'samples/deny-pull': { policy: denyPull },
  'samples/elsewhere': { policy: onlyFrom('54.240.143.0/24') },
  'samples/here': { policy: onlyFrom('127.0.0.0/8') },
  'samples/code-build': { policy: allowCodeBuild(account) },
  'samples/endpoint': { policy: onlyByEndpoint },
  'samples/role': { policy: allowPullOf(role.arn) },
} as const satisfies Readonly<Record<string, SampleRepository>>

/** Why not, by the last words of the sentence. */
export type Why = 'no identity' | 'no resource' | 'denied by resource' | 'denied by identity'
export type Verdict = 'yes' | Why

export interface Rights {
  readonly who: SampleCaller
  readonly repository: keyof typeof repositories
  readonly pull: Verdict
  readonly push: Verdict
  readonly list: Verdict
  readonly remove: Verdict
}

const rights = (
  who: Rights['who'],
  repository: Rights['repository'],
  pull: Verdict,
  push: Verdict,
  list: Verdict,
  remove: Verdict,
): Rights => ({ who, repository, pull, push, list, remove })

/** Each repository's refused pushes stand before those that succeed, which leave layers behind that need no second push. */
export const rightsOfSamples: readonly Rights[] = [
  rights('pull-only', 'samples/plain', 'yes', 'no identity', 'no identity', 'no identity'),
  rights('read-only', 'samples/plain', 'yes', 'no identity', 'yes', 'no identity'),
  rights('push-to-one', 'samples/plain', 'no identity', 'no identity', 'no identity', 'no identity'),
  rights('power-user', 'samples/plain', 'yes', 'yes', 'yes', 'no identity'),
  rights('full-access', 'samples/plain', 'yes', 'yes', 'yes', 'yes'),
  rights('push-to-one', 'samples/one', 'no identity', 'yes', 'no identity', 'no identity'),
  rights('one-repository', 'samples/one', 'yes', 'yes', 'yes', 'no identity'),
  rights('pull-user-1', 'samples/push-pull', 'no identity', 'no identity', 'no identity', 'no identity'),
  rights('push-pull-user-1', 'samples/push-pull', 'yes', 'yes', 'no identity', 'no identity'),
  rights('push-pull-user-2', 'samples/push-pull', 'yes', 'yes', 'no identity', 'no identity'),
  rights('other-login-only', 'samples/cross-push', 'no identity', 'no identity', 'no identity', 'no identity'),
  rights('other-full-access', 'samples/cross-push', 'no resource', 'yes', 'no resource', 'no resource'),
  rights('other-full-access', 'samples/plain', 'no resource', 'no resource', 'no resource', 'no resource'),
  rights('pull-user-1', 'samples/pull-and-all', 'yes', 'no identity', 'no identity', 'no identity'),
  rights('pull-user-2', 'samples/pull-and-all', 'yes', 'no identity', 'no identity', 'no identity'),
  rights('admin-user', 'samples/pull-and-all', 'yes', 'yes', 'yes', 'yes'),
  rights('full-access', 'samples/deny-pull', 'denied by resource', 'yes', 'yes', 'yes'),
  rights(
    'full-access',
    'samples/elsewhere',
    'denied by resource',
    'denied by resource',
    'denied by resource',
    'denied by resource',
  ),
  rights('full-access', 'samples/here', 'yes', 'yes', 'yes', 'yes'),
  rights('pull-user-1', 'samples/code-build', 'no identity', 'no identity', 'no identity', 'no identity'),
  rights(
    'full-access',
    'samples/endpoint',
    'denied by resource',
    'denied by resource',
    'denied by resource',
    'denied by resource',
  ),
  rights('admin-user', 'samples/role', 'no identity', 'no identity', 'no identity', 'no identity'),
  rights('deployer', 'samples/role', 'yes', 'no identity', 'no identity', 'no identity'),
]

/** The same for a policy that asks for the tags of repositories. */
export const rightsByTags: readonly Rights[] = [
  rights(
    'not-in-production',
    'samples/prod',
    'denied by identity',
    'denied by identity',
    'denied by identity',
    'denied by identity',
  ),
  rights('not-in-production', 'samples/one', 'yes', 'yes', 'yes', 'yes'),
]

const reasons: Readonly<Record<Why, (action: string) => string>> = {
  'no identity': (action) => `because no identity-based policy allows the ${action} action`,
  'no resource': (action) => `because no resource-based policy allows the ${action} action`,
  'denied by resource': () => 'with an explicit deny in a resource-based policy',
  'denied by identity': () => 'with an explicit deny in an identity-based policy',
}

/** What ECR says to a caller that it refuses (https://github.com/aws/aws-cli/issues/5592 shows it). */
export function refusal(who: SampleCaller, action: string, resource: string, why: Why): string {
  return `User: ${callerArn(who)} is not authorized to perform: ${action} on resource: ${resource} ${reasons[why](action)}`
}

function callerArn(who: SampleCaller): string {
  if (who === session) return `arn:aws:sts::${account}:assumed-role/${role.name}/client`
  const accountId = users.find(({ name }) => name === who)?.accountId ?? ''
  return `arn:aws:iam::${accountId}:user/${who}`
}
