// skopeo (containers/image): one streamed PATCH of unknown length for each blob, mounts with `from=`, no login unless told.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import { type ImageOptions, type TestImage, type TestIndex, makeImage, makeIndex, writeLayout } from '../support/image-layout.ts'
import { readLayout } from './layouts.ts'
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
    ['a small OCI image', { seed: 'skopeo-small', layerBytes: [1000, 20_000, 512] }],
    ['a Docker schema 2 image', { seed: 'skopeo-docker', layerBytes: [1000, 20_000], docker: true }],
    ['an image of 100 layers', { seed: 'skopeo-many', layerBytes: Array.from({ length: 100 }, (_, n) => 1000 + n) }],
  ]
  for (const [index, [title, options]] of kinds.entries()) {
    test(`pushes and pulls ${title} unchanged`, async () => {
      const image = makeImage(options)
      const source = await layout(`kind-${index}`, image)
      const repository = await setting.createRepository(`skopeo/kind-${index}`)
      await login()
      await copy(source, `docker://${repository}:v1`)
      if (options.docker === true) return pullsUnchanged(image, `${repository}:v1`)
      await copy(`docker://${repository}:v1`, `oci:${setting.sandbox.path(`back-${index}`)}:latest`)
      const sent = await readLayout(setting.sandbox.path(`kind-${index}`))
      assert.deepEqual(await readLayout(setting.sandbox.path(`back-${index}`)), sent)
    })
  }

  /** An OCI layout cannot hold Docker's forms unchanged; skopeo's `dir:` can. */
  async function pullsUnchanged(image: TestImage, reference: string): Promise<void> {
    const directory = setting.sandbox.path('docker-back')
    await copy(`docker://${reference}`, `dir:${directory}`)
    assert.deepEqual(await readFile(join(directory, 'manifest.json')), image.manifest.bytes)
    for (const blob of [image.config, ...image.layers]) {
      assert.deepEqual(await readFile(join(directory, blob.digest.slice('sha256:'.length))), blob.bytes)
    }
  }

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
    await setting.sandbox.succeed('skopeo', ['--override-arch', 's390x', 'copy', ...copyFlags, `docker://${repository}:v1`, destination])
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
    assert.match(stderr, /POST \S+\/v2\/skopeo\/to\/blobs\/uploads\/\?from=skopeo%2Ffrom&mount=sha256/)
    assert.doesNotMatch(stderr, /PATCH http/, 'every blob is mounted, none sent again')
    const tags = await setting.sandbox.succeed('skopeo', ['list-tags', '--tls-verify=false', `docker://${from}`])
    assert.deepEqual(JSON.parse(tags), { Repository: from, Tags: ['v1', 'v2'] })

    await setting.sandbox.succeed('skopeo', ['delete', '--tls-verify=false', `docker://${to}:v1`])
    const gone = await setting.sandbox.run('skopeo', ['inspect', '--tls-verify=false', `docker://${to}:v1`])
    assert.notEqual(gone.code, 0)
    assert.match(gone.stderr, /Requested image not found/)
    await copy(`docker://${from}:v1`, `oci:${setting.sandbox.path('across-back')}:latest`)
    assert.deepEqual(await readLayout(setting.sandbox.path('across-back')), await readLayout(setting.sandbox.path('across')))
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
