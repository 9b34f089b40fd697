// What a manifest names, read off its bytes. Hostile ones are bounded: 4 MiB, 64 levels of JSON, 200,000 values.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and image-index.md; Docker's schema 2 has the same members.

import { parseDigest, type Digest } from '../../lib/digest.ts'
import { shapeFault } from '../../lib/json-shape.ts'
import type { Descriptor, Manifest, Platform } from './place.ts'
import { transportFail } from './transport-error.ts'

/** ECR's limit of `imageManifest`, and the least a registry must take by the distribution specification. */
export const manifestBytesMax = 4 * 1024 * 1024

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociTar: 'application/vnd.oci.image.layer.v1.tar',
  ociGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

/** What we ask for, so that nothing is converted on the way. */
export const manifestTypes = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerList,
  mediaTypes.dockerManifest,
] as const

export interface ManifestLinks {
  readonly subject: Digest | undefined
  readonly artifactType: string | undefined
  readonly annotations: Readonly<Record<string, string>> | undefined
  /** Of an image, else `undefined`. */
  readonly config: Descriptor | undefined
  /** Layers in order. Foreign ones live elsewhere and are apart. */
  readonly layers: readonly Descriptor[]
  readonly foreign: readonly Descriptor[]
  /** Of an index: the manifests it names. */
  readonly children: readonly Descriptor[]
}

type Json = Readonly<Record<string, unknown>>

/** Reads what `manifest` names. Fails with InvalidManifest; `where` is the place it is from. */
export function parseManifestLinks(manifest: Manifest, where: string): ManifestLinks {
  const invalid: Invalid = (reason) => transportFail('InvalidManifest', { digest: manifest.digest, where, reason })
  const json = parseBoundedJson(manifest.bytes, invalid)
  const mediaType = text(json['mediaType'])
  if (mediaType !== undefined && mediaType !== manifest.mediaType)
    invalid(`it says it is ${mediaType}, and is kept as ${manifest.mediaType}`)
  const isIndex = isIndexType(manifest.mediaType)
  if (json[isIndex ? 'layers' : 'manifests'] !== undefined) invalid('it mixes the members of an index and an image')
  const layers = isIndex ? [] : descriptors(json['layers'], invalid)
  const config = isIndex ? undefined : parseDescriptor(json['config'], invalid)
  return {
    subject: json['subject'] === undefined ? undefined : parseDescriptor(json['subject'], invalid).digest,
    artifactType: text(json['artifactType']) ?? config?.mediaType,
    annotations: strings(json['annotations']),
    config,
    layers: layers.filter((layer) => !isForeign(layer)),
    foreign: layers.filter(isForeign),
    children: isIndex ? descriptors(json['manifests'], invalid) : [],
  }
}

export type Invalid = (reason: string) => never

/** A JSON object that nests and counts within bounds. */
export function parseBoundedJson(bytes: Buffer, invalid: Invalid): Json {
  if (bytes.byteLength > manifestBytesMax) invalid(`it has more than ${manifestBytesMax} bytes`)
  const source = bytes.toString()
  const fault = shapeFault(source, { depth: 64, values: 200_000, uniqueKeys: true })
  if (fault !== undefined) invalid(`its JSON is ${fault.replaceAll('-', ' ')}`)
  let json: unknown
  try {
    json = JSON.parse(source)
  } catch {
    invalid('it is not JSON')
  }
  return object(json) ?? invalid('it is not a JSON object')
}

/** A descriptor as it stands in a manifest or index. */
function parseDescriptor(value: unknown, invalid: Invalid): Descriptor {
  const json = object(value) ?? invalid('a descriptor is missing')
  const digest = parseDigest(text(json['digest']) ?? '') ?? invalid('a descriptor has no digest of sha256 or sha512')
  const mediaType = text(json['mediaType']) ?? invalid(`the descriptor of ${digest} has no media type`)
  const size = json['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return invalid(`the descriptor of ${digest} has no size`)
  return {
    digest,
    mediaType,
    size,
    platform: parsePlatform(json['platform']),
    artifactType: text(json['artifactType']),
    annotations: strings(json['annotations']),
  }
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList
}

/** A list of descriptors; Go writes an empty one as null. */
export function descriptors(value: unknown, invalid: Invalid): readonly Descriptor[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value.map((item) => parseDescriptor(item, invalid)) : invalid('a list is missing')
}

function isForeign({ mediaType }: Descriptor): boolean {
  return mediaType.includes('.foreign.') || mediaType.includes('.nondistributable.')
}

function parsePlatform(value: unknown): Platform | undefined {
  const json = object(value)
  const [os, architecture] = [text(json?.['os']), text(json?.['architecture'])]
  if (os === undefined || architecture === undefined) return undefined
  return { os, architecture, variant: text(json?.['variant']) }
}

function strings(value: unknown): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(object(value) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function object(value: unknown): Json | undefined {
  // Checked by the condition.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}
