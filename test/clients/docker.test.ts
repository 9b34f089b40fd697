// The Docker engine and its command line, against an engine of our own. Loopback is an insecure registry to it by default.

import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'

import { type RunResult, skipUnlessRoot } from '../support/client.ts'
import { writeDockerArchive } from '../support/docker-archive.ts'
import { makeImage, seededBytes } from '../support/image-layout.ts'
import { type Daemon, startDockerd } from './daemon.ts'
import { useStowage } from './setting.ts'

describe('docker', { skip: skipUnlessRoot('dockerd', 'docker', 'containerd') }, () => {
  const setting = useStowage()
  let daemon: (Daemon & { readonly env: Record<string, string> }) | undefined
  before(async () => {
    daemon = await startDockerd(setting.sandbox)
    setting.onEnd(daemon.stop)
  })

  const run = (args: readonly string[], input?: string): Promise<RunResult> =>
    setting.sandbox.run('docker', args, { env: daemon?.env ?? {}, ...(input === undefined ? {} : { input }) })

  async function docker(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 0, `docker ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  const login = async (password: string, host: string = setting.stowage.host): Promise<RunResult> =>
    run(['login', '-u', 'AWS', '--password-stdin', host], password)

  async function loggedIn(): Promise<void> {
    const { code, stderr } = await login(await setting.stowage.password())
    assert.equal(code, 0, stderr)
  }

  /** An image made by the engine itself from one directory: `docker import` needs no base image and no network. */
  async function importImage(reference: string, seed: string, bytes: number): Promise<void> {
    const root = setting.sandbox.path(`root-${seed}`)
    await mkdir(root)
    await writeFile(`${root}/file`, seededBytes(seed, bytes))
    const archive = setting.sandbox.path(`${seed}.tar`)
    await setting.sandbox.succeed('tar', ['-C', root, '-cf', archive, '.'])
    await docker('import', archive, reference)
  }

  const imageId = (reference: string): Promise<string> => docker('image', 'inspect', '--format', '{{.Id}}', reference)

  test('logs in with the right password only', async () => {
    const wrong = await login('wrong')
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /401 Unauthorized/)
    const right = await login(await setting.stowage.password())
    assert.equal(right.code, 0, right.stderr)
    assert.match(right.stdout, /Login Succeeded/)
  })

  test('pushes an image, and pulls the same by tag and by digest', async () => {
    await loggedIn()
    const repository = await setting.createRepository('docker/app')
    await importImage(`${repository}:v1`, 'docker-app', 700_000)
    const id = await imageId(`${repository}:v1`)
    const pushed = await docker('push', `${repository}:v1`)
    const digest = /v1: digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1]
    assert.ok(digest !== undefined, pushed)

    await docker('rmi', '-f', id)
    await docker('pull', `${repository}:v1`)
    assert.equal(await imageId(`${repository}:v1`), id)
    await docker('rmi', '-f', id)
    await docker('pull', `${repository}@${digest}`)
    assert.equal(await imageId(`${repository}@${digest}`), id)
    await docker('tag', `${repository}@${digest}`, `${repository}:v2`)
    assert.match(await docker('push', `${repository}:v2`), /Layer already exists/)
  })

  test('pushes and pulls an image of 100 layers', async () => {
    await loggedIn()
    const repository = await setting.createRepository('docker/many')
    const image = makeImage({ seed: 'docker-many', layerBytes: Array.from({ length: 100 }, (_, n) => 1000 + n) })
    const archive = setting.sandbox.path('many.tar')
    await writeDockerArchive(archive, image, `${repository}:v1`)
    await docker('load', '-i', archive)
    const id = await imageId(`${repository}:v1`)
    await docker('push', `${repository}:v1`)
    await docker('rmi', '-f', id)
    await docker('pull', `${repository}:v1`)
    assert.equal(await imageId(`${repository}:v1`), id)
    const layers = await docker('image', 'inspect', '--format', '{{len .RootFS.Layers}}', `${repository}:v1`)
    assert.equal(layers, '100')
  })

  test('is told that an immutable tag is taken', async () => {
    await loggedIn()
    const repository = await setting.createRepository('docker/immutable', { imageTagMutability: 'IMMUTABLE' })
    await importImage(`${repository}:v1`, 'docker-first', 1000)
    await docker('push', `${repository}:v1`)
    await importImage(`${repository}:v1`, 'docker-second', 1000)
    const { code, stderr } = await run(['push', `${repository}:v1`])
    assert.notEqual(code, 0)
    assert.equal(
      stderr,
      "tag invalid: The image tag 'v1' already exists in the 'docker/immutable' repository and cannot be overwritten " +
        'because the repository is immutable.',
    )
  })

  test('is told that the repository does not exist', async () => {
    await loggedIn()
    const reference = `${setting.stowage.host}/docker/absent:v1`
    await importImage(reference, 'docker-absent', 1000)
    const { code, stderr } = await run(['push', reference])
    assert.notEqual(code, 0)
    assert.match(stderr, /The repository with name 'docker\/absent' does not exist in the registry with id '\d{12}'/)
  })

  test('pulls from a public registry without signing in, by tag and by digest; only its owner pushes', async () => {
    const host = setting.publicHost()
    const repository = await setting.createPublicRepository('docker/public')
    assert.match(repository, new RegExp(`^${host}/([a-z]\\d){4}/docker/public$`))
    await importImage(`${repository}:v1`, 'docker-public', 700_000)
    const id = await imageId(`${repository}:v1`)
    const stranger = await run(['push', `${repository}:v1`])
    assert.notEqual(stranger.code, 0)
    assert.match(stranger.stderr, /denied: Not Authorized/)

    assert.notEqual((await login('wrong', host)).code, 0)
    const signedIn = await login(await setting.stowage.password(), host)
    assert.equal(signedIn.code, 0, signedIn.stderr)
    const pushed = await docker('push', `${repository}:v1`)
    const digest = /v1: digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1]
    assert.ok(digest !== undefined, pushed)
    await docker('logout', host)
    assert.ok(!(await passwordsOf(setting.sandbox.path('docker-config'))).includes(host), 'still signed in')

    for (const reference of [`${repository}:v1`, `${repository}@${digest}`]) {
      await docker('rmi', '-f', id)
      await docker('pull', reference)
      assert.equal(await imageId(reference), id)
    }
    await docker('tag', `${repository}@${digest}`, `${repository}:v2`)
    const again = await run(['push', `${repository}:v2`])
    assert.notEqual(again.code, 0)
    assert.match(again.stderr, /denied: Not Authorized/)
    const absent = await run(['pull', `${repository}-not:v1`])
    assert.notEqual(absent.code, 0)
    assert.match(absent.stderr, /The repository with name 'docker\/public-not' does not exist in the registry with id/)
  })
})

/** The hosts that docker's command line holds a password for. */
async function passwordsOf(directory: string): Promise<readonly string[]> {
  const { auths = {} } = JSON.parse(await readFile(`${directory}/config.json`, 'utf8')) as {
    readonly auths?: Readonly<Record<string, unknown>>
  } // docker's own file
  return Object.keys(auths)
}
