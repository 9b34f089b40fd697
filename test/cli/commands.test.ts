// The commands beside the server, and the keys they hand out.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { DescribeRepositoriesCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

import { eventually } from '../support/http-adapter.ts'
import { dataDirectory, run, serve, type Server } from './program.ts'

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

async function rootKey(data: string): Promise<Key> {
  const { stdout } = await run(['env', '--data', data, '--format', 'json'])
  // The command's own output, which another test compares whole.
  const variables = JSON.parse(stdout) as Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>
  return { accessKeyId: variables.AWS_ACCESS_KEY_ID, secretAccessKey: variables.AWS_SECRET_ACCESS_KEY }
}

/** The account that a call with this key is made for, or the name of the error. */
async function accountOf({ origin }: Server, key: Key): Promise<string | undefined> {
  const sts = new STSClient({ endpoint: origin, region: 'us-east-1', credentials: key, maxAttempts: 1 })
  try {
    return (await sts.send(new GetCallerIdentityCommand())).Account
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  } finally {
    sts.destroy()
  }
}

async function listWith({ origin }: Server, key: Key): Promise<string> {
  const ecr = new ECRClient({ endpoint: origin, region: 'us-east-1', credentials: key, maxAttempts: 1 })
  try {
    await ecr.send(new DescribeRepositoriesCommand())
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  } finally {
    ecr.destroy()
  }
}

const pull = ({ origin }: Server, password: string) =>
  fetch(`${origin}/v2/`, { headers: { authorization: `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}` } })

describe('stowage env', () => {
  test('prints what AWS clients need, in the form that was asked for', async (t) => {
    const { data, origin } = await serve(t, ['--region', 'eu-central-1'])
    const print = async (...args: readonly string[]) => (await run(['env', '--data', data, ...args])).stdout
    const { accessKeyId, secretAccessKey } = await rootKey(data)
    assert.match(accessKeyId, /^AKIA[A-Z2-7]{16}$/)
    assert.match(secretAccessKey, /^[A-Za-z0-9]{40}$/)
    const variables = {
      AWS_ENDPOINT_URL_ECR: origin,
      AWS_ENDPOINT_URL_ECR_PUBLIC: origin,
      AWS_ENDPOINT_URL_STS: origin,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
    }
    const each = (line: (name: string, value: string) => string) =>
      Object.entries(variables).map(([name, value]) => `${line(name, value)}\n`)
    assert.deepEqual(JSON.parse(await print('--format', 'json')), variables)
    assert.equal(
      await print(),
      [...each((name, value) => `export ${name}=${value}`), 'unset AWS_SESSION_TOKEN\n'].join(''),
    )
    assert.equal(
      await print('--format', 'fish'),
      [...each((name, value) => `set -gx ${name} ${value}`), 'set -e AWS_SESSION_TOKEN\n'].join(''),
    )
  })

  test('a secret that an operator chose survives the shell', async (t) => {
    const { data } = await serve(t)
    const secret = `it's "$(odd)" \\ and long`
    writeFileSync(
      join(data, 'keys.json'),
      JSON.stringify({
        keys: [{ accessKeyId: 'AKIAODDODDODDODDODDO', secretAccessKey: secret, accountId: '123456789012' }],
      }),
    )
    const { stdout } = await run(['env', '--data', data])
    const printed = execFileSync('sh', ['-c', `${stdout}printf %s "$AWS_SECRET_ACCESS_KEY"`], { encoding: 'utf8' })
    assert.equal(printed, secret)
  })

  test('without a server there is nothing to lead to', async (t) => {
    const data = dataDirectory(t)
    assert.deepEqual(await run(['env', '--data', data]), {
      code: 1,
      stdout: '',
      stderr: `stowage: no server is running on the data directory ${data}: start one with "stowage serve", or name its directory with --data\n`,
    })
  })
})

describe('stowage login', () => {
  test('--print-password prints a password that the registry takes', async (t) => {
    const server = await serve(t)
    const { code, stdout } = await run(['login', '--data', server.data, '--print-password'])
    assert.equal(code, 0)
    assert.equal((await pull(server, stdout.trim())).status, 200)
    assert.equal((await pull(server, `${stdout.trim()}x`)).status, 401)
  })

  test('without docker it says how to go on', async (t) => {
    const { data, origin } = await serve(t)
    const { port } = new URL(origin)
    const empty = dirname(data)
    assert.deepEqual(await run(['login', '--data', data], { PATH: empty }), {
      code: 1,
      stdout: '',
      stderr: `stowage: docker is not installed: "stowage login --print-password" prints the password of user AWS at localhost:${port} for another client\n`,
    })
  })

  test('docker is given the registry, the user, and the password on its standard input; its exit code is ours', async (t) => {
    const { data, origin } = await serve(t)
    const { port } = new URL(origin)
    const bin = join(dirname(data), 'bin')
    mkdirSync(bin)
    const script = `#!/bin/sh\necho "$@" >"${bin}/args"\n/bin/cat >"${bin}/input"\nexit 3\n`
    writeFileSync(join(bin, 'docker'), script, { mode: 0o755 })
    assert.equal((await run(['login', '--data', data], { PATH: bin })).code, 3)
    assert.equal(readFileSync(join(bin, 'args'), 'utf8'), `login --username AWS --password-stdin localhost:${port}\n`)
    assert.match(readFileSync(join(bin, 'input'), 'utf8'), /^v1\.\S+$/)
  })

  test('a server that does not answer is told apart from one that is not there', async (t) => {
    const server = await serve(t)
    const file = join(server.data, 'server.json')
    const origin = 'http://127.0.0.1:9'
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"origin": "[^"]+"/, `"origin": "${origin}"`))
    const { code, stderr } = await run(['login', '--data', server.data, '--print-password'])
    assert.deepEqual(
      [code, stderr],
      [1, `stowage: the server at ${origin} does not answer: connect ECONNREFUSED 127.0.0.1:9\n`],
    )
  })
})

describe('stowage config, version and help', () => {
  test('every setting is printed with its value and where that comes from', async (t) => {
    const file = join(dirname(dataDirectory(t)), 'stowage.yaml')
    writeFileSync(file, 'region: eu-west-3\n')
    const { code, stdout } = await run(['config', '--config', file, '--port', '1'], {
      STOWAGE_ACCOUNT: '111122223333',
      XDG_DATA_HOME: '/xdg',
    })
    assert.equal(code, 0)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((row) => row.trim().split(/ {2,}/))
    assert.deepEqual(rows.slice(0, 7), [
      ['data', '/xdg/stowage', 'default'],
      ['listen', '127.0.0.1', 'default'],
      ['port', '1', 'flag (--port)'],
      ['publicPort', '2', 'default'],
      ['dev', 'false', 'default'],
      ['account', '111122223333', 'environment (STOWAGE_ACCOUNT)'],
      ['region', 'eu-west-3', `file (${file})`],
    ])
  })

  test('version and help are no mistakes', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      readonly version: string
    } // our own
    for (const args of [['version'], ['--version']]) {
      assert.deepEqual(await run(args), { code: 0, stdout: `stowage ${version}\n`, stderr: '' })
    }
    const help = await run(['serve', '--help'])
    assert.equal(help.code, 0)
    for (const option of ['--data <DIR>', '--port <PORT>', '--tls-cert <FILE>', '--ecr-quirks', '--config <FILE>']) {
      assert.ok(help.stdout.includes(option), option)
    }
  })
})

describe('access keys', () => {
  test("the root key is the account's; another key or another secret is nobody's", async (t) => {
    const server = await serve(t)
    const key = await rootKey(server.data)
    assert.equal(await accountOf(server, key), '123456789012')
    assert.equal(await listWith(server, key), 'ok')
    assert.equal(await listWith(server, { ...key, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }), 'UnrecognizedClientException')
    assert.equal(await listWith(server, { ...key, secretAccessKey: 'x'.repeat(40) }), 'InvalidSignatureException')
    assert.equal(
      await listWith(server, { accessKeyId: '123456789012', secretAccessKey: 'x' }),
      'UnrecognizedClientException',
    )
    assert.equal((await pull(server, 'anything')).status, 401)
  })

  test('a key that an operator adds works within a second, and one that is removed no longer, nor its docker passwords', async (t) => {
    const server = await serve(t)
    const root = await rootKey(server.data)
    const password = (await run(['login', '--data', server.data, '--print-password'])).stdout.trim()
    assert.equal((await pull(server, password)).status, 200)

    const added = {
      accessKeyId: 'AKIAADDEDADDEDADDEDA',
      secretAccessKey: 'a secret of an operator',
      accountId: '999988887777',
    }
    const file = join(server.data, 'keys.json')
    writeFileSync(`${file}.mine`, JSON.stringify({ keys: [added] }))
    renameSync(`${file}.mine`, file)
    await delay(1000)
    assert.equal(await accountOf(server, added), '999988887777')
    assert.equal(await listWith(server, root), 'UnrecognizedClientException')
    assert.equal((await pull(server, password)).status, 401)
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  test('a key file in the middle of being written changes nothing', async (t) => {
    const server = await serve(t)
    const key = await rootKey(server.data)
    writeFileSync(join(server.data, 'keys.json'), '{"keys": [')
    await delay(1000)
    assert.equal(await listWith(server, key), 'ok')
    assert.match(server.stderr(), /the access keys stay as they were: cannot use \S+keys\.json: the document is wrong/)
  })
})

describe('--dev', () => {
  test('any key is believed, and one that is an account id is that account', async (t) => {
    const server = await serve(t, ['--dev'])
    assert.equal(await accountOf(server, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' }), '123456789012')
    assert.equal(await accountOf(server, { accessKeyId: 'test', secretAccessKey: 'test' }), '123456789012')
    assert.equal(await accountOf(server, { accessKeyId: '999988887777', secretAccessKey: 'x' }), '999988887777')
    assert.equal((await pull(server, 'anything')).status, 200)
  })

  test('a key that is known is still checked', async (t) => {
    const server = await serve(t, ['--dev'])
    const key = await rootKey(server.data)
    assert.equal(await listWith(server, key), 'ok')
    assert.equal(await listWith(server, { ...key, secretAccessKey: 'x'.repeat(40) }), 'InvalidSignatureException')
  })

  test('a docker password that an unknown key got works, and stands for its account', async (t) => {
    const server = await serve(t, ['--dev'])
    const ecr = new ECRClient({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '999988887777', secretAccessKey: 'x' },
    })
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand())
    ecr.destroy()
    const token = authorizationData?.[0]?.authorizationToken
    const response = await fetch(`${server.origin}/v2/`, { headers: { authorization: `Basic ${token}` } })
    assert.equal(response.status, 200)
    await eventually('the principal is logged', () =>
      server.stderr().includes('"principal":"arn:aws:iam::999988887777:root","registryId"'),
    )
  })
})
