// buildah: builds from a Dockerfile without a daemon, pushes, and pulls what it pushed.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import { skipUnlessRoot } from '../support/client.ts'
import { seededBytes } from '../support/image-layout.ts'
import { useStowage } from './setting.ts'

describe('buildah', { skip: skipUnlessRoot('buildah') }, () => {
  const setting = useStowage()

  /** Each store is an image cache of its own, so that a pull into another store brings the bytes. */
  const buildah = (store: string, ...args: readonly string[]): Promise<string> => {
    const places = ['--root', setting.sandbox.path(store, 'root'), '--runroot', setting.sandbox.path(store, 'run')]
    return setting.sandbox.succeed('buildah', ['--storage-driver', 'vfs', ...places, ...args])
  }

  test('builds, pushes and pulls', async () => {
    const reference = `${await setting.createRepository('buildah/app')}:v1`
    const context = setting.sandbox.path('context')
    await mkdir(context)
    await writeFile(`${context}/file`, seededBytes('buildah', 400_000))
    await writeFile(`${context}/Dockerfile`, 'FROM scratch\nCOPY file /file\nLABEL team=a\nCMD ["/file"]\n')
    await buildah('one', 'bud', '--isolation', 'chroot', '--tag', reference, context)

    const credentials = ['--tls-verify=false', '--creds', `AWS:${await setting.stowage.password()}`]
    await buildah('one', 'push', ...credentials, '--digestfile', setting.sandbox.path('digest'), reference)
    await buildah('two', 'pull', ...credentials, reference)
    const inspect = ['inspect', '--type', 'image', '--format', '{{.FromImageID}} {{.FromImageDigest}}', reference]
    const [builtId, builtDigest] = (await buildah('one', ...inspect)).split(' ')
    const [pulledId, pulledDigest] = (await buildah('two', ...inspect)).split(' ')
    assert.equal(pulledId, builtId)
    assert.match(builtDigest ?? '', /^sha256:/)
    assert.match(pulledDigest ?? '', /^sha256:/)
  })
})
