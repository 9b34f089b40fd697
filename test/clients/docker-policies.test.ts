// AWS's sample policies as the Docker engine meets them, and what a login that is made already is worth when rights are taken away.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { updateAccessKey } from '../../src/operations/admin/identities/update-access-key.ts'
import { updatePolicy } from '../../src/operations/admin/identities/update-policy.ts'
import { type RunResult, skipUnlessRoot } from '../support/client.ts'
import { seededBytes } from '../support/image-layout.ts'
import { startDockerd } from './daemon.ts'
import { loginOnly, pullOnly } from './sample-policies.ts'
import {
  account,
  arnOf,
  refusal,
  type Rights,
  rightsByTags,
  rightsOfSamples,
  type SampleCaller,
  type Verdict,
} from './sample-rights.ts'
import { useSamples } from './sample-setting.ts'

describe("AWS's sample policies and docker", { skip: skipUnlessRoot('dockerd', 'docker', 'containerd') }, () => {
  const { setting, passwordOf, keyOf, admin } = useSamples()
  const engine: Record<string, string> = {}
  const loggedIn = new Set<SampleCaller>()
  before(async () => {
    const daemon = await startDockerd(setting.sandbox)
    setting.onEnd(daemon.stop)
    Object.assign(engine, daemon.env)
    await writeFile(setting.sandbox.path('file'), seededBytes('docker-policies', 5000))
    const archive = setting.sandbox.path('root.tar')
    await setting.sandbox.succeed('tar', ['-C', setting.sandbox.directory, '-cf', archive, 'file'])
    await setting.sandbox.succeed('docker', ['import', archive, 'new'], { env: engine })
  })

  const reference = (repository: string, tag: string): string => `${setting.stowage.host}/${repository}:${tag}`

  /** Each caller has a configuration of its own, so that logins stand beside each other. */
  const docker = (who: SampleCaller, args: readonly string[], input = ''): Promise<RunResult> =>
    setting.sandbox.run('docker', ['--config', setting.sandbox.path('logins', who), ...args], { env: engine, input })

  async function logIn(who: SampleCaller): Promise<void> {
    if (loggedIn.has(who)) return
    await mkdir(setting.sandbox.path('logins', who), { recursive: true })
    const args = ['login', '-u', 'AWS', '--password-stdin', setting.stowage.host]
    const { code, stderr } = await docker(who, args, await passwordOf(who))
    assert.equal(code, 0, stderr)
    loggedIn.add(who)
  }

  function holds(who: SampleCaller, ended: RunResult, verdict: Verdict, action: string, repository: string): void {
    const text = `${who} ${action} ${repository}: ${ended.stderr}`
    if (verdict === 'yes') return assert.equal(ended.code, 0, text)
    assert.notEqual(ended.code, 0, text)
    assert.ok(ended.stderr.endsWith(`denied: ${refusal(who, action, arnOf(repository), verdict)}`), text)
  }

  async function pulls({ who, repository, pull }: Rights): Promise<void> {
    await logIn(who)
    const ended = await docker(who, ['pull', '-q', reference(repository, 'v1')])
    holds(who, ended, pull, 'ecr:BatchGetImage', repository)
  }

  async function pushes({ who, repository, push }: Rights): Promise<void> {
    await logIn(who)
    const target = reference(repository, who)
    await setting.sandbox.succeed('docker', ['tag', 'new', target], { env: engine })
    holds(who, await docker(who, ['push', '-q', target]), push, 'ecr:InitiateLayerUpload', repository)
  }

  for (const deed of [pulls, pushes])
    test(deed.name, async () => {
      for (const rights of rightsOfSamples) await deed(rights)
    })

  test('policies about tags', async () => {
    for (const deed of [pulls, pushes]) for (const rights of rightsByTags) await deed(rights)
  })

  test('whoever may not have a password gets none', async () => {
    await assert.rejects(passwordOf('nobody'), {
      name: 'AccessDeniedException',
      message: refusal('nobody', 'ecr:GetAuthorizationToken', '*', 'no identity'),
    })
  })

  test('a login that is made follows its policies and its key within a second', async () => {
    const who = 'pull-only'
    const repository = 'samples/plain'
    await logIn(who)
    const pull = () => docker(who, ['pull', '-q', reference(repository, 'v1')])
    const policyArn = `arn:aws:iam::${account}:policy/${who}`
    const put = (document: object) =>
      admin().call(updatePolicy, { accountId: account, policyArn, policyDocument: JSON.stringify(document) })
    assert.equal((await pull()).code, 0)
    await put(loginOnly)
    await delay(1000)
    holds(who, await pull(), 'no identity', 'ecr:BatchGetImage', repository)
    await put(pullOnly)
    await delay(1000)
    assert.equal((await pull()).code, 0)
    const { accessKeyId } = keyOf(who)
    await admin().call(updateAccessKey, { accessKeyId, status: 'Inactive' })
    await delay(1000)
    const refused = await pull()
    assert.notEqual(refused.code, 0)
    assert.equal(refused.stderr, 'Error response from daemon: unauthorized: authentication required')
    await admin().call(updateAccessKey, { accessKeyId, status: 'Active' })
    await delay(1000)
    assert.equal((await pull()).code, 0)
  })
})
