// docker-credential-ecr-login and its users under ECR's real host names: a mount namespace gives the clients a hosts file of their own,
// and the server has a certificate for those names on the port that they expect. Nothing on the machine changes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'

import {
  type RunOptions,
  type Sandbox,
  createSandbox,
  findProgram,
  skipUnlessRoot,
  trustEnv,
} from '../support/client.ts'
import { makeImage, seededBytes, writeLayout } from '../support/image-layout.ts'
import { type Stowage, startStowage } from '../support/stowage.ts'
import { makeCertificate } from '../support/tls.ts'
import { startDockerd } from './daemon.ts'
import { readLayout } from './layouts.ts'

const account = '123456789012'
const regions = ['us-east-1', 'eu-west-1']
const registry = (region: string): string => `${account}.dkr.ecr.${region}.amazonaws.com`
const names = regions.flatMap((region) => [registry(region), `api.ecr.${region}.amazonaws.com`])

/** The helper refuses a name with a port, so there is no way around this one. */
async function portFault(): Promise<string | undefined> {
  const server = createServer().listen(443, '127.0.0.1')
  try {
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return `port 443 of 127.0.0.1 cannot be used: ${String(error)}`
  } finally {
    server.close()
  }
}

const skip =
  skipUnlessRoot('docker-credential-ecr-login', 'openssl', 'unshare', 'mount') || ((await portFault()) ?? false)

describe('docker-credential-ecr-login', { skip }, () => {
  let sandbox: Sandbox
  let stowage: Stowage
  let namespace: readonly [string, ...string[]]

  before(async () => {
    sandbox = createSandbox()
    const tls = await makeCertificate(sandbox, names)
    const args = ['--tls-cert', tls.certFile, '--tls-key', tls.keyFile, '--domain', 'amazonaws.com']
    stowage = await startStowage({ port: 443, args, ca: tls.ca })
    const hosts = sandbox.path('hosts')
    await writeFile(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`)
    namespace = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = stowage.env
    const keys = {
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ECR_DISABLE_CACHE: '1',
    }
    Object.assign(clientEnv, trustEnv(tls.caFile), keys)
    const helpers = { credHelpers: Object.fromEntries(regions.map((region) => [registry(region), 'ecr-login'])) }
    await writeFile(sandbox.path('auth.json'), JSON.stringify(helpers))
    await writeFile(sandbox.path('docker-config', 'config.json'), JSON.stringify(helpers))
    const { repository } = await stowage.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    assert.equal(repository?.repositoryUri, `${registry('us-east-1')}/app`)
  })
  after(async () => {
    sandbox.remove()
    await stowage.remove()
  })

  const clientEnv: Record<string, string> = {}
  const inNamespace = (command: readonly string[], options: RunOptions = {}): Promise<string> =>
    sandbox.succeed(namespace[0], [...namespace.slice(1), ...command], {
      ...options,
      env: { ...clientEnv, ...options.env },
    })

  test('gets the login of a registry by its host name', async () => {
    const printed = await inNamespace(['docker-credential-ecr-login', 'get'], { input: registry('us-east-1') })
    // What every credential helper prints: https://github.com/docker/docker-credential-helpers
    const { Username, Secret } = JSON.parse(printed) as { readonly Username: string; readonly Secret: string }
    assert.equal(Username, 'AWS')
    const authorization = `Basic ${Buffer.from(`AWS:${Secret}`).toString('base64')}`
    const probe = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', `authorization: ${authorization}`]
    if (findProgram('curl') !== undefined) {
      assert.equal(await inNamespace([...probe, `https://${registry('us-east-1')}/v2/`]), '200')
    }
  })

  test('lets skopeo push and pull', { skip: skipUnlessRoot('skopeo') }, async () => {
    await writeLayout(sandbox.path('layout'), makeImage({ seed: 'helper', layerBytes: [30_000, 2000] }))
    const copy = ['skopeo', 'copy', '--preserve-digests']
    const reference = `docker://${registry('us-east-1')}/app:skopeo`
    await inNamespace([...copy, `oci:${sandbox.path('layout')}:latest`, reference])
    await inNamespace([...copy, reference, `oci:${sandbox.path('back')}:latest`])
    assert.deepEqual(await readLayout(sandbox.path('back')), await readLayout(sandbox.path('layout')))
  })

  test('lets docker push and pull', { skip: skipUnlessRoot('dockerd', 'docker', 'containerd') }, async () => {
    const daemon = await startDockerd(sandbox, [...namespace, 'dockerd'])
    try {
      const docker = (...args: readonly string[]): Promise<string> =>
        inNamespace(['docker', ...args], { env: { ...daemon.env } })
      const archive = sandbox.path('root.tar')
      await writeFile(sandbox.path('file'), seededBytes('helper-docker', 5000))
      await sandbox.succeed('tar', ['-C', sandbox.directory, '-cf', archive, 'file'])
      const reference = `${registry('us-east-1')}/app:docker`
      await docker('import', archive, reference)
      const id = await docker('image', 'inspect', '--format', '{{.Id}}', reference)
      await docker('push', reference)
      await docker('rmi', '-f', id)
      await docker('pull', reference)
      assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', reference), id)
    } finally {
      await daemon.stop()
    }
  })

  test(
    'keeps the regions of an account apart, as the AWS command line sees them',
    { skip: skipUnlessRoot('aws') },
    async () => {
      const uri = (region: string, ...args: readonly string[]): Promise<string> => {
        const query = ['--query', 'repositories[].repositoryArn', '--output', 'text']
        return inNamespace(['aws', '--region', region, 'ecr', ...args, ...query])
      }
      await inNamespace(['aws', '--region', 'eu-west-1', 'ecr', 'create-repository', '--repository-name', 'europe'])
      assert.equal(await uri('us-east-1', 'describe-repositories'), `arn:aws:ecr:us-east-1:${account}:repository/app`)
      assert.equal(
        await uri('eu-west-1', 'describe-repositories'),
        `arn:aws:ecr:eu-west-1:${account}:repository/europe`,
      )
    },
  )
})
