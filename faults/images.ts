// Images for the pushers: small, seeded, with layers that many of them share. Bytes are made again when they are wanted, so that a run may
// push more than fits into memory.

import { ociTypes, seededBytes, sha256 } from '../test/support/image-layout.ts'
import type { Part } from './journal.ts'
import type { Random } from './random.ts'

export interface Blob extends Part {
  readonly bytes: () => Buffer
}

export interface Manifest extends Part {
  readonly mediaType: string
  readonly bytes: Buffer
  readonly imageBytes: number
  readonly subject?: string
}

/** Something to push: an image, or an index with its images. */
export interface Image extends Manifest {
  /** Config and layers; none of an index. */
  readonly blobs: readonly Blob[]
  readonly images: readonly Image[]
}

/** Where layers come from; one of these for all pushers makes them share. */
export interface LayerSource {
  readonly next: (random: Random) => Blob
}

const sharedMax = 400
const [layerBytesMin, layerBytesMax] = [4 * 1024, 4 * 1024 * 1024]
/** Half of the layers are below this power of the range: many small ones, few of 4 MiB, as in real images. */
const skew = 2

/** New layers of 4 KiB to 4 MiB, and with the probability `shared` one that was given out before. */
export function openLayerSource(seed: string, shared: number, bytesMax = layerBytesMax): LayerSource {
  const known: Blob[] = []
  let made = 0
  return {
    next: (random) => {
      const old = random.chance(shared) ? random.pick(known) : undefined
      if (old !== undefined) return old
      const size = Math.round(layerBytesMin * (bytesMax / layerBytesMin) ** (random.next() ** skew))
      const layer = seededBlob(`${seed}/layer-${made++}`, size)
      if (known.length < sharedMax) known.push(layer)
      else known[random.below(sharedMax)] = layer
      return layer
    },
  }
}

/** As `source`, and of two hundred layers one of `bytesMin` to twice that: what a server writes in another way than small ones. */
export function withLarge(source: LayerSource, seed: string, bytesMin: number): LayerSource {
  let made = 0
  return {
    next: (random) =>
      random.chance(0.005)
        ? seededBlob(`${seed}/large-${made++}`, bytesMin + random.below(bytesMin))
        : source.next(random),
  }
}

/** The same `count` layers again and again: what a collector and a push fight about. */
export function openFewLayers(seed: string, count: number, bytesMax: number): LayerSource {
  const layers = Array.from({ length: count }, (_, index) =>
    seededBlob(`${seed}/few-${index}`, layerBytesMin + Math.floor(((bytesMax - layerBytesMin) * index) / count)),
  )
  return { next: (random) => layers[random.below(count)] ?? seededBlob(seed, layerBytesMin) }
}

/** An image of 2 to 6 layers. `name` is in its config: images of different names are different. */
export function makeImage(name: string, layers: LayerSource, random: Random, subject?: Manifest): Image {
  const chosen = new Map<string, Blob>()
  for (let count = 2 + random.below(5); count > 0; count--) {
    const layer = layers.next(random)
    chosen.set(layer.digest, layer)
  }
  const config = jsonBlob({
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { name } },
    rootfs: { type: 'layers', diff_ids: [...chosen.keys()] },
  })
  const blobs = [...chosen.values()]
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociTypes.manifest,
      config: { mediaType: ociTypes.config, ...partOf(config) },
      layers: blobs.map((blob) => ({ mediaType: ociTypes.tarLayer, ...partOf(blob) })),
      ...(subject && { subject: { mediaType: subject.mediaType, ...partOf(subject) } }),
    }),
  )
  return {
    ...manifestOf(ociTypes.manifest, bytes),
    // Layers and config, as DescribeImages counts them.
    imageBytes: blobs.reduce((sum, blob) => sum + blob.size, config.size),
    blobs: [config, ...blobs],
    images: [],
    ...(subject && { subject: subject.digest }),
  }
}

const architectures = ['amd64', 'arm64', 'riscv64', 's390x']

/** An index of images. */
export function makeIndex(images: readonly Image[]): Image {
  const manifests = images.map((image, index) => ({
    mediaType: image.mediaType,
    ...partOf(image),
    platform: { os: 'linux', architecture: architectures[index % architectures.length] },
  }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociTypes.index, manifests }))
  return {
    ...manifestOf(ociTypes.index, bytes),
    // As ECR counts it: the largest of its images.
    imageBytes: Math.max(...images.map((image) => image.imageBytes)),
    blobs: [],
    images,
  }
}

export const partOf = ({ digest, size }: Part): Part => ({ digest, size })

function manifestOf(mediaType: string, bytes: Buffer): Pick<Manifest, 'mediaType' | 'bytes' | 'digest' | 'size'> {
  return { mediaType, bytes, digest: sha256(bytes), size: bytes.length }
}

function seededBlob(seed: string, size: number): Blob {
  return { digest: sha256(seededBytes(seed, size)), size, bytes: () => seededBytes(seed, size) }
}

function jsonBlob(value: object): Blob {
  const bytes = Buffer.from(JSON.stringify(value))
  return { digest: sha256(bytes), size: bytes.length, bytes: () => bytes }
}
