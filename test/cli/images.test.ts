// Images from the shell: what is printed, what arrives, and how it ends.

import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'

import { inUnits } from '../../src/cli/in-units.ts'
import { image, startRegistry } from '../../src/testing/index.ts'
import { attestedSample, contentOf, imageSample, referredSample, writeSample } from '../client/transport/samples.ts'
import { findProgram, skipUnless } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { leadingTo, useImageProgram } from './image-program.ts'

const mebibyte = 1024 * 1024

describe('images from the shell', () => {
  const program = useImageProgram()
  const path = (name: string) => program.sandbox.path(name)
  const ended = (stdout: string) => ({ code: 0, stdout, stderr: '' })
  const json = async (args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await program.run([...args, '--json'])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  test('an image goes in, is listed, shown, and comes back; pipes are quiet', async () => {
    const repository = await program.createRepository('team/app')
    const image = makeImage({ seed: 'cli', layerBytes: [2000] })
    const digest = image.manifest.digest
    const blobs = [image.config, ...image.layers].map((blob) => ({ digest: blob.digest, bytes: blob.bytes.length }))
    const bytes = blobs.reduce((total, blob) => total + blob.bytes, 0)
    await writeSample(path('layout'), imageSample(image))
    const source = `oci:${path('layout')}`
    const target = `${repository}:v1`
    const size = `${(bytes / 1024).toFixed(1)} KiB`

    const planned = await program.run(['push', source, target, '--dry-run'])
    const lines = planned.stdout.split('\n')
    assert.deepEqual(
      lines.slice(0, -1).map((line) => line.split('  ').slice(0, 2)),
      blobs.map((blob) => ['would go', blob.digest]),
    )
    assert.equal(lines.at(-1), `${digest} would come to ${target} as v1: 2 blobs of ${size}, and its manifest`)
    assert.deepEqual({ code: planned.code, stderr: planned.stderr }, { code: 0, stderr: '' })
    assert.deepEqual(
      [...program.registry.requests.of('InitiateLayerUpload'), ...program.registry.requests.of('PutImage')],
      [],
    )

    assert.deepEqual(
      await program.run(['push', source, target, '--tag', 'latest']),
      ended(`pushed ${target} ${digest}: 2 blobs of ${size} sent`),
    )
    const expected = { source, target, dryRun: false, digest, mediaType: image.manifest.mediaType, tags: ['v1'] }
    const none = { mounted: [], foreign: [] }
    assert.deepEqual(await json(['push', source, target]), {
      ...expected,
      manifests: [digest],
      written: [],
      existed: blobs,
      ...none,
      writtenBytes: 0,
    })

    assert.deepEqual(await program.run(['ls']), ended(repository))
    const { repositories } = (await json(['ls', program.registry.registryHost])) as {
      readonly repositories: readonly object[]
    }
    assert.deepEqual(
      repositories.map((its) => ({ ...its, createdAt: 'then' })),
      [{ name: 'team/app', uri: repository, createdAt: 'then', tagMutability: 'MUTABLE' }],
    )
    const listed = (await json(['tags', repository])) as { readonly tags: readonly object[] }
    // Without a registry it is the one that `ls` lists.
    assert.deepEqual(await json(['tags', 'team/app']), { ...listed, repository: 'team/app' })
    assert.deepEqual(
      await program.run(['inspect', 'team/app:v1', '--raw']),
      await program.run(['inspect', target, '--raw']),
    )
    assert.equal((await program.run(['rm', 'team/app:v1', '--dry-run'])).code, 0)
    assert.deepEqual(
      listed.tags.map((its) => ({ ...its, pushedAt: 'then' })),
      ['latest', 'v1'].map((tag) => ({ tag, digest, mediaType: image.manifest.mediaType, bytes, pushedAt: 'then' })),
    )

    const blobOf = (blob: (typeof image.layers)[number]) => ({
      mediaType: blob.mediaType,
      digest: blob.digest,
      bytes: blob.bytes.length,
    })
    assert.deepEqual(await json(['inspect', target]), {
      image: target,
      digest,
      mediaType: image.manifest.mediaType,
      annotations: {},
      images: [
        {
          digest,
          mediaType: image.manifest.mediaType,
          platform: 'linux/amd64',
          bytes,
          createdAt: '2026-01-01T00:00:00Z',
          config: blobOf(image.config),
          layers: image.layers.map(blobOf),
        },
      ],
      referrers: [],
      manifest: JSON.parse(image.manifest.bytes.toString()),
    })
    const raw = await program.run(['inspect', target, '--raw'])
    assert.deepEqual(raw, ended(image.manifest.bytes.toString()))

    assert.deepEqual(
      await program.run(['pull', `${repository}@${digest}`, `oci:${path('back')}:latest`]),
      ended(`pulled oci:${path('back')}:latest ${digest}: 2 blobs of ${size} written`),
    )
    assert.deepEqual(await contentOf(path('back')), await contentOf(path('layout')))
  })

  test('platforms and referrers are chosen; inspect names them', async () => {
    const repository = await program.createRepository('many')
    await writeSample(path('many'), attestedSample('cli-many'))
    await writeSample(path('referred'), referredSample('cli-referred'))
    await program.run(['push', `oci:${path('many')}`, `${repository}:v1`])
    const shown = (await json(['inspect', `${repository}:v1`])) as {
      readonly images: readonly { readonly platform: string }[]
    }
    assert.deepEqual(
      shown.images.map(({ platform }) => platform),
      ['linux/amd64', 'linux/arm64/v8', 'unknown/unknown', 'unknown/unknown'],
    )
    await program.run(['pull', `${repository}:v1`, `oci-archive:${path('arm.tar')}:v1`, '--platform', 'linux/arm64'])
    const one = (await json(['inspect', `oci-archive:${path('arm.tar')}`])) as typeof shown
    assert.deepEqual(
      one.images.map(({ platform }) => platform),
      ['linux/arm64/v8'],
    )
    const absent = await program.run(['inspect', `${repository}:v1`, '--platform', 'linux/s390x'])
    assert.deepEqual(absent, {
      code: 3,
      stdout: '',
      stderr: 'stowage: The image is not there for linux/s390x; it is there for linux/amd64, linux/arm64/v8.',
    })

    await program.run(['push', `oci:${path('referred')}`, `${repository}:signed`, '--referrers', '--parallel', '1'])
    const referrersOf = async (reference: string) => {
      const { referrers } = (await json(['inspect', reference])) as {
        readonly referrers: readonly { readonly digest: string; readonly artifactType: string }[]
      }
      return referrers
    }
    const [signature, ...others] = await referrersOf(`${repository}:signed`)
    assert.deepEqual([signature?.artifactType, others], ['application/vnd.example.signature', []])
    const printed = await program.run(['inspect', `${repository}:signed`])
    assert.match(
      printed.stdout,
      /\nreferred to by\n {2}application\/vnd\.example\.signature {2}sha256:[0-9a-f]{64} {2}\d+ bytes$/,
    )
  })

  test('public repositories: pushed to as the owner, read by anyone', async () => {
    const repository = await program.createPublicRepository('tools')
    const host = program.registry.publicRegistryHost
    await writeSample(path('public'), imageSample(makeImage({ seed: 'cli-public', layerBytes: [100] })))
    assert.equal((await program.run(['push', `oci:${path('public')}`, `${repository}:v1`])).code, 0)
    assert.deepEqual(await program.run(['ls', host]), ended(repository))
    assert.deepEqual(await program.runBare(['tags', `docker://${repository}`]), ended('v1'))
    const pulled = await program.runBare(['pull', `ecr-public://${repository}:v1`, `oci:${path('public-back')}:latest`])
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.deepEqual(await contentOf(path('public-back')), await contentOf(path('public')))
    const [, , name = ''] = repository.split('/')
    assert.deepEqual(await program.run(['rm', `${host}/someone/${name}:v1`]), {
      code: 4,
      stdout: '',
      stderr: `stowage: ${host}/someone is not your registry: your aliases are ${repository.split('/')[1]}`,
    })
    assert.match((await program.run(['rm', `${repository}:v1`])).stdout, /^removed \S+ \(sha256:[0-9a-f]{64}\)$/)
    assert.deepEqual(await program.runBare(['tags', `ecr-public://${repository}`]), ended(''))
  })

  test('from one ECR to another, each with a profile of its own', async () => {
    await using other = await startRegistry({ account: '210987654321' })
    const { credentials } = other
    await writeFile(
      path('aws-credentials'),
      [
        '[other]',
        `aws_access_key_id=${credentials.accessKeyId}`,
        `aws_secret_access_key=${credentials.secretAccessKey}`,
        '',
      ].join('\n'),
    )
    await writeFile(path('aws-config'), '[profile other]\nregion=us-east-1\n')
    const fixture = image({ layers: [3000], seed: 'cli-from', tag: 'v1' })
    await program.registry.put('from', fixture)
    const repository = `${program.registry.registryHost}/from`
    const target = `${other.registryHost}/to:v1`
    const copy = ['copy', `${repository}:v1`, target, '--target-endpoint', other.endpoint, '--target-profile', 'other']
    assert.deepEqual(await program.run(copy), {
      code: 3,
      stdout: '',
      stderr: `stowage: ${other.registryHost}/to refused: The repository with name 'to' does not exist in the registry with id '210987654321'`,
    })
    await other.put('to', image({ tag: 'other' }))
    assert.deepEqual(
      await program.run(copy),
      ended(`copied ${target} ${fixture.manifest.digest}: 2 blobs of ${inUnits(3000 + fixture.config.size)} written`),
    )
    assert.deepEqual(
      other.requests.of('PutImage').map(({ caller }) => caller),
      ['arn:aws:iam::210987654321:root'],
    )
  })

  test('rm takes tags, and images by digest; it says before what would go', async () => {
    const fixture = image({ seed: 'cli-going' })
    await program.registry.put('going', fixture, { tags: ['v1', 'v2', 'v3'] })
    const repository = `${program.registry.registryHost}/going`
    const { digest } = fixture.manifest
    const named = [`${repository}:v1`, `${repository}:absent`, `${repository}:v2`]
    assert.deepEqual(await program.run(['rm', ...named, '--dry-run']), {
      code: 3,
      stdout: `would be removed ${repository}:v1 (${digest} keeps the tags v3)\nwould be removed ${repository}:v2 (${digest} keeps the tags v3)`,
      stderr: `stowage: ${repository}:absent is not there`,
    })
    const asked = program.registry.requests.of('BatchDeleteImage')
    assert.deepEqual(
      asked.filter(({ input }) => input?.['repositoryName'] === 'going'),
      [],
    )
    const removed = await program.run(['rm', ...named, '--force', '--json'])
    assert.deepEqual({ code: removed.code, stderr: removed.stderr }, { code: 0, stderr: '' })
    const gone = (tag: string) => ({ image: `${repository}:${tag}`, outcome: 'removed', digest, remainingTags: ['v3'] })
    assert.deepEqual(JSON.parse(removed.stdout), {
      dryRun: false,
      images: [
        gone('v1'),
        {
          image: `${repository}:absent`,
          outcome: 'not there',
          code: 'ImageNotFound',
          reason: 'Requested image not found',
        },
        gone('v2'),
      ],
    })
    assert.match((await program.run(['tags', repository])).stdout, /^v3 {2}\S+$|^v3 /)
    assert.deepEqual(
      await program.run(['rm', `${repository}@${digest}`]),
      ended(`removed ${repository}@${digest} (${digest})`),
    )
    assert.deepEqual(await program.run(['tags', repository, '--untagged']), ended(''))
    const bare = await program.run(['rm', repository])
    assert.deepEqual(
      [bare.code, bare.stderr],
      [2, `stowage: '${repository}' names no image: say which tag or digest is to go`],
    )
  })

  test('progress: JSON lines, plain lines, and bars on a terminal', async () => {
    const repository = await program.createRepository('progress')
    const image = makeImage({ seed: 'cli-progress', layerBytes: [6 * mebibyte] })
    await writeSample(path('progress'), imageSample(image))
    const [layer] = image.layers
    const push = (tag: string, ...args: readonly string[]) => [
      'push',
      `oci:${path('progress')}`,
      `${repository}:${tag}`,
      ...args,
    ]
    const first = await program.run(push('v1', '--progress', 'json'))
    const events = first.stderr.split('\n').map((line): Record<string, unknown> => JSON.parse(line))
    const total = (image.config.bytes.length ?? 0) + (layer?.bytes.length ?? 0)
    assert.deepEqual(
      { ...events.findLast(({ kind }) => kind === 'total'), bytesPerSecond: 0 },
      {
        kind: 'total',
        doneBytes: total,
        totalBytes: total,
        skippedBytes: 0,
        bytesPerSecond: 0,
        blobsDone: 2,
        blobsTotal: 2,
      },
    )
    assert.deepEqual(events.at(-1), {
      kind: 'manifest',
      digest: image.manifest.digest,
      mediaType: image.manifest.mediaType,
      tags: ['v1'],
    })
    const states = events
      .filter(({ kind, digest }) => kind === 'blob' && digest === layer?.digest)
      .map(({ state }) => state)
    assert.deepEqual([...new Set(states)], ['waiting', 'transferring', 'done'])

    const plain = await program.run(push('v2', '--progress', 'plain'))
    const told = [
      `${image.config.digest.slice(0, 19)} ${image.config.bytes.length} bytes is there already`,
      `${layer?.digest.slice(0, 19)} 6.0 MiB is there already`,
      `${image.manifest.digest.slice(0, 19)} manifest done, tagged v2`,
    ]
    assert.deepEqual(plain.stderr.split('\n').toSorted(), told.toSorted())
    const wrong = await program.run(push('v3', '--progress', 'loud'))
    assert.deepEqual(
      [wrong.code, wrong.stderr],
      [2, 'stowage: --progress must be one of auto, plain, json, none, not "loud"'],
    )
  })

  test('bars on a terminal', { skip: skipUnless('script') }, async () => {
    const repository = await program.createRepository('bars')
    await writeSample(path('bars'), imageSample(makeImage({ seed: 'cli-bars', layerBytes: [35 * mebibyte] })))
    program.registry.faults.add({ operation: 'UploadLayerPart', kind: 'slow', delayMs: 400, times: 5 })
    const command = [process.execPath, 'bin/stowage.mjs', 'push', `oci:${path('bars')}`, `${repository}:v1`].join(' ')
    const cwd = new URL('../..', import.meta.url).pathname
    const { code, stdout } = await program.sandbox.run(findProgram('script') ?? '', ['-qec', command, '/dev/null'], {
      cwd,
      env: { ...leadingTo(program.registry), TERM: 'xterm' },
    })
    assert.equal(code, 0, stdout)
    assert.match(stdout, /total +\[[=-]{24}\] \d+% +\S+ \S+ of 35\.0 MiB +\S+ \S+\/s/)
    assert.match(stdout, /sha256:[0-9a-f]{12} \[=+-+\] \d+% +10\.0 MiB of 35\.0 MiB/)
    assert.match(stdout, /pushed \S+ sha256:[0-9a-f]{64}: 2 blobs of 35\.0 MiB sent\s*$/)
  })

  test('killed with -9, then interrupted: each time the next push goes on where it was', async () => {
    const repository = await program.createRepository('resumed')
    const image = makeImage({ seed: 'cli-resumed', layerBytes: [35 * mebibyte] })
    const [layer] = image.layers
    await writeSample(path('resumed'), imageSample(image))
    const push = ['push', `oci:${path('resumed')}`, `${repository}:v1`]
    const { faults, requests } = program.registry
    const slow = faults.add({ operation: 'UploadLayerPart', kind: 'slow', delayMs: 300, times: Infinity })
    const parts = () =>
      requests
        .of('UploadLayerPart')
        .filter(({ status, input }) => status === 200 && input?.['repositoryName'] === 'resumed')
    const big = () => parts().filter(({ input }) => Number(input?.['partLastByte']) > 100_000)
    const until = async (count: number) => {
      for (let waits = 0; big().length < count && waits < 400; waits++) await delay(25)
    }

    const killed = program.start(push)
    await until(1)
    killed.kill('SIGKILL')
    assert.equal(await killed.end, 'SIGKILL')
    // A part that had arrived whole is still taken.
    await delay(1000)
    const afterKill = big().length

    const interrupted = program.start(push)
    await until(afterKill + 1)
    interrupted.kill('SIGINT')
    assert.equal(await interrupted.end, 130)
    assert.equal(
      interrupted.stderr(),
      'stowage: interrupted: the image was not pushed; the same command goes on where this one was\n',
    )
    assert.deepEqual(
      requests.of('PutImage').filter(({ input }) => input?.['repositoryName'] === 'resumed'),
      [],
    )

    slow.remove()
    const last = await program.run(push)
    assert.equal(last.code, 0, last.stderr)
    // One upload, and no byte of it was taken twice.
    const sent = big().map(({ input }) => [Number(input?.['partFirstByte']), Number(input?.['partLastByte'])] as const)
    assert.equal(new Set(big().map(({ input }) => input?.['uploadId'])).size, 1)
    assert.deepEqual(
      sent.map(([from]) => from),
      [0, ...sent.slice(0, -1).map(([, to]) => to + 1)],
    )
    assert.equal(sent.at(-1)?.[1], (layer?.bytes.length ?? 0) - 1)
  })

  test('an interrupted pull leaves nothing half-written', async () => {
    await program.registry.put('stopped', image({ seed: 'cli-stopped', tag: 'v1' }))
    program.registry.faults.add({ operation: 'GetLayer', kind: 'slow', delayMs: 20_000, times: 2 })
    await mkdir(path('stop'))
    const target = `oci-archive:${path('stop')}/image.tar`
    const pull = program.start(['pull', `${program.registry.registryHost}/stopped:v1`, target])
    for (let waits = 0; (await readdir(path('stop'))).length === 0 && waits < 400; waits++) await delay(25)
    assert.deepEqual((await readdir(path('stop'))).length, 1, 'something is half-written')
    pull.kill('SIGTERM')
    assert.equal(await pull.end, 143)
    assert.match(pull.stderr(), /^stowage: interrupted: the image was not pulled, and nothing half-written is left; /)
    assert.deepEqual(await readdir(path('stop')), [])
    program.registry.faults.clear()
  })
})
