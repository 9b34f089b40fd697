// The few things that clients of the simulation push: images that share layers, and an index of two of them.

import { digestOf, type Digest } from '../../src/lib/digest.ts'
import { manifestOf, ociIndexType, ociManifestType } from '../support/registry.ts'

export const repositories = ['app', 'lib'] as const
export const tags = ['a', 'b'] as const

const layers = ['{"config":1}', 'a layer that all images have', 'one that two of them have', 'one of the third']

export interface PushedImage {
  readonly manifest: string
  readonly digest: Digest
  readonly mediaType: string
  readonly layers: readonly string[]
  readonly children: readonly Digest[]
}

function image(...numbers: readonly number[]): PushedImage {
  const contents = numbers.map((number) => layers[number] ?? '')
  const manifest = manifestOf(contents)
  return { manifest, digest: digestOf(manifest), mediaType: ociManifestType, layers: contents, children: [] }
}

function index(...children: readonly PushedImage[]): PushedImage {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: children.map((child) => ({
      mediaType: child.mediaType,
      digest: child.digest,
      size: Buffer.byteLength(child.manifest),
    })),
  })
  const digests = children.map((child) => child.digest)
  return { manifest, digest: digestOf(manifest), mediaType: ociIndexType, layers: [], children: digests }
}

const first = image(0, 1, 2)
const second = image(0, 1, 2, 3)

export const images: readonly PushedImage[] = [first, second, image(0, 3), index(first, second)]

export const contentOf = (digest: Digest): string | undefined => layers.find((content) => digestOf(content) === digest)
