// boto3: a Python program works with the registry as with ECR. The program is boto3-session.py.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { findPrograms } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { useStowage } from './setting.ts'

const program = fileURLToPath(new URL('boto3-session.py', import.meta.url))
const account = '123456789012'

const python = findPrograms('python3').find((path) => spawnSync(path, ['-c', 'import boto3']).status === 0)

describe('boto3', { skip: python === undefined ? 'no python3 with boto3 is installed' : false }, () => {
  const setting = useStowage()

  test('pushes, pages, reads back and deletes as a Python program does', async () => {
    const image = makeImage({ seed: 'boto3', layerBytes: [6 * 1024 * 1024, 2000] })
    const directory = setting.sandbox.path('image')
    await mkdir(directory)
    await writeFile(join(directory, 'manifest.json'), image.manifest.bytes)
    for (const blob of [...image.layers, image.config]) {
      await writeFile(join(directory, blob.digest.slice('sha256:'.length)), blob.bytes)
    }
    const env = { AWS_DEFAULT_REGION: setting.stowage.env['AWS_REGION'] ?? '' }
    const args = [program, setting.stowage.origin, directory]
    const seen: unknown = JSON.parse(await setting.sandbox.succeed(python ?? '', args, { env }))
    assert.ok(typeof seen === 'object' && seen !== null && 'repository' in seen)
    const { repository, ...rest } = seen
    assert.ok(typeof repository === 'object' && repository !== null && 'repositoryUri' in repository)
    assert.equal(repository.repositoryUri, `localhost:${setting.stowage.port}/boto3/image`)
    assert.deepEqual(rest, {
      resourceTags: [{ Key: 'team', Value: 'a' }],
      pages: [2, 1],
      tags: ['one', 'three', 'two'],
      manifest: image.manifest.bytes.toString(),
      layerIsSame: true,
      twice:
        `Image with digest '${image.manifest.digest}' and tag 'one' already exists in the repository with name ` +
        `'boto3/image' in registry with id '${account}'`,
      notEmpty:
        `The repository with name 'boto3/image' in registry with id '${account}' ` +
        'cannot be deleted because it still contains images',
      gone: `The repository with name 'boto3/image' does not exist in the registry with id '${account}'`,
      account,
    })
  })
})
