// cosign: signs an image with a local key, offline, and verifies what it finds in the registry.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { skipUnless } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { pushImage } from './images.ts'
import { useStowage } from './setting.ts'

describe('cosign', { skip: skipUnless('cosign') }, () => {
  const setting = useStowage()
  const env = { COSIGN_PASSWORD: 'x' }

  test('signs an image and verifies the signature, and no other key verifies', async () => {
    const cosign = (...args: readonly string[]): Promise<string> => setting.sandbox.succeed('cosign', args, { env })
    const image = makeImage({ seed: 'cosign', layerBytes: [5000] })
    const repository = await setting.createRepository('cosign/app')
    await pushImage(setting.stowage.ecr, 'cosign/app', image, 'v1')
    await cosign('login', setting.stowage.host, '-u', 'AWS', '-p', await setting.stowage.password())
    for (const name of ['mine', 'other']) await cosign('generate-key-pair', '--output-key-prefix', name)

    const reference = `${repository}@${image.manifest.digest}`
    const offline = ['--allow-http-registry']
    await cosign('sign', '--yes', '--key', 'mine.key', '--tlog-upload=false', ...offline, reference)
    const verify = ['verify', '--insecure-ignore-tlog=true', ...offline]
    const verified = await cosign(...verify, '--key', 'mine.pub', reference)
    assert.match(verified, new RegExp(image.manifest.digest))
    const wrong = await setting.sandbox.run('cosign', [...verify, '--key', 'other.pub', reference], { env })
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.stderr, /no matching signatures|invalid signature/)
  })
})
