// AWS's sample policies as the AWS command line meets them: the API's side of what docker and skopeo do, policies of registries, and the words
// that are printed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type RunResult, skipUnless } from '../support/client.ts'
import { runAwsCalls } from './aws-calls.ts'
import { allowPullThroughCache, allowPushPull, allowReplication } from './sample-policies.ts'
import { account, arnOf, otherAccount, refusal, type SampleCaller, type Verdict } from './sample-rights.ts'
import { useSamples } from './sample-setting.ts'

interface Call {
  readonly who: SampleCaller
  readonly command: string
  /** Of the `--repository-name`; without it the call is about the registry. */
  readonly repository?: string
  readonly more?: readonly string[]
  readonly verdict: Verdict
}

const call = (who: SampleCaller, command: string, repository: string, verdict: Verdict, ...more: string[]): Call => ({
  who,
  command,
  repository,
  verdict,
  more,
})
const v1 = ['--image-ids', 'imageTag=v1']
/** Who calls from another account names the registry. */
const ours = ['--registry-id', account]

const ofRepositories: readonly Call[] = [
  { who: 'nobody', command: 'get-authorization-token', verdict: 'no identity' },
  { who: 'pull-only', command: 'get-authorization-token', verdict: 'yes' },
  call('pull-only', 'batch-get-image', 'samples/plain', 'yes', ...v1),
  call('pull-only', 'describe-images', 'samples/plain', 'no identity'),
  call('read-only', 'describe-images', 'samples/plain', 'yes'),
  call('read-only', 'create-repository', 'samples/new', 'no identity'),
  call('power-user', 'initiate-layer-upload', 'samples/plain', 'yes'),
  call('power-user', 'batch-delete-image', 'samples/plain', 'no identity', ...v1),
  call('power-user', 'delete-repository', 'samples/plain', 'no identity', '--force'),
  call('push-to-one', 'initiate-layer-upload', 'samples/one', 'yes'),
  call('push-to-one', 'list-images', 'samples/one', 'no identity'),
  call('one-repository', 'list-images', 'samples/one', 'yes'),
  call('one-repository', 'list-images', 'samples/plain', 'no identity'),
  call('admin-user', 'list-images', 'samples/pull-and-all', 'yes'),
  call('pull-user-2', 'batch-get-image', 'samples/pull-and-all', 'yes', ...v1),
  call('deployer', 'batch-get-image', 'samples/role', 'yes', ...v1),
  call('deployer', 'list-images', 'samples/role', 'no identity'),
  call('full-access', 'batch-get-image', 'samples/deny-pull', 'denied by resource', ...v1),
  call('full-access', 'list-images', 'samples/elsewhere', 'denied by resource'),
  call('full-access', 'get-repository-policy', 'samples/here', 'yes'),
  call('other-full-access', 'initiate-layer-upload', 'samples/cross-push', 'yes', ...ours),
  call('other-full-access', 'batch-get-image', 'samples/cross-push', 'no resource', ...v1, ...ours),
]

const byTags: readonly Call[] = [
  call('not-in-production', 'list-images', 'samples/one', 'yes'),
  call('not-in-production', 'list-images', 'samples/prod', 'denied by identity'),
]

const policyOf = (policy: object): readonly string[] => ['--policy-text', JSON.stringify(policy)]
const replication = policyOf(allowReplication(otherAccount, arnOf('prod-*')))
const cache = policyOf(allowPullThroughCache(account, arnOf('ecr-public/*')))

const ofPolicies: readonly Call[] = [
  call('power-user', 'set-repository-policy', 'samples/one', 'no identity', ...policyOf(allowPushPull(account))),
  call('full-access', 'set-repository-policy', 'samples/one', 'yes', ...policyOf(allowPushPull(account))),
  call('push-pull-user-1', 'batch-get-image', 'samples/one', 'yes', ...v1),
  { who: 'power-user', command: 'put-registry-policy', more: replication, verdict: 'no identity' },
  call('other-full-access', 'create-repository', 'prod-app', 'no resource', ...ours),
  { who: 'full-access', command: 'put-registry-policy', more: replication, verdict: 'yes' },
  call('other-full-access', 'create-repository', 'prod-app', 'yes', ...ours),
  call('other-full-access', 'create-repository', 'test-app', 'no resource', ...ours),
  call('ecr-pull-through-cache-user', 'create-repository', 'ecr-public/app', 'no identity'),
  { who: 'full-access', command: 'put-registry-policy', more: cache, verdict: 'yes' },
  call('ecr-pull-through-cache-user', 'create-repository', 'ecr-public/app', 'yes'),
  call('ecr-pull-through-cache-user', 'create-repository', 'quay/app', 'no identity'),
]

describe("AWS's sample policies and the AWS command line", { skip: skipUnless('aws') }, () => {
  const { setting, envOf } = useSamples()

  const argsOf = ({ command, repository, more = [] }: Call): readonly string[] => {
    const about = repository === undefined ? [] : ['--repository-name', repository]
    return ['ecr', command, '--endpoint-url', setting.stowage.origin, ...about, ...more]
  }

  function assertEnded({ who, command, repository, verdict }: Call, { code, stderr }: RunResult): void {
    const text = `${who} ${command} ${repository}`
    if (verdict === 'yes') return assert.deepEqual([code, stderr], [0, ''], text)
    const name = operationOf(command)
    const sentence = refusal(who, `ecr:${name}`, repository === undefined ? '*' : arnOf(repository), verdict)
    assert.equal(
      stderr,
      `An error occurred (AccessDeniedException) when calling the ${name} operation: ${sentence}`,
      text,
    )
  }

  async function hold(calls: readonly Call[]): Promise<void> {
    const all = calls.map((one) => ({ args: argsOf(one), env: envOf(one.who) }))
    const ended = await runAwsCalls(setting.sandbox, all)
    for (const [at, one] of calls.entries()) assertEnded(one, ended[at] ?? assert.fail('every call ends'))
  }

  test('of users and of repositories', () => hold(ofRepositories))

  test('about tags', () => hold(byTags))

  test('put in place, of repositories and of registries', () => hold(ofPolicies))
})

/** `list-images` calls ListImages. */
function operationOf(command: string): string {
  return command.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
