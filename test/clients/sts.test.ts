// The official STS client and the AWS command line against a real server: roles opened, and used.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import {
  AssumeRoleCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
  type Credentials,
} from '@aws-sdk/client-sts'

import type { AuditEvent } from '../../src/domain/ports/audit.ts'
import { signed } from '../support/sign.ts'
import { skipUnless } from '../support/client.ts'
import { useStowage } from './setting.ts'

const account = '123456789012'
const roleArn = `arn:aws:iam::${account}:role/ci`

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

describe('STS', () => {
  const setting = useStowage()
  const clientOf = (credentials: Key) =>
    new STSClient({ endpoint: setting.stowage.origin, region: 'us-east-1', credentials, maxAttempts: 1 })
  const rootKey = (): Key => ({
    accessKeyId: setting.stowage.env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: setting.stowage.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  })

  /** Calls the operator's own API as the root. */
  async function admin(operation: string, input: object): Promise<unknown> {
    const body = JSON.stringify(input)
    const headers = [
      ['Host', setting.stowage.host],
      ['Content-Type', 'application/x-amz-json-1.1'],
      ['X-Amz-Target', `Stowage_20261121.${operation}`],
    ] as const
    const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const message = signed({ headers }, { key: rootKey(), amzDate, service: 'stowage', payload: body })
    const sent = message.headers
      .filter(([name]) => name !== 'Host')
      .map(([name, value]) => [name, value] as [string, string])
    const response = await fetch(setting.stowage.origin, { method: 'POST', headers: sent, body })
    const text = await response.text()
    assert.equal(response.status, 200, `${operation}: ${text}`)
    return JSON.parse(text)
  }

  /** A user who may open sessions of the role `ci`, whose sessions may list repositories. Made once. */
  let key: Promise<Key> | undefined
  const ann = (): Promise<Key> =>
    (key ??= (async () => {
      const version = { Version: '2012-10-17' }
      const allow = (Action: unknown, Resource: string) => ({ Effect: 'Allow', Action, Resource })
      const named = (identityType: string, identityName: string) => ({ accountId: account, identityType, identityName })
      const trust = { Effect: 'Allow', Principal: { AWS: account }, Action: ['sts:AssumeRole', 'sts:TagSession'] }
      const put = (who: object, statement: object) =>
        admin('PutInlinePolicy', {
          ...who,
          policyName: 'may',
          policyDocument: JSON.stringify({ ...version, Statement: statement }),
        })
      await admin('CreateUser', { accountId: account, userName: 'ann' })
      const assumeRolePolicyDocument = JSON.stringify({ ...version, Statement: trust })
      await admin('CreateRole', { accountId: account, roleName: 'ci', assumeRolePolicyDocument })
      await put(named('user', 'ann'), allow(['sts:AssumeRole', 'sts:TagSession', 'sts:GetAccessKeyInfo'], '*'))
      await put(named('role', 'ci'), allow(['ecr:DescribeRepositories', 'ecr:GetAuthorizationToken'], '*'))
      // Of the server under test.
      const made = (await admin('CreateAccessKey', { accountId: account, userName: 'ann' })) as {
        accessKey: { accessKeyId: string }
        secretAccessKey: string
      }
      return { accessKeyId: made.accessKey.accessKeyId, secretAccessKey: made.secretAccessKey }
    })())

  const keyOf = (credentials: Partial<Credentials> = {}) => ({
    accessKeyId: credentials.AccessKeyId ?? '',
    secretAccessKey: credentials.SecretAccessKey ?? '',
    sessionToken: credentials.SessionToken ?? '',
  })

  test('the SDK opens a session with tags and policies, and calls ECR in it', async (t) => {
    const sts = clientOf(await ann())
    t.after(() => sts.destroy())
    const before = Date.now()
    const answer = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'build-7',
        DurationSeconds: 900,
        Tags: [
          { Key: 'team', Value: 'a' },
          { Key: 'Größe = +', Value: '' },
        ],
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: { Effect: 'Allow', Action: 'ecr:DescribeRepositories', Resource: '*' },
        }),
      }),
    )
    assert.equal(answer.AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/ci/build-7`)
    assert.equal(answer.SessionTokenSize, answer.Credentials?.SessionToken?.length)
    const life = (answer.Credentials?.Expiration?.getTime() ?? 0) - before
    assert.ok(life > 899_000 && life < 930_000, `${life}`)
    const credentials = keyOf(answer.Credentials)
    const session = clientOf(credentials)
    const ecr = new ECRClient({ endpoint: setting.stowage.origin, region: 'us-east-1', credentials, maxAttempts: 1 })
    t.after(() => {
      session.destroy()
      ecr.destroy()
    })
    const { UserId, Arn, Account } = await session.send(new GetCallerIdentityCommand({}))
    assert.deepEqual(
      [UserId, Arn, Account],
      [answer.AssumedRoleUser?.AssumedRoleId, answer.AssumedRoleUser?.Arn, account],
    )
    assert.deepEqual((await ecr.send(new DescribeRepositoriesCommand({}))).repositories, [])
  })

  test('the SDK reads refusals: code, sentence, status', async (t) => {
    const sts = clientOf(await ann())
    t.after(() => sts.destroy())
    const refusal = async (sent: Promise<unknown>) => {
      const error: unknown = await sent.then(
        () => assert.fail('was not refused'),
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof Error && '$metadata' in error)
      return [error.name, error.message, (error.$metadata as { httpStatusCode?: number }).httpStatusCode]
    }
    const assume = (input: { RoleArn?: string; DurationSeconds?: number }) =>
      sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'job', ...input }))
    const none = `arn:aws:iam::${account}:role/none`
    assert.deepEqual(await refusal(assume({ RoleArn: none })), [
      'AccessDenied',
      `User: arn:aws:iam::${account}:user/ann is not authorized to perform: sts:AssumeRole on resource: ${none}`,
      403,
    ])
    assert.deepEqual(await refusal(assume({ DurationSeconds: 3_601 })), [
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      400,
    ])
    const forged = clientOf({ ...rootKey(), accessKeyId: 'ASIAAAAAAAAAAAAAAAAA', sessionToken: 'AQ==' })
    t.after(() => forged.destroy())
    assert.deepEqual(await refusal(forged.send(new GetCallerIdentityCommand({}))), [
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      403,
    ])
  })

  test('GetSessionToken and GetAccessKeyInfo', async (t) => {
    const key = await ann()
    const sts = clientOf(key)
    const { Credentials: credentials } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
    const session = clientOf(keyOf(credentials))
    t.after(() => {
      sts.destroy()
      session.destroy()
    })
    assert.equal((await session.send(new GetCallerIdentityCommand({}))).Arn, `arn:aws:iam::${account}:user/ann`)
    const info = await sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: key.accessKeyId }))
    assert.equal(info.Account, account)
  })

  test('aws sts assume-role, and a docker password of the session', { skip: skipUnless('aws') }, async () => {
    const { accessKeyId, secretAccessKey } = await ann()
    const aws = async (key: Key, ...args: readonly string[]) => {
      const env = {
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        ...(key.sessionToken !== undefined && { AWS_SESSION_TOKEN: key.sessionToken }),
      }
      const all = ['--endpoint-url', setting.stowage.origin, '--output', 'json', ...args]
      const { code, stdout, stderr } = await setting.sandbox.run('aws', all, { env })
      assert.equal(code, 0, stderr)
      return stdout
    }
    const opened = await aws(
      { accessKeyId, secretAccessKey },
      'sts',
      'assume-role',
      '--role-arn',
      roleArn,
      '--role-session-name',
      'cli',
    )
    // Printed by the client under test.
    const { Credentials: credentials } = JSON.parse(opened) as { Credentials: Parameters<typeof keyOf>[0] }
    const password = (await aws(keyOf(credentials), 'ecr', 'get-login-password')).trim()
    const login = (text: string) =>
      fetch(`${setting.stowage.origin}/v2/`, {
        headers: { authorization: `Basic ${Buffer.from(`AWS:${text}`).toString('base64')}` },
      })
    assert.equal((await login(password)).status, 200)
    assert.equal((await login(`${password}A`)).status, 401)
  })

  test('who opened what is in the audit log, without secrets', async () => {
    const key = await ann()
    const sts = clientOf(key)
    const { Credentials: credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'audited' }),
    )
    sts.destroy()
    const read = () => readFileSync(join(setting.stowage.dataDir, 'audit', 'audit.jsonl'), 'utf8')
    const deadline = Date.now() + 5_000
    while (!read().includes('"roleSessionName":"audited"') && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const text = read()
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent) // of the server under test
    const event = events.find(({ requestParameters }) => JSON.stringify(requestParameters)?.includes('"audited"'))
    assert.equal(event?.eventSource, 'sts.amazonaws.com')
    assert.deepEqual(event.resources, [{ accountId: account, type: 'AWS::IAM::Role', ARN: roleArn }])
    const { accessKeyId } = keyOf(credentials)
    assert.deepEqual((event.responseElements as { credentials: unknown }).credentials, {
      accessKeyId,
      secretAccessKey: '***',
      sessionToken: '***',
      expiration: credentials?.Expiration?.toISOString().replace(/\.\d+/, ''),
    })
    for (const secret of [key.secretAccessKey, credentials?.SecretAccessKey ?? '', credentials?.SessionToken ?? '']) {
      assert.ok(secret !== '' && !text.includes(secret))
    }
  })
})
