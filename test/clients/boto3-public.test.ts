// boto3's `ecr-public`: a Python program works with the public registry as with ECR's. The program is boto3-public-session.py.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { pngOf } from '../operations/public/calls.ts'
import { findPrograms } from '../support/client.ts'
import { makeImage } from '../support/image-layout.ts'
import { useStowage } from './setting.ts'

const program = fileURLToPath(new URL('boto3-public-session.py', import.meta.url))
const account = '123456789012'
const name = 'boto3/public'
const MiB = 1024 * 1024

const python = findPrograms('python3').find((path) => spawnSync(path, ['-c', 'import boto3']).status === 0)

describe('boto3 ecr-public', { skip: python === undefined ? 'no python3 with boto3 is installed' : false }, () => {
  const setting = useStowage()

  test('calls every operation as a Python program does, and tells refusals apart by their types', async () => {
    const image = makeImage({ seed: 'boto3-public', layerBytes: [6 * MiB, 2000] })
    const blobs = [...image.layers, image.config]
    const directory = setting.sandbox.path('image')
    await mkdir(directory)
    await writeFile(join(directory, 'manifest.json'), image.manifest.bytes)
    await writeFile(join(directory, 'logo.png'), pngOf(80, 80))
    for (const blob of blobs) await writeFile(join(directory, blob.digest.slice('sha256:'.length)), blob.bytes)

    const output = await setting.sandbox.succeed(python ?? '', [program, setting.stowage.origin, directory])
    const seen: unknown = JSON.parse(output)
    assert.ok(typeof seen === 'object' && seen !== null && 'address' in seen && Array.isArray(seen.address))
    const { address, ...rest } = seen
    const [first, second]: readonly unknown[] = address
    assert.equal(first, second)
    assert.match(String(first), /^localhost:\d+\/([a-z]\d){4}\/boto3\/public$/)
    const withId = `the repository with name '${name}' in the registry with id '${account}'`
    const withIdShort = `repository with name '${name}' in registry with id '${account}'`
    const gone = `The repository with name '${name}' does not exist in the registry with id '${account}'`
    const noPolicy = `Repository policy does not exist for ${withId}`
    const { digest } = image.manifest
    const lastBytes = blobs.map(({ bytes }) => bytes.length - 1)
    assert.deepEqual(rest, {
      registriesAtFirst: [],
      missing: gone,
      twice: `The repository with name '${name}' already exists in the registry with id '${account}'`,
      verified: false,
      aliases: [{ status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true }],
      arn: `arn:aws:ecr-public::${account}:repository/${name}`,
      logo: ['image/png', true],
      catalogIsSame: true,
      catalogPut: { description: 'Less' },
      noPng: "Invalid parameter at 'logoImageBlob' failed to satisfy constraint: 'must be a PNG image'",
      registryCatalog: { displayName: 'Python people' },
      repositories: [['boto3/other', name], ['boto3/third']],
      registryPages: [1],
      partsReceived: [5 * MiB - 1, ...lastBytes],
      layers: [...blobs.map(() => 'AVAILABLE'), 'UNAVAILABLE'],
      layerAgain: `Layer with digest '${image.config.digest}' already exists in the ${withIdShort}`,
      imageDigest: digest,
      imageTwice: `Image with digest '${digest}' and tag 'one' already exists in the ${withIdShort}`,
      images: [[digest, ['one', 'three', 'two'], blobs.reduce((sum, { bytes }) => sum + bytes.length, 0)]],
      tagPages: [['one', 'three'], ['two']],
      imageMissing: `The image with imageId {imageDigest:'null', imageTag:'four'} does not exist within ${withId}`,
      resourceTags: { team: 'c', new: '' },
      noPolicy,
      policyIsSame: true,
      policyGone: noPolicy,
      user: 'AWS',
      notEmpty: `The ${withIdShort} cannot be deleted because it still contains images`,
      deleted: [['one'], ['ImageNotFound']],
      gone,
      elsewhere: "This command is not supported in the region 'eu-west-1'",
      uncalled: [],
    })
  })
})
