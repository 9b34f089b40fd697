// The index of a layout: which manifests it is about, and by which names.

import { parseManifestLinks } from './manifest-graph.ts'
import type { Manifest } from './place.ts'
import { refName } from './read-layout.ts'

/** A manifest to be named by an index. A referrer has no tags. */
export interface IndexEntry {
  readonly manifest: Manifest
  readonly tags: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/**
 * The text of an index once `added` are in it: a tag leads to one manifest, and a manifest without tags stands there once. What others
 * wrote into `before` (the index as it is, parsed) stays as it is.
 */
export function printIndex(before: Json | undefined, added: readonly IndexEntry[]): Buffer {
  const fresh: readonly Json[] = added.flatMap(toDescriptors)
  const old = Array.isArray(before?.['manifests']) ? before['manifests'].filter(isObject) : []
  const names = new Set(fresh.map(nameOf).filter((name) => name !== undefined))
  const all = [...old.filter((entry) => !names.has(nameOf(entry) ?? '')), ...fresh]
  const manifests = all.filter(
    (entry, index) =>
      nameOf(entry) !== undefined ||
      !all.some((other, at) => other['digest'] === entry['digest'] && (nameOf(other) !== undefined || at < index)),
  )
  return Buffer.from(JSON.stringify({ schemaVersion: 2, ...before, manifests }))
}

function toDescriptors({ manifest, tags }: IndexEntry): readonly Json[] {
  const { digest, mediaType, bytes } = manifest
  const { subject, artifactType } = parseManifestLinks(manifest, 'the image')
  const plain = { mediaType, digest, size: bytes.byteLength, ...(subject && { artifactType }) }
  return tags.length === 0 ? [plain] : tags.map((tag) => ({ ...plain, annotations: { [refName]: tag } }))
}

function nameOf(entry: Json): string | undefined {
  const annotations = entry['annotations']
  const name = isObject(annotations) ? annotations[refName] : undefined
  return typeof name === 'string' ? name : undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
