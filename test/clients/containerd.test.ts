// containerd's `ctr`: each blob in one monolithic PUT, manifests of an index by digest, the tag last.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import { skipUnlessRoot } from '../support/client.ts'
import { makeIndex, writeLayout } from '../support/image-layout.ts'
import { type Daemon, startContainerd } from './daemon.ts'
import { useStowage } from './setting.ts'

describe('containerd', { skip: skipUnlessRoot('containerd', 'ctr', 'tar') }, () => {
  const setting = useStowage()
  let daemon: (Daemon & { readonly socket: string }) | undefined
  before(async () => {
    daemon = await startContainerd(setting.sandbox)
    setting.onEnd(daemon.stop)
  })

  const ctr = (...args: readonly string[]): Promise<string> =>
    setting.sandbox.succeed('ctr', ['--address', daemon?.socket ?? '', ...args])

  test('pushes and pulls a multi-architecture image', async () => {
    const index = makeIndex({ seed: 'containerd', layerBytes: [300_000, 20_000] }, [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ])
    await writeLayout(setting.sandbox.path('layout'), index, 'v1')
    await setting.sandbox.succeed('tar', [
      '-C',
      setting.sandbox.path('layout'),
      '-cf',
      setting.sandbox.path('layout.tar'),
      '.',
    ])
    const reference = `${await setting.createRepository('containerd/multi')}:v1`
    const base = reference.slice(0, -':v1'.length)
    const native = ['--snapshotter', 'native', '--all-platforms']
    await ctr('images', 'import', '--base-name', base, ...native, setting.sandbox.path('layout.tar'))

    const user = ['--plain-http', '--user', `AWS:${await setting.stowage.password()}`]
    await ctr('images', 'push', ...user, reference)
    await ctr('images', 'rm', '--sync', reference)
    await ctr('images', 'pull', ...user, ...native, reference)
    assert.match(await ctr('images', 'ls', `name==${reference}`), new RegExp(`${reference}.*${index.manifest.digest}`))
    for (const image of index.images) {
      assert.equal(await ctr('content', 'get', image.manifest.digest), image.manifest.bytes.toString())
    }
  })

  test('is refused without the password', async () => {
    const reference = `${setting.stowage.host}/containerd/multi:v1`
    const args = ['--address', daemon?.socket ?? '', 'images', 'pull', '--plain-http', '--user', 'AWS:wrong', reference]
    const { code, stderr } = await setting.sandbox.run('ctr', args)
    assert.notEqual(code, 0)
    assert.match(stderr, /40[13] (Unauthorized|Forbidden)/)
  })
})
