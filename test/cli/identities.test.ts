// `stowage admin user|group|role|policy|key|explain|apply`, by a real server: what each prints, and what clients may do afterwards.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'

import { serve, type Server } from './program.ts'
import { openWarmProgram } from './warm-program.ts'

const account = '123456789012'

interface Place extends Server {
  readonly file: (name: string, content: unknown) => string
}

async function open(t: TestContext): Promise<Place> {
  const server = await serve(t, ['--account', account, '--region', 'us-east-1'])
  const directory = join(dirname(server.data), 'files')
  mkdirSync(directory)
  return {
    ...server,
    file: (name, content) => {
      const path = join(directory, name)
      if (content !== undefined) writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
      return path
    },
  }
}

const runWarm = openWarmProgram()
const admin = (server: Server, ...args: readonly string[]) => runWarm(['admin', ...args, '--data', server.data])

async function printed(server: Server, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await admin(server, ...args)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, `${args.join(' ')}: ${stderr}`)
  return stdout
}

const policy = (action: string | readonly string[], resource = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Sid: 'One', Effect: 'Allow', Action: action, Resource: resource }],
})

function clientOf(t: TestContext, server: Server, keys: string): ECRClient {
  const [, accessKeyId = '', secretAccessKey = ''] =
    /AWS_ACCESS_KEY_ID=(\w+)\s+AWS_SECRET_ACCESS_KEY=(\w+)/.exec(keys) ?? []
  const ecr = new ECRClient({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  t.after(() => ecr.destroy())
  return ecr
}

const denied = { name: 'AccessDeniedException' }

describe('stowage admin, identities', () => {
  test('a user and its key from made to gone', async (t) => {
    const server = await open(t)
    assert.equal(
      await printed(server, 'user', 'create', 'ann', '--path', '/dev/', '--tag', 'team=blue', '--tag', 'a=b=c'),
      `arn:aws:iam::${account}:user/dev/ann\n`,
    )
    const keys = await printed(server, 'key', 'create', 'ann')
    assert.match(keys, /^AWS_ACCESS_KEY_ID=AKIA[A-Z2-7]{16}\nAWS_SECRET_ACCESS_KEY=[A-Za-z0-9]{40}\n$/)
    const [, keyId = ''] = /=(\w+)\n/.exec(keys) ?? []
    const ecr = clientOf(t, server, keys)
    const ask = () => ecr.send(new DescribeRepositoriesCommand({}))
    await assert.rejects(ask(), denied)
    const document = server.file('read.json', policy('ecr:DescribeRepositories'))
    assert.equal(
      await printed(server, 'user', 'put-policy', 'ann', 'own', document),
      'user ann has its own policy own\n',
    )
    await ask()
    assert.match(await printed(server, 'key', 'list', 'ann'), new RegExp(`^${keyId}  Active    last used 20`))
    assert.match(await printed(server, 'key', 'deactivate', keyId), new RegExp(`^${keyId}  Inactive  last used 20`))
    await assert.rejects(ask(), { name: 'UnrecognizedClientException' })
    await printed(server, 'key', 'activate', keyId)
    await ask()
    assert.deepEqual(await admin(server, 'user', 'delete', 'ann'), {
      code: 1,
      stdout: '',
      stderr: 'stowage: DeleteConflict: Cannot delete entity, must delete access keys first.\n',
    })
    assert.equal(await printed(server, 'user', 'delete', 'ann', '--force'), 'user ann deleted\n')
    await assert.rejects(ask(), { name: 'UnrecognizedClientException' })
  })

  test('groups, managed policies, a boundary and tags, and what is shown of them', async (t) => {
    const server = await open(t)
    assert.equal(await printed(server, 'user', 'list'), `There is no user in account ${account}.\n`)
    await printed(server, 'user', 'create', 'ann')
    const document = server.file('read.json', policy('ecr:DescribeRepositories'))
    const arn = `arn:aws:iam::${account}:policy/read`
    assert.equal(await printed(server, 'policy', 'create', 'read', document), `${arn}\n`)
    await printed(server, 'group', 'create', 'dev')
    assert.equal(await printed(server, 'group', 'attach', 'dev', 'read'), `group dev has ${arn}\n`)
    assert.equal(await printed(server, 'group', 'add', 'dev', 'ann'), 'ann is in group dev\n')
    await printed(server, 'user', 'boundary', 'ann', 'read')
    const lines = `arn:aws:iam::${account}:user/ann\n  groups:       dev\n  boundary:     ${arn}\n  tags:         team=blue\n`
    assert.equal(await printed(server, 'user', 'tag', 'ann', '--set', 'team=blue'), lines)
    assert.equal(await printed(server, 'user', 'list'), lines)
    // The command's own output.
    const listed = JSON.parse(await printed(server, 'policy', 'list', '--json')) as readonly {
      readonly policyArn: string
    }[]
    assert.deepEqual(
      listed.map(({ policyArn }) => policyArn),
      [arn],
    )
    assert.equal((await admin(server, 'user', 'tag', 'ann')).code, 2)
    assert.equal((await admin(server, 'user', 'put-policy', 'ann', 'own', '/nonexistent')).code, 2)
  })

  test('explain says which statement decided, and why the others did not', async (t) => {
    const server = await open(t)
    await printed(server, 'user', 'create', 'ann')
    await printed(server, 'user', 'put-policy', 'ann', 'own', server.file('own.json', policy('ecr:PutImage')))
    const limit = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        {
          Sid: 'Office',
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
        },
      ],
    }
    await printed(server, 'policy', 'create', 'limit', server.file('limit.json', limit))
    await printed(server, 'user', 'boundary', 'ann', 'limit')
    const explain = (action: string, ...more: readonly string[]) => {
      const resource = `arn:aws:ecr:us-east-1:${account}:repository/app`
      const principal = `arn:aws:iam::${account}:user/ann`
      return printed(server, 'explain', '--principal', principal, '--action', action, '--resource', resource, ...more)
    }
    const boundary = `permissions boundary arn:aws:iam::${account}:policy/limit`
    const own = 'identity-based policy user ann, inline policy own, statement 1 (One)'
    assert.equal(
      await explain('ecr:PutImage', '--context', 'aws:SourceIp=192.0.2.7'),
      `allowed: by ${own}\n  Allow  ${own}\n  Allow  ${boundary}, statement 1\n  -     ${boundary}, statement 2 (Office): its condition does not hold\n`,
    )
    assert.equal(
      await explain('ecr:PutImage', '--context', 'AWS:sourceip=198.51.100.7'),
      `denied: by ${boundary}, statement 2 (Office)\n  Allow  ${own}\n  Allow  ${boundary}, statement 1\n  Deny  ${boundary}, statement 2 (Office)\n`,
    )
    assert.match(
      await explain('ecr:DeleteRepository', '--context', 'aws:SourceIp=192.0.2.7'),
      /^not allowed: no identity-based policy allows it\n  -      identity-based policy .*: is about other actions\n/,
    )
    const { code, stderr } = await admin(
      server,
      'explain',
      '--principal',
      `arn:aws:iam::${account}:user/bob`,
      '--action',
      'ecr:PutImage',
      '--resource',
      '*',
    )
    assert.deepEqual(
      { code, stderr },
      { code: 1, stderr: `stowage: NoSuchEntity: The principal arn:aws:iam::${account}:user/bob cannot be found.\n` },
    )
  })
})

const identityFile = (pull: readonly string[], more = '') => `
accounts:
  "${account}":
    policies:
      pull:
        document: ${JSON.stringify(policy(pull))}
      limit:
        document: ${JSON.stringify(policy('ecr:*'))}
    groups:
      dev:
        policies: [pull]
    users:
      ann:
        path: /people/
        groups: [dev]
        boundary: limit
        tags: { team: blue }
        inlinePolicies:
          own: ${JSON.stringify(policy('ecr:CreateRepository'))}
        accessKeys: 1
    roles:
      a-first:
        trustPolicy: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: { AWS: "arn:aws:iam::${account}:role/z-last" }, Action: "sts:AssumeRole" } }
      z-last:
        trustPolicy: { Version: "2012-10-17", Statement: { Effect: Allow, Principal: { AWS: "arn:aws:iam::${account}:user/people/ann" }, Action: "sts:AssumeRole" } }
${more}`

describe('stowage admin apply', () => {
  test('the differences first, then made so; a second time there are none', async (t) => {
    const server = await open(t)
    const file = server.file('iam.yaml', identityFile(['ecr:DescribeRepositories']))
    const plan = `+ account ${account}
+ policy pull
+ policy limit
+ group dev
+ group dev: policy arn:aws:iam::${account}:policy/pull
+ user ann
~ user ann: boundary arn:aws:iam::${account}:policy/limit
~ user ann: tags team=blue
+ user ann: own policy own
+ user ann: group dev
+ user ann: access key
+ role z-last
+ role a-first
13 to do
`
    assert.equal(await printed(server, 'apply', file, '--dry-run'), `${plan}nothing was changed\n`)
    const secrets = server.file('keys.jsonl', undefined)
    assert.equal(await printed(server, 'apply', file, '--keys-out', secrets), `${plan}done: 13\n`)
    assert.equal(statSync(secrets).mode & 0o777, 0o600)
    // The command's own output.
    const key = JSON.parse(readFileSync(secrets, 'utf8')) as {
      readonly accessKeyId: string
      readonly secretAccessKey: string
    }
    const ecr = clientOf(t, server, `AWS_ACCESS_KEY_ID=${key.accessKeyId} AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`)
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    await ecr.send(new DescribeRepositoriesCommand({}))
    assert.equal(await printed(server, 'apply', file, '--prune'), 'nothing differs\n')
    const narrowed = server.file('narrow.yaml', identityFile(['ecr:PutImage']))
    assert.equal(await printed(server, 'apply', narrowed), '~ policy pull\n1 to do\ndone: 1\n')
    await assert.rejects(ecr.send(new DescribeRepositoriesCommand({})), denied)
  })

  test('what the file does not have stays, unless it is pruned', async (t) => {
    const server = await open(t)
    const file = server.file('iam.yaml', identityFile(['ecr:DescribeRepositories']))
    assert.match(
      await printed(server, 'apply', file),
      /\nuser ann: AWS_ACCESS_KEY_ID=AKIA\w{16} AWS_SECRET_ACCESS_KEY=\w{40}\n/,
    )
    await printed(server, 'user', 'create', 'bob')
    await printed(server, 'key', 'create', 'bob')
    await printed(server, 'policy', 'create', 'push', server.file('push.json', policy('ecr:PutImage')))
    await printed(server, 'user', 'attach', 'bob', 'push')
    await printed(server, 'user', 'attach', 'ann', 'push')
    await printed(server, 'user', 'tag', 'ann', '--set', 'more=1')
    assert.equal(await printed(server, 'apply', file), 'nothing differs\n')
    assert.equal(
      await printed(server, 'apply', file, '--prune'),
      `- user ann: tags more\n- user ann: policy arn:aws:iam::${account}:policy/push\n- user bob\n- policy push\n4 to do\ndone: 4\n`,
    )
    assert.equal(await printed(server, 'apply', file, '--prune'), 'nothing differs\n')
  })

  test('every fault of the file is told, and nothing was sent', async (t) => {
    const server = await open(t)
    const faults = async (content: string) => {
      const { code, stdout, stderr } = await admin(server, 'apply', server.file('bad.yaml', content))
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, stderr)
      return stderr
    }
    const bad = await faults(
      'accounts: { "123456789012": { users: { "a b": {}, ann: { grups: [] } }, roles: { ci: {} } } }',
    )
    for (const where of [/users.a b: /, /users.ann: .*grups/, /roles.ci.trustPolicy: /]) assert.match(bad, where)
    assert.match(await faults('accounts: ['), /^stowage: nothing was sent: /)
    assert.match(
      await faults('accounts: { "123456789012": { users: { ann: { policies: [none] } } } }'),
      /user ann: there is no policy none in account/,
    )
    assert.equal(await printed(server, 'user', 'list'), `There is no user in account ${account}.\n`)
  })

  test('a change that another process commits is felt within a second', async (t) => {
    const server = await open(t)
    await printed(server, 'user', 'create', 'ann')
    const keys = await printed(server, 'key', 'create', 'ann')
    const ecr = clientOf(t, server, keys)
    await assert.rejects(ecr.send(new DescribeRepositoriesCommand({})), denied)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(server.data, 'metadata.db'), { timeout: 5_000 })
    database.exec(
      'begin immediate; update access_key set active = 0; update identity_version set version = version + 1; commit',
    )
    database.close()
    await delay(1_000)
    await assert.rejects(ecr.send(new DescribeRepositoriesCommand({})), { name: 'UnrecognizedClientException' })
  })
})
