// skopeo (containers/image): one streamed PATCH of unknown length for each blob, mounts with `from=`, no login unless told.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import {
  type ImageOptions,
  type TestImage,
  type TestIndex,
  makeImage,
  makeIndex,
  writeLayout,
} from '../support/image-layout.ts'
import { readLayout, skopeoFiles, writeSkopeoDirectory } from './layouts.ts'
import { useStowage } from './setting.ts'

const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'linux', architecture: 's390x' },
]

describe('skopeo', { skip: skipUnless('skopeo') }, () => {
  const setting = useStowage()

  async function layout(name: string, made: TestImage | TestIndex): Promise<string> {
    await writeLayout(setting.sandbox.path(name), made)
    return `oci:${setting.sandbox.path(name)}:latest`
  }

  async function login(): Promise<void> {
    const args = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', setting.stowage.host]
    await setting.sandbox.succeed('skopeo', args, { input: await setting.stowage.password() })
  }

  const copyFlags = ['--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false']
  const copy = (source: string, destination: string, ...flags: readonly string[]): Promise<string> =>
    setting.sandbox.succeed('skopeo', ['copy', ...copyFlags, ...flags, source, destination])

  test('is refused with a wrong password and let in with the right one', async () => {
    const args = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', setting.stowage.host]
    const wrong = await setting.sandbox.run('skopeo', args, { input: 'wrong' })
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /invalid username\/password|unauthorized|denied/i)
    await login()
  })

  const kinds: readonly (readonly [string, ImageOptions])[] = [
    ['a small image', { seed: 'skopeo-small', layerBytes: [1000, 20_000, 512] }],
    ['an image of 100 layers', { seed: 'skopeo-many', layerBytes: Array.from({ length: 100 }, (_, n) => 1000 + n) }],
  ]
  for (const [index, [title, options]] of kinds.entries()) {
    test(`pushes and pulls ${title} unchanged`, async () => {
      const source = await layout(`kind-${index}`, makeImage(options))
      const repository = await setting.createRepository(`skopeo/kind-${index}`)
      await login()
      await copy(source, `docker://${repository}:v1`)
      await copy(`docker://${repository}:v1`, `oci:${setting.sandbox.path(`back-${index}`)}:latest`)
      const sent = await readLayout(setting.sandbox.path(`kind-${index}`))
      assert.deepEqual(await readLayout(setting.sandbox.path(`back-${index}`)), sent)
    })
  }

  test('pushes and pulls a Docker schema 2 image unchanged', async () => {
    const image = makeImage({ seed: 'skopeo-docker', layerBytes: [1000, 20_000], docker: true })
    const [sent, back] = [setting.sandbox.path('docker'), setting.sandbox.path('docker-back')]
    await writeSkopeoDirectory(sent, image)
    const repository = await setting.createRepository('skopeo/docker')
    await login()
    await copy(`dir:${sent}`, `docker://${repository}:v1`)
    await copy(`docker://${repository}:v1`, `dir:${back}`)
    for (const [name, bytes] of skopeoFiles(image)) assert.deepEqual(await readFile(join(back, name)), bytes)
  })

  test('pushes and pulls every platform of a multi-architecture image with --all', async () => {
    const index = makeIndex({ seed: 'skopeo-multi', layerBytes: [1000, 20_000] }, platforms)
    const source = await layout('multi', index)
    const repository = await setting.createRepository('skopeo/multi')
    await login()
    await copy(source, `docker://${repository}:v1`, '--all')
    await copy(`docker://${repository}:v1`, `oci:${setting.sandbox.path('multi-back')}:latest`, '--all')
    const back = await readLayout(setting.sandbox.path('multi-back'))
    assert.deepEqual(back, await readLayout(setting.sandbox.path('multi')))
    assert.equal(back.root, index.manifest.digest)
  })

  test('pulls the one platform it asks for out of an index', async () => {
    const index = makeIndex({ seed: 'skopeo-pick', layerBytes: [1000] }, platforms)
    const source = await layout('pick', index)
    const repository = await setting.createRepository('skopeo/pick')
    await login()
    await copy(source, `docker://${repository}:v1`, '--all')
    const destination = `oci:${setting.sandbox.path('picked')}:latest`
    await setting.sandbox.succeed('skopeo', [
      '--override-arch',
      's390x',
      'copy',
      ...copyFlags,
      `docker://${repository}:v1`,
      destination,
    ])
    assert.equal((await readLayout(setting.sandbox.path('picked'))).root, index.images[2]?.manifest.digest)
  })

  test('copies between repositories of the registry, lists tags and deletes', async () => {
    const source = await layout('across', makeImage({ seed: 'skopeo-across', layerBytes: [300_000, 20_000] }))
    const from = await setting.createRepository('skopeo/from')
    const to = await setting.createRepository('skopeo/to')
    await login()
    await copy(source, `docker://${from}:v1`)
    await copy(source, `docker://${from}:v2`)
    const across = ['--debug', 'copy', ...copyFlags, `docker://${from}:v1`, `docker://${to}:v1`]
    const { code, stderr } = await setting.sandbox.run('skopeo', across)
    assert.equal(code, 0, stderr)
    assert.equal(stderr.match(/\.\.\. mount OK/g)?.length, 2)
    assert.equal(
      stderr.match(/PATCH http/g)?.length,
      1,
      'the layers are mounted, the configuration alone is sent again',
    )
    const tags = await setting.sandbox.succeed('skopeo', ['list-tags', '--tls-verify=false', `docker://${from}`])
    assert.deepEqual(JSON.parse(tags), { Repository: from, Tags: ['v1', 'v2'] })

    await setting.sandbox.succeed('skopeo', ['delete', '--tls-verify=false', `docker://${to}:v1`])
    const gone = await setting.sandbox.run('skopeo', ['inspect', '--tls-verify=false', `docker://${to}:v1`])
    assert.notEqual(gone.code, 0)
    assert.match(gone.stderr, /Requested image not found/)
    await copy(`docker://${from}:v1`, `oci:${setting.sandbox.path('across-back')}:latest`)
    assert.deepEqual(
      await readLayout(setting.sandbox.path('across-back')),
      await readLayout(setting.sandbox.path('across')),
    )
  })

  test('is told that the repository does not exist', async () => {
    const source = await layout('nowhere', makeImage({ seed: 'skopeo-nowhere', layerBytes: [1000] }))
    await login()
    const args = ['copy', ...copyFlags, source, `docker://${setting.stowage.host}/skopeo/absent:v1`]
    const { code, stderr } = await setting.sandbox.run('skopeo', args)
    assert.notEqual(code, 0)
    assert.match(stderr, /The repository with name 'skopeo\/absent' does not exist in the registry with id '\d{12}'/)
  })
})
