// Images, layers, indexes and artifacts, made here: no network, and the same bytes for the same arguments.

import { createCipheriv, createHash } from 'node:crypto'
import { digestOf, type Digest } from '../lib/digest.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'

/** Some bytes under their digest, as a descriptor names them. */
export interface FixtureBlob {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly bytes: Uint8Array
}

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** An image or an artifact. */
export interface ImageFixture {
  readonly kind: 'image'
  /** Its bytes are the manifest's text. */
  readonly manifest: FixtureBlob
  readonly config: FixtureBlob
  readonly layers: readonly FixtureBlob[]
  /** `undefined` for an artifact. */
  readonly platform: Platform | undefined
  readonly tag: string | undefined
}

export interface IndexFixture {
  readonly kind: 'index'
  readonly manifest: FixtureBlob
  readonly images: readonly (ImageFixture | IndexFixture)[]
  readonly tag: string | undefined
}

export interface LayerOptions {
  /** Contents by path: the layer is a tar of them, which clients can unpack. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
}

export interface ImageOptions {
  /** Layers, or what `layer` takes; one small tar when there are none. */
  readonly layers?: readonly (FixtureBlob | string | Uint8Array | number | LayerOptions)[]
  /** linux/amd64. */
  readonly platform?: Platform
  readonly tag?: string
  /** Images of different seeds share no layer that is made of a size, and have different configs; empty. */
  readonly seed?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** Docker's schema 2 instead of OCI. */
  readonly docker?: boolean
}

export interface ArtifactOptions {
  readonly artifactType: string
  /** What it is about: it becomes a referrer of that. */
  readonly subject?: ImageFixture | IndexFixture
  /** What `layer` takes; one small text when there are none. */
  readonly layers?: readonly (FixtureBlob | string | Uint8Array | number | LayerOptions)[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly tag?: string
}

export interface IndexOptions {
  readonly tag?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly docker?: boolean
}

const types = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar',
    empty: 'application/vnd.oci.empty.v1+json',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar',
  },
} as const

/**
 * A layer: these very bytes, or so many bytes that do not compress, or a tar of files. Only the last is one that clients can unpack.
 * @param seed for a size: other seeds give other bytes
 */
export function layer(content: string | Uint8Array | number | LayerOptions, seed = ''): FixtureBlob {
  if (typeof content === 'number') return blobOf(types.oci.layer, seededBytes(seed, content))
  if (typeof content === 'string' || content instanceof Uint8Array) return blobOf(types.oci.layer, content)
  return blobOf(types.oci.layer, tarOf(content.files))
}

export function image(options: ImageOptions = {}): ImageFixture {
  const { platform = { os: 'linux', architecture: 'amd64' }, seed = '', docker = false, annotations, tag } = options
  const its = docker ? types.docker : types.oci
  const contents = options.layers ?? [{ files: { 'stowage.txt': `a layer of ${seed || 'an image'}\n` } }]
  const layers = contents.map((content, index) => ({ ...toLayer(content, `${seed}/${index}`), mediaType: its.layer }))
  // An uncompressed layer is its own diff.
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }
  const config = jsonBlob(its.config, {
    created: '2026-01-01T00:00:00Z',
    ...platform,
    config: seed === '' ? {} : { Labels: { seed } },
    rootfs,
  })
  const manifest = jsonBlob(its.manifest, {
    schemaVersion: 2,
    mediaType: its.manifest,
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
    ...(annotations && { annotations }),
  })
  return { kind: 'image', manifest, config, layers, platform, tag }
}

export function index(images: readonly (ImageFixture | IndexFixture)[], options: IndexOptions = {}): IndexFixture {
  const { tag, annotations, docker = false } = options
  const mediaType = docker ? types.docker.index : types.oci.index
  const manifest = jsonBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: images.map((one) => ({
      ...descriptorOf(one.manifest),
      ...(one.kind === 'image' && one.platform && { platform: one.platform }),
    })),
    ...(annotations && { annotations }),
  })
  return { kind: 'index', manifest, images, tag }
}

/** An artifact of the OCI image specification: a manifest with an empty config and a type, about another one or not. */
export function artifact(options: ArtifactOptions): ImageFixture {
  const { artifactType, subject, annotations, tag } = options
  const layers = (options.layers ?? [`an artifact of type ${artifactType}\n`]).map((content, at) =>
    toLayer(content, `${artifactType}/${at}`),
  )
  const config = blobOf(types.oci.empty, '{}')
  const manifest = jsonBlob(types.oci.manifest, {
    schemaVersion: 2,
    mediaType: types.oci.manifest,
    artifactType,
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
    ...(subject && { subject: descriptorOf(subject.manifest) }),
    ...(annotations && { annotations }),
  })
  return { kind: 'image', manifest, config, layers, platform: undefined, tag }
}

function toLayer(content: FixtureBlob | string | Uint8Array | number | LayerOptions, seed: string): FixtureBlob {
  return typeof content === 'object' && 'digest' in content ? content : layer(content, seed)
}

function descriptorOf({ mediaType, digest, size }: FixtureBlob) {
  return { mediaType, digest, size }
}

function jsonBlob(mediaType: string, value: unknown): FixtureBlob {
  return blobOf(mediaType, JSON.stringify(value))
}

function blobOf(mediaType: string, content: string | Uint8Array): FixtureBlob {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength, bytes }
}

/** The key stream of a cipher. */
function seededBytes(seed: string, size: number): Uint8Array {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a layer can not have ${size} bytes`)
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}

function tarOf(files: LayerOptions['files']): Uint8Array {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    if (name === '' || Buffer.byteLength(name) > 100) throw new RangeError(`not a path of 1 to 100 bytes: ${name}`)
    return [tarHeader(name, bytes.length), bytes, tarPadding(bytes.length)]
  })
  return Buffer.concat([...parts, tarEnd])
}
