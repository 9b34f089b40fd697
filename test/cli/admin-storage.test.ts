// `stowage admin usage`, `collect` and `image`, by a real server: what each prints, and what it changes.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import {
  BatchDeleteImageCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  ListImagesCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr'

import { digestOf } from '../../src/lib/digest.ts'
import { manifestOf } from '../support/registry.ts'
import { startStowage, type Stowage } from '../support/stowage.ts'
import { run } from './program.ts'

const repositoryName = 'app'
const manifest = manifestOf(['config', 'layer'])
const digest = digestOf(manifest)
const sizes = `1 images (${manifest.length} bytes), 2 layers of 11 bytes`

/** A server with one image, `app:v1`, and no collections but those that are asked for. */
async function open(t: TestContext, ...args: readonly string[]) {
  const stowage = await startStowage({ args: ['--collect-minutes', '0', '--account', '123456789012', ...args] })
  t.after(() => stowage.remove())
  const { ecr } = stowage
  await ecr.send(new CreateRepositoryCommand({ repositoryName }))
  for (const content of ['config', 'layer']) await upload(ecr, content)
  await ecr.send(new PutImageCommand({ repositoryName, imageManifest: manifest, imageTag: 'v1' }))
  return {
    ecr,
    ends: (...words: readonly string[]) => run(['admin', ...words, '--data', stowage.dataDir]),
    says: (...words: readonly string[]) => says(stowage, words),
    remove: () => ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest: digest }] })),
    tags: async () => {
      const { imageIds = [] } = await ecr.send(new ListImagesCommand({ repositoryName }))
      return imageIds.map(({ imageTag }) => imageTag)
    },
  }
}

async function says({ dataDir }: Stowage, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(['admin', ...words, '--data', dataDir])
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, words.join(' '))
  return stdout
}

async function upload(ecr: ECRClient, content: string): Promise<void> {
  const layerPartBlob = Buffer.from(content)
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  const part = { partFirstByte: 0, partLastByte: layerPartBlob.length - 1, layerPartBlob }
  await ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...part }))
  const layerDigests = [digestOf(content)]
  await ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests }))
}

describe('stowage admin', () => {
  test('usage, then what a collection would take and takes', async (t) => {
    const { remove, says: said } = await open(t, '--lease-hours', '0')
    const line = `123456789012 us-east-1     ${'app'.padEnd(32)} `
    const quiet = ['in the trash: 0 files of 0 bytes', 'open uploads: 0 with 0 bytes', '']
    assert.equal(
      await said('usage'),
      [
        `${line}${sizes}`,
        'on disk: 2 layers of 11 bytes, each counted once',
        '  no image names 0 of them (0 bytes), 0 (0 bytes) go with the next collection',
        ...quiet,
      ].join('\n'),
    )
    await remove()
    await delay(5)
    const would = '2 layers of 11 bytes would go\nin the trash: 0 files of 0 bytes\n'
    assert.equal(await said('collect', '--dry-run'), would)
    assert.equal(await said('collect', '--dry-run'), would)
    assert.match(await said('usage'), /\n {2}no image names 2 of them \(11 bytes\), 2 \(11 bytes\) go with the next/)
    assert.equal(
      await said('collect'),
      '2 layers of 11 bytes collected, 0 files removed\nin the trash: 2 files of 11 bytes\n',
    )
    // The command's own output.
    assert.deepEqual(JSON.parse(await said('collect', '--json')), {
      layerCount: 0,
      layerBytes: 0,
      deletedImageCount: 0,
      removedFileCount: 0,
      trashFileCount: 2,
      trashBytes: 11,
      complete: true,
    })
    const usage = JSON.parse(await said('usage', '--json')) as Record<string, Record<string, unknown>>
    assert.deepEqual(usage['total']?.['layerCount'], 0)
    assert.equal(usage['repositories']?.['length'], 1)
  })

  test('a deleted image, and its way back', async (t) => {
    const { remove, says: said, ends, tags } = await open(t, '--undelete-hours', '0.5')
    assert.equal(await said('image', 'deleted', 'app'), 'No deleted image is kept of this repository.\n')
    await remove()
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
    const line = new RegExp(`^${digest}  deleted ${time}, kept until ${time}  v1\n$`)
    assert.match(await said('image', 'deleted', 'app'), line)
    assert.equal(JSON.parse(await said('image', 'deleted', 'app', '--json')).length, 1)
    assert.equal(await said('image', 'restore', 'app', digest), `${digest} restored as v1\n`)
    assert.deepEqual(await tags(), ['v1'])
    await remove()
    assert.equal(
      await said('image', 'restore', 'app', digest, '--tag', 'a', '--tag', 'b'),
      `${digest} restored as a, b\n`,
    )
    assert.deepEqual(await tags(), ['a', 'b'])
    assert.deepEqual(await ends('image', 'restore', 'app', digest), {
      code: 1,
      stdout: '',
      stderr: `stowage: ImageAlreadyExistsException: Image with digest '${digest}' already exists in the repository with name 'app' in registry with id '123456789012'\n`,
    })
    assert.deepEqual(await ends('image', 'deleted', 'app', '--public'), {
      code: 1,
      stdout: '',
      stderr:
        "stowage: RepositoryNotFoundException: The repository with name 'app' does not exist in the registry with id '123456789012'\n",
    })
    assert.equal((await ends('image', 'restore', 'app')).code, 2)
  })
})

test('the server collects by itself, and says so', async (t) => {
  const stowage = await startStowage({ args: ['--collect-minutes', '0.01', '--lease-hours', '0'] })
  t.after(() => stowage.remove())
  const { ecr } = stowage
  await ecr.send(new CreateRepositoryCommand({ repositoryName }))
  await upload(ecr, 'a layer')
  const figures = async () => (await fetch(`${stowage.origin}/metrics`)).text()
  const until = Date.now() + 20_000
  while (!(await figures()).includes('\nstowage_collected_bytes_total 7\n')) {
    assert.ok(Date.now() < until, await figures())
    await delay(50)
  }
  const text = await figures()
  assert.match(text, /^stowage_collected_layers_total 1$/m)
  assert.match(text, /^stowage_trash_bytes 7$/m)
  const [, last] = /^stowage_collection_last_success_seconds ([0-9.]+)$/m.exec(text) ?? []
  assert.ok(Math.abs(Number(last) - Date.now() / 1000) < 60, `the last collection was at ${last}`)
})
