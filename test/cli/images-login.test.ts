// `stowage login` and `logout` at registries, and docker's credential helper.

import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import { version } from '../../src/cli/version.ts'
import { leadingTo, useImageProgram } from './image-program.ts'
import { serve } from './program.ts'

const notFound = 'credentials not found in native keychain'

describe('logging in', () => {
  const program = useImageProgram()
  const path = (...parts: readonly string[]) => program.sandbox.path(...parts)
  const configFile = () => path('docker-config', 'config.json')
  const ended = (stdout: string, code = 0) => ({ code, stdout, stderr: '' })
  const statusOf = async (host: string, password: string) => {
    const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
    return (await fetch(`http://${host}/v2/`, { headers: { authorization } })).status
  }

  /** A docker that notes what it is asked and given. */
  async function writeDocker(code: number): Promise<Readonly<Record<string, string>>> {
    await mkdir(path('bin'), { recursive: true })
    await writeFile(
      path('bin', 'docker'),
      `#!/bin/sh\nprintf '%s\\n' "$*" > "$0.args"\ncat > "$0.input"\nexit ${code}\n`,
    )
    await chmod(path('bin', 'docker'), 0o755)
    return { PATH: `${path('bin')}:${program.sandbox.env['PATH']}` }
  }

  test('at a registry: docker gets a password that works', async () => {
    const { registryHost, publicRegistryHost } = program.registry
    const env = await writeDocker(7)
    assert.equal((await program.run(['login', registryHost], { env })).code, 7)
    assert.equal(
      await readFile(path('bin', 'docker.args'), 'utf8'),
      `login --username AWS --password-stdin ${registryHost}\n`,
    )
    assert.equal(await statusOf(registryHost, await readFile(path('bin', 'docker.input'), 'utf8')), 200)
    const ofPublic = await program.run(['login', `ecr-public://${publicRegistryHost}`, '--print-password'])
    assert.deepEqual([ofPublic.code, ofPublic.stderr], [0, ''])
    assert.notEqual(ofPublic.stdout, '')
    assert.deepEqual(
      await program.run(['login', registryHost, '--dry-run']),
      ended(`would run: docker login --username AWS --password-stdin ${registryHost}`),
    )
    assert.deepEqual(await program.run(['login', 'docker.io']), {
      code: 2,
      stdout: '',
      stderr:
        'stowage: \'docker.io\' is not an ECR registry as far as is known: give its --endpoint, write ecr-public://docker.io if it is a public one, or use "docker login" for any other',
    })
  })

  test('the credential helper speaks its protocol', async () => {
    const env = leadingTo(program.registry)
    const { registryHost, endpoint, region } = program.registry
    for (const server of [registryHost, `${endpoint}/v2/`]) {
      const { code, stdout } = await program.runHelper('get', `${server}\n`, { env })
      assert.equal(code, 0, stdout)
      const { ServerURL, Username, Secret, ...more } = JSON.parse(stdout)
      assert.deepEqual(
        [ServerURL, Username, more],
        [new URL(`http://${server.replace('http://', '')}`).host, 'AWS', {}],
      )
      assert.equal(await statusOf(registryHost, Secret), 200)
    }
    assert.deepEqual(await program.runHelper('get', 'https://index.docker.io/v1/', { env }), ended(notFound, 1))
    // Then docker pulls as anyone.
    assert.deepEqual(await program.runHelper('get', 'public.ecr.aws'), ended(notFound, 1))
    const keyless = await program.runHelper('get', registryHost, {
      env: { AWS_ENDPOINT_URL_ECR: endpoint, AWS_REGION: region },
    })
    assert.equal(keyless.code, 1)
    assert.match(keyless.stdout, /^no AWS credentials were found: /)

    const stored = (Username: string) => JSON.stringify({ ServerURL: registryHost, Username, Secret: 'secret' })
    assert.deepEqual(await program.runHelper('store', stored('AWS'), { env }), ended(''))
    assert.deepEqual(
      await program.runHelper('store', stored('ann'), { env }),
      ended(
        `docker-credential-stowage keeps no passwords, and does not know how to log in to ${registryHost} as ann: "stowage login --credential-helper" tells it`,
        1,
      ),
    )
    assert.deepEqual(await program.runHelper('version', ''), ended(`docker-credential-stowage ${version}`))
    assert.deepEqual(
      await program.runHelper('nonsense', ''),
      ended('docker-credential-stowage takes get, store, erase, list or version', 1),
    )
  })

  test('login --credential-helper needs nothing in the environment afterwards, and changes nothing else', async (t) => {
    const server = await serve(t)
    // What the server wrote about itself.
    const { registryHost, publicHost } = JSON.parse(await readFile(`${server.data}/server.json`, 'utf8')) as Readonly<
      Record<string, string>
    >
    const hosts = [registryHost ?? '', publicHost ?? '']
    const before = { auths: { 'ghcr.io': { auth: 'eDp5' } }, credHelpers: { 'gcr.io': 'gcloud' }, psFormat: 'table' }
    await writeFile(configFile(), JSON.stringify(before))
    await chmod(configFile(), 0o640)
    const login = ['login', '--data', server.data, '--credential-helper']
    const after = {
      ...before,
      credHelpers: { ...before.credHelpers, ...Object.fromEntries(hosts.map((host) => [host, 'stowage'])) },
    }

    const dry = await program.runBare([...login, '--dry-run'])
    assert.equal(dry.stdout.split('\n')[0], `${configFile()} would be:`)
    assert.ok(dry.stdout.includes(JSON.stringify(after, undefined, '\t')), dry.stdout)
    assert.deepEqual(JSON.parse(await readFile(configFile(), 'utf8')), before)

    const { code, stdout, stderr } = await program.runBare(login)
    assert.deepEqual(
      [code, stdout],
      [
        0,
        `docker asks docker-credential-stowage for the password of ${hosts.join(' and ')}: no "docker login" is needed`,
      ],
    )
    assert.match(stderr, /^stowage: docker-credential-stowage is not on the PATH, where docker looks for it: /)
    assert.deepEqual(JSON.parse(await readFile(configFile(), 'utf8')), after)
    assert.equal((await stat(configFile())).mode & 0o777, 0o640)
    assert.deepEqual((await readdir(path('docker-config'))).toSorted(), ['config.json'])

    const { stdout: given } = await program.runHelper('get', hosts[0] ?? '')
    assert.equal(await statusOf(hosts[0] ?? '', JSON.parse(given).Secret), 200)
    assert.deepEqual(
      JSON.parse((await program.runHelper('list', '')).stdout),
      Object.fromEntries(hosts.map((host) => [host, 'AWS'])),
    )
    // Images, too.
    assert.deepEqual(await program.runBare(['ls', hosts[0] ?? '']), ended(''))

    assert.deepEqual(await program.runHelper('erase', hosts[1] ?? ''), ended(''))
    assert.deepEqual(await program.runHelper('get', hosts[1] ?? ''), ended(notFound, 1))
    const sentences = hosts.map((host) => `docker-credential-stowage no longer logs in to ${host}`)
    assert.deepEqual(
      await program.runBare(['logout', '--data', server.data, '--dry-run']),
      ended(sentences.map((sentence) => `would: ${sentence}`).join('\n')),
    )
    assert.deepEqual(await program.runBare(['logout', ...hosts]), ended(sentences.join('\n')))
    assert.deepEqual(JSON.parse(await readFile(configFile(), 'utf8')), before)
    assert.deepEqual(await readdir(path('home', '.config', 'stowage')), [])
    assert.deepEqual(await program.runBare(['logout', hosts[0] ?? '']), ended(`nobody is logged in to ${hosts[0]}`))
  })

  test('login --credential-helper at a registry notes where it is, and never a key', async () => {
    const { registryHost, endpoint, credentials } = program.registry
    const login = await program.run(['login', registryHost, '--credential-helper'])
    assert.equal(login.code, 0, login.stderr)
    const noted = path('home', '.config', 'stowage', 'registries.json')
    assert.deepEqual(JSON.parse(await readFile(noted, 'utf8')), {
      registries: { [registryHost]: { kind: 'private', endpoint } },
    })
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = leadingTo(program.registry)
    const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION: 'us-east-1' }
    const { code, stdout } = await program.runHelper('get', registryHost, { env: keys })
    assert.equal(code, 0, stdout)
    assert.equal(await statusOf(registryHost, JSON.parse(stdout).Secret), 200)
    // A profile says as whom, and the note still says where.
    const { accessKeyId, secretAccessKey } = credentials
    const lines = ['[mine]', `aws_access_key_id=${accessKeyId}`, `aws_secret_access_key=${secretAccessKey}`, '']
    await writeFile(path('aws-credentials'), lines.join('\n'))
    assert.deepEqual(
      await program.runBare(['ls', registryHost, '--profile', 'mine', '--region', 'us-east-1']),
      ended(''),
    )
    assert.equal((await program.runBare(['logout', registryHost])).code, 0)
  })

  test("logout runs docker's own where docker keeps a password", async () => {
    const env = await writeDocker(0)
    await writeFile(configFile(), JSON.stringify({ auths: { 'ghcr.io': { auth: 'eDp5' } } }))
    assert.deepEqual(await program.runBare(['logout', 'ghcr.io'], { env }), ended(''))
    assert.equal(await readFile(path('bin', 'docker.args'), 'utf8'), 'logout ghcr.io\n')
    await writeFile(configFile(), '[]')
    const broken = await program.runBare(['logout', 'ghcr.io'])
    assert.deepEqual(
      [broken.code, broken.stderr],
      [1, `stowage: ${configFile()} is not a JSON object: it was left alone`],
    )
    assert.equal(await readFile(configFile(), 'utf8'), '[]')
    await rm(configFile())
  })
})
