// docker-credential-stowage as docker and skopeo run it: nobody logs in, and nothing but a host is told.

import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { type RunResult, skipUnless, skipUnlessRoot } from '../support/client.ts'
import { makeImage, seededBytes, writeLayout } from '../support/image-layout.ts'
import { type Daemon, startDockerd } from './daemon.ts'
import { readLayout } from './layouts.ts'
import { useStowage } from './setting.ts'

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}.mjs`, import.meta.url))

describe('docker-credential-stowage', () => {
  const setting = useStowage()
  const path = (...parts: readonly string[]) => setting.sandbox.path(...parts)
  /** As the server names itself, which is what the helper is told of. */
  const host = () => `localhost:${setting.stowage.port}`
  const createRepository = async (name: string) => {
    await setting.createRepository(name)
    return `${host()}/${name}`
  }
  const env: Record<string, string> = {}
  const run = (command: string, args: readonly string[], input = ''): Promise<RunResult> =>
    setting.sandbox.run(command, args, { env, input })
  const succeed = (command: string, ...args: readonly string[]): Promise<string> =>
    setting.sandbox.succeed(command, args, { env })

  before(async () => {
    await mkdir(path('bin'))
    await symlink(bin('docker-credential-stowage'), path('bin', 'docker-credential-stowage'))
    // The machine's own may be too old, and would be replaced first.
    await symlink(process.execPath, path('bin', 'node'))
    env['PATH'] = `${path('bin')}:${setting.sandbox.env['PATH']}`
    // What `stowage env` gives is not needed.
    for (const name of Object.keys(setting.stowage.env))
      if (/_(?:KEY|KEY_ID|REGION)$|ENDPOINT/.test(name)) env[name] = ''
    const { code, stdout, stderr } = await run(process.execPath, [
      bin('stowage'),
      'login',
      '--data',
      setting.stowage.dataDir,
      '--credential-helper',
    ])
    assert.deepEqual([code, stderr], [0, ''], 'the helper is on the PATH')
    assert.match(stdout, new RegExp(`^docker asks docker-credential-stowage for the password of ${host()} and `))
  })

  describe('docker', { skip: skipUnlessRoot('dockerd', 'docker', 'containerd') }, () => {
    let daemon: (Daemon & { readonly env: Record<string, string> }) | undefined
    before(async () => {
      daemon = await startDockerd(setting.sandbox)
      setting.onEnd(daemon.stop)
      Object.assign(env, daemon.env)
    })

    test('pushes and pulls, private and public', async () => {
      await mkdir(path('root'))
      await writeFile(path('root', 'file'), seededBytes('own-helper', 50_000))
      await succeed('tar', '-C', path('root'), '-cf', path('root.tar'), '.')
      for (const repository of [await createRepository('own/helper'), await setting.createPublicRepository('own')]) {
        await succeed('docker', 'import', path('root.tar'), `${repository}:v1`)
        const id = await succeed('docker', 'image', 'inspect', '--format', '{{.Id}}', `${repository}:v1`)
        await succeed('docker', 'push', `${repository}:v1`)
        await succeed('docker', 'rmi', '-f', id)
        await succeed('docker', 'pull', `${repository}:v1`)
        assert.equal(await succeed('docker', 'image', 'inspect', '--format', '{{.Id}}', `${repository}:v1`), id)
      }
    })

    test('logs in with it and keeps no password; logged out, it is refused', async () => {
      const login = await run(
        'docker',
        ['login', '-u', 'AWS', '--password-stdin', host()],
        await setting.stowage.password(),
      )
      assert.equal(login.code, 0, login.stderr)
      const config = async () => readFile(path('docker-config', 'config.json'), 'utf8')
      assert.doesNotMatch(await config(), /"auth"/)
      const repository = await createRepository('own/out')
      await succeed('docker', 'tag', `${host()}/own/helper:v1`, `${repository}:v1`)
      await succeed('docker', 'logout', host())
      const { code, stderr } = await run('docker', ['push', `${repository}:v1`])
      assert.notEqual(code, 0)
      assert.match(stderr, /no basic auth credentials|authentication required|401/)
      await succeed(process.execPath, bin('stowage'), 'login', '--data', setting.stowage.dataDir, '--credential-helper')
      await succeed('docker', 'push', `${repository}:v1`)
    })
  })

  test('skopeo, with the helper written into its own file by hand', { skip: skipUnless('skopeo') }, async () => {
    const repository = await createRepository('own/skopeo')
    await writeFile(path('auth.json'), JSON.stringify({ credHelpers: { [host()]: 'stowage' } }))
    await writeLayout(path('layout'), makeImage({ seed: 'own-skopeo', layerBytes: [3000] }))
    const copy = ['copy', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false']
    await succeed('skopeo', ...copy, `oci:${path('layout')}:latest`, `docker://${repository}:v1`)
    await succeed('skopeo', ...copy, `docker://${repository}:v1`, `oci:${path('back')}:latest`)
    assert.deepEqual(await readLayout(path('back')), await readLayout(path('layout')))
  })
})
