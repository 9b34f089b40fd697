// Images of every kind go through each pair of places and come back byte for byte.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { copy, pull, push, type CopyOptions } from '../../../src/client/transport/copy.ts'
import { skipUnless } from '../../support/client.ts'
import { makeImage } from '../../support/image-layout.ts'
import { startDockerRegistry } from './docker-registry.ts'
import {
  attestedSample,
  contentOf,
  emptyBlobSample,
  imageSample,
  referredSample,
  type Sample,
  sha512Sample,
  writeSample,
} from './samples.ts'
import { useTransport } from './transport-setting.ts'

const many = Array.from({ length: 100 }, (_, n) => 500 + n)
const samples: readonly (readonly [string, Sample])[] = [
  ['image', imageSample(makeImage({ seed: 'trip', layerBytes: [1000, 20_000, 1_500_000] }))],
  ['docker', imageSample(makeImage({ seed: 'trip-docker', layerBytes: [1000, 20_000], docker: true }))],
  ['attested', attestedSample('trip-attested')],
  ['many', imageSample(makeImage({ seed: 'trip-many', layerBytes: many }))],
  ['referred', referredSample('trip-referred')],
  ['empty', emptyBlobSample('trip-empty')],
  ['sha512', sha512Sample('trip-sha512')],
]

/** A hundred layers once are enough. */
const fewLayers = samples.filter(([name]) => name !== 'many')
/** What knows no sha512: Debian's registry computes the digest of a manifest itself. */
const sha256Samples = fewLayers.filter(([name]) => name !== 'sha512')

describe('an image comes back byte for byte', () => {
  const setting = useTransport()
  const options = (more: CopyOptions = {}) => setting.options({ referrers: true, ...more })

  /** Runs a trip between two layouts, and compares them. */
  async function trip(
    name: string,
    sample: Sample,
    travel: (there: string, back: string) => Promise<unknown>,
  ): Promise<void> {
    const [there, back] = [setting.sandbox.path(`${name}-there`), setting.sandbox.path(`${name}-back`)]
    await writeSample(there, sample)
    await travel(`oci:${there}:latest`, `oci:${back}:latest`)
    assert.deepEqual(await contentOf(back), await contentOf(there))
  }

  for (const [name, sample] of samples) {
    test(`${name}: layout -> private -> layout`, () =>
      trip(name, sample, async (there, back) => {
        const repository = await setting.createRepository(`trip/${name}`)
        const sent = await push(there, `${repository}:v1`, options())
        assert.equal(sent.digest, sample.root.digest)
        assert.deepEqual(sent.tags, ['v1'])
        const fetched = await pull(`${repository}:v1`, back, options())
        assert.equal(fetched.digest, sample.root.digest)
      }))
  }

  for (const [name, sample] of fewLayers) {
    test(`${name}: layout -> public -> anonymous pull -> layout`, () =>
      trip(`public-${name}`, sample, async (there, back) => {
        const repository = await setting.createPublicRepository(`trip/${name}`)
        await push(there, `${repository}:v1`, options())
        const anonymous = { ecr: undefined, ecrPublic: undefined, credentials: async () => undefined }
        await pull(`${repository}:v1`, back, options(anonymous))
      }))
  }

  for (const [name, sample] of fewLayers) {
    test(`${name}: layout -> /v2/ -> layout archive -> layout`, () =>
      trip(`data-${name}`, sample, async (there, back) => {
        const repository = await setting.createRepository(`data/${name}`)
        const archive = `oci-archive:${setting.sandbox.path(`data-${name}.tar`)}:kept`
        await push(there, `docker://${repository}:v1`, options())
        await pull(`docker://${repository}:v1`, archive, options())
        await copy(archive, back, options())
      }))
  }

  describe('through a registry of another kind', { skip: skipUnless('docker-registry') }, () => {
    for (const [name, sample] of sha256Samples) {
      test(`${name}: private -> public -> docker-registry -> layout`, () =>
        trip(`other-${name}`, sample, async (there, back) => {
          const registry = await startDockerRegistry(setting.sandbox)
          try {
            const [one, two] = [
              await setting.createRepository(`other/${name}`),
              await setting.createPublicRepository(`other/${name}`),
            ]
            await push(there, `${one}:v1`, options())
            await copy(`${one}:v1`, `${two}:v1`, options())
            await copy(`${two}:v1`, `docker://${registry.host}/other/${name}:v1`, options({ chunkBytes: 500_000 }))
            await pull(`docker://${registry.host}/other/${name}:v1`, back, options())
          } finally {
            await registry.stop()
          }
        }))
    }
  })
})
