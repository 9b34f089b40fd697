// Reading an OCI image layout, wherever its files are.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

import { algorithmOf, digestOf, hexOf, parseDigest, type Digest } from '../../lib/digest.ts'
import { readSmallFile, type FileTree } from './file-tree.ts'
import {
  descriptors,
  type Invalid,
  manifestBytesMax,
  mediaTypes,
  parseBoundedJson,
  parseManifestLinks,
} from './manifest-graph.ts'
import type { Descriptor, Manifest, Place } from './place.ts'
import { transportFail } from './transport-error.ts'

/** The annotation that names an entry of the index. */
export const refName = 'org.opencontainers.image.ref.name'
/** containerd and Docker write the whole name there, and the tag alone into the other. */
const containerdName = 'io.containerd.image.name'

/** The files of a layout besides its blobs. */
export const layoutMark = { name: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) } as const
export const indexName = 'index.json'

export function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
}

/** The half of a place that gives: what a layout is read by. */
export type PlaceReader = Pick<Place, 'findManifest' | 'openBlob' | 'listReferrers'>

/** Reads a layout. Fails with InvalidLayout, InvalidManifest, ImageMissing, BlobMissing, SizeMismatch. */
export function layoutReader(tree: FileTree): PlaceReader {
  const manifestOf = async (digest: Digest, mediaType?: string): Promise<Manifest | undefined> => {
    const bytes = await readSmallFile(tree, blobName(digest), manifestBytesMax)
    return bytes && { digest, mediaType: mediaType ?? sniffMediaType(bytes, digest, tree.path), bytes }
  }
  return {
    findManifest: async (reference) => {
      const digest = parseDigest(reference ?? '')
      if (digest) return manifestOf(digest)
      const entry = chooseEntry(await readIndex(tree), reference, tree.path)
      if (!entry) return undefined
      const manifest = await manifestOf(entry.digest, entry.mediaType)
      return manifest ?? transportFail('BlobMissing', { digest: entry.digest, where: tree.path })
    },
    openBlob: async (blob, offset) => {
      const found = await tree.sizeOf(blobName(blob.digest))
      const where = tree.path
      if (found === undefined) return transportFail('BlobMissing', { digest: blob.digest, where })
      if (found !== blob.size) transportFail('SizeMismatch', { digest: blob.digest, expected: blob.size, found, where })
      return tree.read(blobName(blob.digest), offset)
    },
    listReferrers: async (digest) => {
      const found: Descriptor[] = []
      for (const entry of await readIndex(tree)) {
        const manifest = await manifestOf(entry.digest, entry.mediaType)
        const links = manifest && parseManifestLinks(manifest, tree.path)
        if (links?.subject !== digest) continue
        found.push({ ...entry, artifactType: links.artifactType, annotations: links.annotations })
      }
      return found
    },
  }
}

async function readIndex(tree: FileTree): Promise<readonly Descriptor[]> {
  const invalid: Invalid = (reason) => transportFail('InvalidLayout', { path: tree.path, reason })
  const index = (await readIndexJson(tree)) ?? invalid('it has no file index.json')
  return descriptors(index['manifests'], invalid)
}

/** `index.json`, or `undefined` where nothing was written yet. Fails with InvalidLayout. */
export async function readIndexJson(tree: FileTree): Promise<Readonly<Record<string, unknown>> | undefined> {
  const invalid: Invalid = (reason) => transportFail('InvalidLayout', { path: tree.path, reason })
  const mark = (await readSmallFile(tree, layoutMark.name, 4096)) ?? invalid('it has no file oci-layout')
  const version = parseBoundedJson(mark, invalid)['imageLayoutVersion']
  if (typeof version !== 'string' || !version.startsWith('1.')) invalid('its imageLayoutVersion is not 1.0.0')
  const bytes = await readSmallFile(tree, indexName, manifestBytesMax)
  return bytes && parseBoundedJson(bytes, invalid)
}

function chooseEntry(entries: readonly Descriptor[], name: string | undefined, path: string): Descriptor | undefined {
  if (name !== undefined) return entries.find((entry) => isNamed(entry, name))
  if (entries.length <= 1) return entries[0]
  // Referrers stand in the index as well, and have no name.
  const named = entries.filter((entry) => nameOf(entry) !== undefined)
  const [only] = named
  if (only && new Set(named.map((entry) => entry.digest)).size === 1) return only
  const names = named.map(nameOf).join(', ')
  return transportFail('InvalidLayout', {
    path,
    reason: `it holds several images, so that one must be chosen: ${names || 'none has a name'}`,
  })
}

function isNamed({ annotations }: Descriptor, name: string): boolean {
  const whole = annotations?.[containerdName]
  return annotations?.[refName] === name || (whole !== undefined && (whole === name || whole.endsWith(`/${name}`)))
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[refName] ?? annotations?.[containerdName]
}

/** A manifest by digest alone: what kind it is stands in it, or follows from its members. */
function sniffMediaType(bytes: Buffer, digest: Digest, where: string): string {
  const invalid: Invalid = (reason) => transportFail('InvalidManifest', { digest, where, reason })
  const found = digestOf(bytes, algorithmOf(digest))
  if (found !== digest) transportFail('DigestMismatch', { digest, found, where })
  const json = parseBoundedJson(bytes, invalid)
  if (typeof json['mediaType'] === 'string') return json['mediaType']
  return json['manifests'] === undefined ? mediaTypes.ociManifest : mediaTypes.ociIndex
}
