// What cannot be done with images, each in one sentence with its exit code, and nothing half-written.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'

import { imageSample, writeSample } from '../client/transport/samples.ts'
import type { RunOptions } from '../support/client.ts'
import { layoutPath, makeImage } from '../support/image-layout.ts'
import { tarEnd, tarHeader } from '../support/tar.ts'
import { useImageProgram } from './image-program.ts'

const exec = promisify(execFile)
const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
const image = makeImage({ seed: 'cli-refused', layerBytes: [200_000] })

describe('what cannot be done with images', () => {
  const program = useImageProgram()
  const path = (name: string) => program.sandbox.path(name)

  async function assertRefused(
    args: readonly string[],
    code: number,
    sentence: string,
    options: RunOptions = {},
  ): Promise<void> {
    assert.deepEqual(await program.run(args, options), { code, stdout: '', stderr: `stowage: ${sentence}` })
  }

  test('what was asked for wrongly ends with 2', async () => {
    await assertRefused(
      ['push', 'oci:x', 'plain'],
      2,
      "'plain' is not a reference to an image: write docker://plain for a registry that is not ECR, or oci:plain for a directory.",
    )
    await assertRefused(
      ['push', 'oci:x', 'oci:y'],
      2,
      `'oci:y' is no registry to push into: "stowage copy" takes files on both sides`,
    )
    await assertRefused(
      ['pull', 'oci:x', 'oci:y'],
      2,
      `'oci:x' is no registry to pull from: "stowage copy" takes files on both sides`,
    )
    await assertRefused(
      ['copy', 'oci:x', 'oci:y', '--parallel', '0'],
      2,
      '--parallel must be a whole number from 1 to 64, not "0"',
    )
    await assertRefused(
      ['ls', '--endpoint', 'nonsense'],
      2,
      '--endpoint must be the http:// or https:// URL of an API, not "nonsense"',
    )
    await assertRefused(
      ['tags', `${program.registry.registryHost}/x:v1`],
      2,
      `'${program.registry.registryHost}/x:v1' names an image: leave out its tag or digest, or use "stowage inspect"`,
    )
    await assertRefused(
      ['tags', 'ghcr.io/x'],
      2,
      "'ghcr.io/x' is not a reference to an image: write docker://ghcr.io/x for a registry that is not ECR, or oci:ghcr.io/x for a directory.",
    )
    await assertRefused(
      ['ls', 'ghcr.io'],
      2,
      `'ghcr.io' is not an ECR registry as far as is known: give its --endpoint, write ecr-public://ghcr.io if it is a public one, or docker://ghcr.io for any other`,
    )
    await assertRefused(
      ['push', 'oci:x', 'y', 'z'],
      2,
      "too many arguments for 'push'. Expected 2 arguments but got 3: oci:x, y, z.",
    )
  })

  test('what is not there ends with 3', async () => {
    const repository = await program.createRepository('refused/there')
    const { registryHost } = program.registry
    await assertRefused(
      ['pull', `${repository}:absent`, `oci:${path('nothing')}`],
      3,
      `${repository} holds no image absent.`,
    )
    await assert.rejects(readdir(path('nothing')), 'nothing was made')
    const sentence =
      "RepositoryNotFoundException: The repository with name 'refused/absent' does not exist in the registry with id '123456789012'"
    await assertRefused(['tags', `${registryHost}/refused/absent`], 3, sentence)
    await assertRefused(['rm', `${registryHost}/refused/absent:v1`], 3, sentence)
  })

  test('who is not let in ends with 4, and is told what to do', async () => {
    const { endpoint, region, registryHost, faults } = program.registry
    const keyless = { env: { AWS_ENDPOINT_URL_ECR: endpoint, AWS_REGION: region } }
    const { code, stderr } = await program.runBare(['ls'], keyless)
    assert.equal(code, 4)
    assert.match(
      stderr,
      /^stowage: no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or for a server of your own run eval "\$\(stowage env\)" \(.+\)$/,
    )
    await assertRefused(
      ['ls'],
      4,
      'InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      { env: { AWS_SECRET_ACCESS_KEY: 'wrong' } },
    )
    await writeSample(path('expired'), imageSample(image))
    const expired = 'The security token included in the request is expired'
    const added = faults.add({
      kind: 'error',
      status: 400,
      code: 'ExpiredTokenException',
      message: expired,
      times: Infinity,
    })
    await assertRefused(
      ['push', `oci:${path('expired')}`, `${registryHost}/refused/there:v1`],
      4,
      `the AWS credentials have expired: get new ones and run the same command again, which goes on where it was (${expired})`,
    )
    added.remove()
    await assertRefused(
      ['ls', `docker://${registryHost}`],
      4,
      `${registryHost} wants other credentials: it answered 401. "docker login" keeps some for it.`,
    )
  })

  test('a server that is not there, and something that is no ECR, end with 1', async () => {
    const gone = { env: { AWS_ENDPOINT_URL_ECR: 'http://127.0.0.1:9' } }
    await assertRefused(
      ['ls'],
      1,
      'ECONNREFUSED: There was no answer from the service: connect ECONNREFUSED 127.0.0.1:9',
      gone,
    )
    const { code, stderr } = await program.run(['tags', 'docker://no-such-host.invalid/x'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^stowage: no-such-host\.invalid could not be reached: getaddrinfo (ENOTFOUND|EAI_AGAIN) no-such-host\.invalid\.$/,
    )
    const page = '<html>Bad gateway</html>'
    const added = program.registry.faults.add({ kind: 'error', status: 502, body: page, times: Infinity })
    const proxied = await program.run(['ls'])
    added.remove()
    assert.equal(proxied.code, 1)
    assert.match(
      proxied.stderr,
      /^stowage: NotJson: Something that is not the service answered with status 502, [^\n]+<html>Bad gateway[^\n]+$/,
    )
  })

  test('broken layouts and archives end with 1, and nothing is pushed', async () => {
    const repository = await program.createRepository('refused/broken')
    const layer = image.layers[0]?.digest ?? ''
    const layout = async (name: string) => {
      await writeSample(path(name), imageSample(image))
      return `oci:${path(name)}`
    }
    const push = (source: string, sentence: string) => assertRefused(['push', source, `${repository}:v1`], 1, sentence)

    await mkdir(path('empty'))
    await push(`oci:${path('empty')}`, `${path('empty')} is not a usable OCI image layout: it has no file oci-layout.`)
    const missing = await layout('missing')
    await rm(layoutPath(path('missing'), layer))
    await push(missing, `${path('missing')} does not hold the blob ${layer}.`)
    const short = await layout('short')
    await truncate(layoutPath(path('short'), layer), 100)
    await push(short, `${path('short')} holds 100 bytes for ${layer}, not ${image.layers[0]?.bytes.length}.`)

    const archive = await layout('archive')
    assert.equal((await program.run(['copy', archive, `oci-archive:${path('whole.tar')}`])).code, 0)
    await truncate(path('whole.tar'), 100_000)
    await push(`oci-archive:${path('whole.tar')}`, `${path('whole.tar')} is not a usable archive: it is cut off.`)
    await writeFile(path('out.tar'), Buffer.concat([tarHeader('../../etc/passwd', 0), tarEnd]))
    await push(
      `oci-archive:${path('out.tar')}`,
      `${path('out.tar')} is not a usable archive: "../../etc/passwd" leads out of it.`,
    )
    assert.deepEqual(program.registry.requests.of('PutImage'), [])
  })

  test('an archive that exists is replaced by --force alone', async () => {
    await writeSample(path('twice'), imageSample(image))
    const copy = ['copy', `oci:${path('twice')}`, `oci-archive:${path('twice.tar')}`]
    assert.equal((await program.run(copy)).code, 0)
    await assertRefused(
      copy,
      1,
      `${path('twice.tar')} exists already, and an archive is never added to. --force replaces it.`,
    )
    assert.equal((await program.run([...copy, '--force'])).code, 0)
  })

  test('a full disk', { skip: isRoot ? false : 'needs root to mount a small tmpfs' }, async (t) => {
    const disk = path('disk')
    await mkdir(disk)
    try {
      await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
    } catch (error) {
      t.skip(`can not mount a tmpfs here: ${String(error)}`)
      return
    }
    t.after(() => exec('umount', [disk]))
    const repository = await program.createRepository('refused/full')
    await writeSample(path('full'), imageSample(image))
    assert.equal((await program.run(['push', `oci:${path('full')}`, `${repository}:v1`])).code, 0)
    const { code, stderr } = await program.run(['pull', `${repository}:v1`, `oci-archive:${disk}/image.tar`])
    assert.equal(code, 1)
    assert.match(stderr, /^stowage: There is no room left on the disk for \S+\.$/)
    assert.deepEqual(await readdir(disk), [])
  })
})
