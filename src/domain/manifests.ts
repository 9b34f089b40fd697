// Manifests: the four kinds we keep, parsed once into what they reference. Bytes are never rewritten.
// Rules: OCI image specification 1.1 (manifest.md, image-index.md), Docker "Image Manifest V2, Schema 2"; CVE-2021-41190 for kinds
// that could be read as another kind.

import { parseDigest, type Digest } from '../lib/digest.ts'
import { shapeFault } from '../lib/json-shape.ts'
import { fail } from '../model/errors.ts'

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

const imageTypes: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest]
const indexTypes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerList]

/** Nesting and counts far beyond any real manifest, so that a hostile one costs little. */
const depthMax = 64
const descriptorsMax = 10_000
const valuesMax = 200_000

/** What a manifest says of something it references. */
export interface Descriptor {
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes. */
  readonly size: number
}

export interface ParsedManifest {
  readonly mediaType: string
  /** `artifactType`, or the config's media type; `undefined` for an index without one. */
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
  /** Config and layers of an image, in that order; empty for an index. Foreign layers are not among them. */
  readonly layers: readonly Descriptor[]
  /** Manifests that an index names; empty for an image. */
  readonly children: readonly Descriptor[]
}

/**
 * Parses a manifest.
 * @param declared the media type that came beside the manifest: `imageManifestMediaType`, or `Content-Type`
 * Fails with InvalidParameterException at `ImageManifest` or `imageManifestMediaType`.
 */
export function parseManifest(text: string, declared: string | undefined): ParsedManifest {
  const document = parseDocument(text)
  if (document['schemaVersion'] !== 2) invalid('Unsupported manifest schema version')
  const mediaType = mediaTypeOf(document, declared)
  const isIndex = indexTypes.includes(mediaType)
  refuseOtherKind(document, isIndex)
  const config = isIndex ? undefined : descriptor(document['config'], 'config')
  const layers = isIndex ? [] : descriptors(document['layers'], 'layers').filter((layer) => !isForeign(layer.mediaType))
  const children = isIndex ? descriptors(document['manifests'], 'manifests') : []
  const artifactType = optionalString(document, 'artifactType') || config?.mediaType
  const subject = isAbsent(document['subject']) ? undefined : descriptor(document['subject'], 'subject').digest
  return { mediaType, artifactType, subject, layers: config ? [config, ...layers] : [], children }
}

/** The annotations of a stored manifest, as referrer listings show them. */
export function annotationsOf(manifest: string): Readonly<Record<string, string>> | undefined {
  const annotations = asObject(asObject(JSON.parse(manifest))?.['annotations'])
  if (!annotations) return undefined
  const strings = Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return strings.length > 0 ? Object.fromEntries(strings) : undefined
}

function parseDocument(text: string): Readonly<Record<string, unknown>> {
  const fault = shapeFault(text, { depth: depthMax, uniqueKeys: true, values: valuesMax })
  if (fault === 'too-deep') invalid('Manifest nests too deeply')
  if (fault === 'too-many-values') invalid('Manifest holds too many values')
  if (fault === 'duplicate-key') invalid('Duplicate key')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return invalid('Invalid JSON syntax')
  }
  return asObject(json) ?? invalid('Invalid JSON syntax')
}

function mediaTypeOf(document: Readonly<Record<string, unknown>>, declared: string | undefined): string {
  const own = optionalString(document, 'mediaType')
  if (own !== undefined && declared !== undefined && own !== declared) {
    fail('InvalidParameterException', {
      parameter: 'imageManifestMediaType',
      constraint: 'must be the same as the media type in the manifest',
    })
  }
  const mediaType = own ?? declared
  if (mediaType === undefined) {
    return fail('InvalidParameterException', {
      parameter: 'imageManifestMediaType',
      constraint: 'must be provided when the manifest does not contain the mediaType field',
    })
  }
  if (!imageTypes.includes(mediaType) && !indexTypes.includes(mediaType)) invalid('Unsupported manifest media type')
  return mediaType
}

const knownKeys = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
]

/** A manifest that another reader could take for another kind, or for other content, is refused. */
function refuseOtherKind(document: Readonly<Record<string, unknown>>, isIndex: boolean): void {
  const foreign = isIndex ? ['config', 'layers', 'fsLayers', 'history'] : ['manifests', 'fsLayers', 'history']
  if (foreign.some((key) => !isAbsent(document[key]))) invalid('Manifest mixes the members of several kinds')
  // Go's JSON reader ignores case: a "Layers" beside "layers" would be read differently by others.
  const odd = Object.keys(document).some((key) =>
    knownKeys.some((known) => known !== key && known.toLowerCase() === key.toLowerCase()),
  )
  if (odd) invalid('Manifest members differ in case only')
}

function descriptors(value: unknown, what: string): readonly Descriptor[] {
  // Go writes an empty list as null.
  if (isAbsent(value)) return []
  if (!Array.isArray(value)) return invalid(`${what} must be a list`)
  if (value.length > descriptorsMax) return invalid(`${what} has too many items`)
  return value.map((item) => descriptor(item, what))
}

function descriptor(value: unknown, what: string): Descriptor {
  const object = asObject(value) ?? invalid(`${what} must be a descriptor`)
  const mediaType = optionalString(object, 'mediaType') ?? invalid(`${what} must have a mediaType`)
  const digest = parseDigest(optionalString(object, 'digest') ?? '') ?? invalid(`${what} must have a valid digest`)
  const size = object['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return invalid(`${what} must have a valid size`)
  return { digest, mediaType, size }
}

/** Layers that are not distributed by registries (Windows base layers): they live at their `urls` and need not be here. */
function isForeign(mediaType: string): boolean {
  return mediaType.includes('.foreign.') || mediaType.includes('.nondistributable.')
}

function optionalString(object: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = object[key]
  if (isAbsent(value)) return undefined
  return typeof value === 'string' ? value : invalid(`${key} must be a string`)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // Checked by the condition.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function invalid(constraint: string): never {
  return fail('InvalidParameterException', { parameter: 'ImageManifest', constraint })
}
