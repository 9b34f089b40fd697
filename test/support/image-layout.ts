// Test images, made here: no network, the same bytes for the same seed. An image exists in memory (for tests that speak HTTP) and can
// be written as an OCI image layout (for skopeo, oras, buildah). `big-layer.ts` makes the one image that must not be held in memory.

import { createCipheriv, createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { tarEnd, tarHeader, tarPadding } from './tar.ts'

/** Some bytes under their digest, as a descriptor names them. */
export type TestBlob = {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Buffer
}

export type TestPlatform = { readonly os: string; readonly architecture: string; readonly variant?: string }

export type TestImage = {
  readonly platform: TestPlatform
  readonly manifest: TestBlob
  readonly config: TestBlob
  readonly layers: readonly TestBlob[]
}

export type TestIndex = { readonly manifest: TestBlob; readonly images: readonly TestImage[] }

export type ImageOptions = {
  /** Images of different seeds share no layer. */
  readonly seed: string
  /** Bytes of the one file in each layer. */
  readonly layerBytes: readonly number[]
  readonly platform?: TestPlatform
  /** Docker's schema 2 instead of OCI. Its layers are always gzip: Docker has no name for a plain tar layer. */
  readonly docker?: boolean
}

export const ociTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  tarLayer: 'application/vnd.oci.image.layer.v1.tar',
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const

const dockerTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  gzipLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const

const amd64: TestPlatform = { os: 'linux', architecture: 'amd64' }

/** An image whose every second layer is gzip (clients insist on its magic number only where the media type says gzip). */
export function makeImage(options: ImageOptions): TestImage {
  const { seed, layerBytes, docker = false, platform = amd64 } = options
  const tars = layerBytes.map((bytes, index) => makeTar(`layer-${index}.bin`, seededBytes(`${seed}/${index}`, bytes)))
  const layers = tars.map((tar, index) => {
    if (docker) return toBlob(dockerTypes.gzipLayer, gzipSync(tar, { level: 1 }))
    return index % 2 === 1 ? toBlob(ociTypes.gzipLayer, gzipSync(tar, { level: 1 })) : toBlob(ociTypes.tarLayer, tar)
  })
  const config = makeConfig(platform, tars.map(sha256), docker)
  return { platform, config, layers, manifest: makeManifest(config, layers.map(toDescriptor), docker) }
}

/** One image for each platform under one index (a manifest list in Docker's form). */
export function makeIndex(options: ImageOptions, platforms: readonly TestPlatform[]): TestIndex {
  const images = platforms.map((platform) =>
    makeImage({ ...options, platform, seed: `${options.seed}/${platform.architecture}${platform.variant ?? ''}` }),
  )
  const types = options.docker === true ? dockerTypes : ociTypes
  const manifests = images.map((image) => ({ ...toDescriptor(image.manifest), platform: image.platform }))
  return { images, manifest: toJsonBlob(types.index, { schemaVersion: 2, mediaType: types.index, manifests }) }
}

export function makeConfig(platform: TestPlatform, diffIds: readonly string[], docker = false): TestBlob {
  return toJsonBlob(docker ? dockerTypes.config : ociTypes.config, {
    created: '2026-01-01T00:00:00Z',
    ...platform,
    config: { Cmd: ['/layer-0.bin'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((id) => ({ created: '2026-01-01T00:00:00Z', created_by: `test layer ${id.slice(0, 15)}` })),
  })
}

export type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number }

export function makeManifest(config: TestBlob, layers: readonly Descriptor[], docker = false): TestBlob {
  const mediaType = docker ? dockerTypes.manifest : ociTypes.manifest
  return toJsonBlob(mediaType, { schemaVersion: 2, mediaType, config: toDescriptor(config), layers })
}

/** Writes the image or index as an OCI image layout that carries it under `tag`. */
export async function writeLayout(directory: string, made: TestImage | TestIndex, tag = 'latest'): Promise<void> {
  const images = 'images' in made ? made.images : [made]
  const blobs = [made.manifest, ...images.flatMap((image) => [image.manifest, image.config, ...image.layers])]
  await writeLayoutFrame(directory, made.manifest, tag)
  await Promise.all(blobs.map((blob) => writeFile(layoutPath(directory, blob.digest), blob.bytes)))
}

/** The files of a layout besides its blobs. */
export async function writeLayoutFrame(directory: string, manifest: TestBlob, tag: string): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true })
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  const annotations = { 'org.opencontainers.image.ref.name': tag }
  const manifests = [{ ...toDescriptor(manifest), annotations }]
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
}

export function layoutPath(directory: string, digest: string): string {
  return join(directory, 'blobs', ...digest.split(':'))
}

function toDescriptor(blob: TestBlob): Descriptor {
  return { mediaType: blob.mediaType, digest: blob.digest, size: blob.bytes.length }
}

function toBlob(mediaType: string, bytes: Buffer): TestBlob {
  return { mediaType, digest: sha256(bytes), bytes }
}

function toJsonBlob(mediaType: string, value: unknown): TestBlob {
  return toBlob(mediaType, Buffer.from(JSON.stringify(value)))
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Bytes that do not compress and are the same for the same seed: the key stream of a cipher. */
export function seededBytes(seed: string, bytes: number): Buffer {
  return seededStream(seed)(bytes)
}

/** Successive pieces of one endless seeded sequence. */
export function seededStream(seed: string): (bytes: number) => Buffer {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return (bytes) => cipher.update(Buffer.alloc(bytes))
}

function makeTar(name: string, content: Buffer): Buffer {
  return Buffer.concat([tarHeader(name, content.length), content, tarPadding(content.length), tarEnd])
}
