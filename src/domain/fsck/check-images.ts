import { algorithmOf, digestOf, type Digest } from '../../lib/digest.ts'
import { letOthersRun } from '../../lib/event-loop.ts'
import { EcrError } from '../../model/errors.ts'
import { parseManifest, type ParsedManifest } from '../manifests.ts'
import type { AuditReads, AuditTotals, AuditedImage, ImageKey } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'
import type { FindingKind } from './finding.ts'
import { imageNamed } from './names.ts'

const batch = 500

/** Manifests: they have their digest, and the database says of them what they say themselves. */
export async function checkImages(checking: Checking, totals: AuditTotals): Promise<void> {
  const { metadata, progress, report } = checking
  progress.begin('images', totals.images + totals.deletedImages)
  for (let after: ImageKey | undefined; ;) {
    const keys = await metadata.read.audit.imageKeys(after, batch)
    for (const key of keys) {
      if ((await faultsOf(metadata.read.audit, key)).length > 0) {
        // Its rows were read one after the other, and may belong to two moments: inside a transaction they do not.
        const faults = await metadata.write((tx) => faultsOf(tx.audit, key))
        for (const { kind, detail } of faults) await report(kind, await imageNamed(checking, key), detail)
      }
      progress.advance()
    }
    after = keys.at(-1)
    if (keys.length < batch) break
    // An embedded database answers at once: without this nothing else had a turn, the progress bar for one.
    await letOthersRun()
  }
  await checkDeletedImages(checking)
}

interface Fault {
  readonly kind: FindingKind
  readonly detail: string
}

async function faultsOf(audit: AuditReads, key: ImageKey): Promise<readonly Fault[]> {
  const image = await audit.image(key)
  // Deleted since its key was read.
  if (!image) return []
  const calculated = digestOf(image.manifest, algorithmOf(key.digest))
  // What other bytes say is not worth a comparison.
  if (calculated !== key.digest) return [{ kind: 'manifest-content', detail: `it has ${calculated}` }]
  const parsed = parse(image)
  if (typeof parsed === 'string') return [{ kind: 'manifest-unreadable', detail: parsed }]
  return [...layerFaults(image, parsed), ...childFaults(image, parsed), ...columnFaults(image, parsed)]
}

function parse({ manifest, mediaType }: Pick<AuditedImage, 'manifest' | 'mediaType'>): ParsedManifest | string {
  try {
    return parseManifest(manifest, mediaType)
  } catch (error) {
    if (error instanceof EcrError) return error.message
    throw error
  }
}

function layerFaults(image: AuditedImage, parsed: ParsedManifest): readonly Fault[] {
  // Of a layer that a manifest names twice, the last mention counts.
  const said = new Map(parsed.layers.map((layer) => [layer.digest, layer]))
  const kept = new Map(image.layers.map((layer) => [layer.digest, layer]))
  const faults = [...difference('layer', new Set(said.keys()), new Set(kept.keys()))]
  for (const [digest, { mediaType, size }] of said) {
    const row = kept.get(digest)
    if (!row) continue
    if (row.mediaType !== mediaType) faults.push(`the layer ${digest} has the type ${row.mediaType}, not ${mediaType}`)
    const found = image.layerSizes.get(digest)
    if (found !== undefined && found !== size) faults.push(`the layer ${digest} has ${found} bytes, not ${size}`)
  }
  return faults.map((detail) => ({ kind: 'manifest-layers', detail }))
}

function childFaults(image: AuditedImage, parsed: ParsedManifest): readonly Fault[] {
  const said = new Map(parsed.children.map((child) => [child.digest, child]))
  const faults = [...difference('image', new Set(said.keys()), new Set(image.children))]
  for (const [digest, { size }] of said) {
    const found = image.childSizes.get(digest)?.manifestBytes
    if (found !== undefined && found !== size) faults.push(`the image ${digest} has ${found} bytes, not ${size}`)
  }
  return faults.map((detail) => ({ kind: 'manifest-children', detail }))
}

type Value = string | number | undefined

function columnFaults(image: AuditedImage, parsed: ParsedManifest): readonly Fault[] {
  const layers = new Map(parsed.layers.map((layer) => [layer.digest, layer.size]))
  const layerBytes = [...layers.values()].reduce((sum, size) => sum + size, 0)
  const childBytes = Math.max(0, ...[...image.childSizes.values()].map((child) => child.imageBytes))
  const pairs: readonly (readonly [what: string, kept: Value, said: Value])[] = [
    ['media type', image.mediaType, parsed.mediaType],
    ['artifact type', image.artifactType, parsed.artifactType],
    ['subject', image.subject, parsed.subject],
    ['manifest size', image.manifestBytes, Buffer.byteLength(image.manifest)],
    // Of a child without a row nothing is known: that is another finding.
    ...(image.childSizes.size === new Set(parsed.children.map((child) => child.digest)).size
      ? ([['image size', image.imageBytes, layerBytes + childBytes]] as const)
      : []),
  ]
  return pairs
    .filter(([, kept, said]) => kept !== said)
    .map(([what, kept, said]) => ({
      kind: 'manifest-columns',
      detail: `the ${what} is ${kept ?? 'absent'}, not ${said ?? 'absent'}`,
    }))
}

function difference(what: string, said: ReadonlySet<Digest>, kept: ReadonlySet<Digest>): readonly string[] {
  const missing = [...said].filter((digest) => !kept.has(digest))
  const extra = [...kept].filter((digest) => !said.has(digest))
  return [
    ...missing.map((digest) => `the ${what} ${digest} has no row`),
    ...extra.map((digest) => `the ${what} ${digest} is not in the manifest`),
  ]
}

async function checkDeletedImages(checking: Checking): Promise<void> {
  const { metadata, progress, report } = checking
  for (let after: ImageKey | undefined; ;) {
    const keys = await metadata.read.audit.deletedImageKeys(after, batch)
    for (const key of keys) {
      const fault = await deletedFault(checking, key)
      if (fault !== undefined) await report('deleted-image', await imageNamed(checking, key), fault)
      progress.advance()
    }
    after = keys.at(-1)
    if (keys.length < batch) return
    await letOthersRun()
  }
}

async function deletedFault({ metadata }: Checking, key: ImageKey): Promise<string | undefined> {
  try {
    const image = await metadata.read.deletedImages.find(key.repositoryId, key.digest)
    if (!image) return undefined
    if (digestOf(image.manifest, algorithmOf(key.digest)) !== key.digest) return 'its manifest does not have its digest'
    const parsed = parse(image)
    return typeof parsed === 'string' ? parsed : undefined
  } catch (error) {
    // The list of its tags is JSON, and read with the row.
    if (error instanceof SyntaxError) return 'the list of its tags is not JSON'
    throw error
  }
}
