import { createHash } from 'node:crypto'
import { algorithmOf, hexOf } from '../../lib/digest.ts'
import type { AuditTotals, AuditedBlob } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'
import type { FindingKind } from './finding.ts'

const batch = 500
/** Names in two tables are a defect, not damage: there are none, or something is very wrong. */
const sharedMax = 10_000

/** Layers: each has its file, with the right size, and deep with the right bytes; and nobody else has a claim to it. */
export async function checkLayers(checking: Checking, totals: AuditTotals): Promise<void> {
  const { metadata, progress, deep, report } = checking
  progress.begin(deep ? 'bytes of layers' : 'layers', deep ? totals.layerBytes : totals.layers)
  for (const { phys, with: other } of await metadata.read.audit.sharedNames(sharedMax)) {
    if (other === 'trash')
      await report('layer-in-trash', `blobs/${phys}`, undefined, () => metadata.write((tx) => tx.trash.remove([phys])))
    else await report('layer-of-upload', `blobs/${phys}`)
  }
  for (let after: string | undefined; ;) {
    const blobs = await metadata.read.audit.blobs(after, batch)
    for (const blob of blobs) {
      await checkLayer(checking, blob)
      progress.advance(deep ? blob.size : 1)
    }
    after = blobs.at(-1)?.phys
    if (blobs.length < batch) return
  }
}

async function checkLayer(checking: Checking, blob: AuditedBlob): Promise<void> {
  const { metadata, report } = checking
  const fault = blob.bad ? { kind: 'layer-marked' as const, detail: undefined } : await faultOf(checking, blob)
  if (!fault) return
  // Its row after its file: a layer that was collected meanwhile, or pushed again under another name, is not missed.
  const now = await metadata.read.audit.blob(blob.phys)
  if (!now || now.bad !== blob.bad) return
  const detail = fault.detail === undefined ? `blobs/${blob.phys}` : `blobs/${blob.phys}: ${fault.detail}`
  await report(fault.kind, blob.digest, detail, () => metadata.write((tx) => tx.layers.markBad(blob.phys)))
}

interface Fault {
  readonly kind: FindingKind
  readonly detail: string | undefined
}

async function faultOf({ blobs, deep }: Checking, blob: AuditedBlob): Promise<Fault | undefined> {
  const found = await blobs.look(blob.phys)
  if (!found) return { kind: 'layer-missing', detail: undefined }
  if (found.kind !== 'file') return { kind: 'layer-not-a-file', detail: undefined }
  if (found.size !== blob.size) return { kind: 'layer-size', detail: `${found.size} bytes instead of ${blob.size}` }
  if (!deep) return undefined
  const hash = createHash(algorithmOf(blob.digest))
  try {
    const pieces = await blobs.read(blob.phys, blob.size)
    if (!pieces) return { kind: 'layer-missing', detail: undefined }
    for await (const piece of pieces) hash.update(piece)
  } catch (error) {
    return { kind: 'layer-unreadable', detail: error instanceof Error ? error.message : String(error) }
  }
  return hash.digest('hex') === hexOf(blob.digest) ? undefined : { kind: 'layer-content', detail: undefined }
}
