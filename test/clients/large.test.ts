// A layer of 1 GiB goes through a push by skopeo and a pull by docker unchanged, and the server does not grow with it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { BatchCheckLayerAvailabilityCommand } from '@aws-sdk/client-ecr'

import { writeBigLayout } from '../support/big-layer.ts'
import { skipUnlessRoot } from '../support/client.ts'
import { startDockerd } from './daemon.ts'
import { useStowage } from './setting.ts'

const gibibyte = 1024 ** 3
const wanted = process.env['CI'] === 'true' || process.env['STOWAGE_TEST_LARGE'] === '1'
const skip = wanted
  ? skipUnlessRoot('skopeo', 'dockerd', 'docker', 'containerd')
  : 'takes half a minute and 5 GiB of disk: set STOWAGE_TEST_LARGE=1'

describe('a layer of 1 GiB', { skip }, () => {
  const setting = useStowage()

  test('is pushed by skopeo and pulled by docker with the same digest', async () => {
    const layout = setting.sandbox.path('layout')
    const { layer, manifestDigest } = await writeBigLayout(layout, { seed: 'large', fileBytes: gibibyte })
    const repository = await setting.createRepository('large')
    const password = await setting.stowage.password()
    const flags = ['--preserve-digests', '--dest-tls-verify=false', '--dest-creds', `AWS:${password}`]
    const push = ['copy', ...flags, `oci:${layout}:latest`, `docker://${repository}:v1`]
    await setting.sandbox.succeed('skopeo', push, { timeoutMs: 120_000 })

    const { layers } = await setting.stowage.ecr.send(
      new BatchCheckLayerAvailabilityCommand({ repositoryName: 'large', layerDigests: [layer.digest] }),
    )
    assert.equal(layers?.[0]?.layerAvailability, 'AVAILABLE')
    assert.equal(layers[0]?.layerSize, layer.size)

    const { env, stop } = await startDockerd(setting.sandbox)
    setting.onEnd(stop)
    const docker = (args: readonly string[], input = ''): Promise<string> =>
      setting.sandbox.succeed('docker', args, { env, input, timeoutMs: 180_000 })
    await docker(['login', '-u', 'AWS', '--password-stdin', setting.stowage.host], password)
    const printed = await docker(['pull', `${repository}:v1`])
    assert.match(printed, new RegExp(`Digest: ${manifestDigest}`))
    // The layer is a plain tar, so that its digest is also the one under which docker knows what it unpacked.
    const unpacked = await docker(['image', 'inspect', '--format', '{{index .RootFS.Layers 0}}', `${repository}:v1`])
    assert.equal(unpacked, layer.digest)
    assert.ok(peakBytes(setting.stowage.pid()) < 400 * 1024 * 1024, 'the layer went through memory')
  })
})

/** The largest resident set that the process has had: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakBytes(pid: number | undefined): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 'self'}/status`, 'utf8'))?.[1]
  return Number(kibibytes) * 1024
}
