// fsck: compares everything that is kept with everything else, beside a running server or without one. It reads; a repair marks layers bad,
// moves files to the trash and reckons counters again, and never deletes anything.
//
// Beside a server rows and files change between two looks at them. So what looks wrong is looked at again in an order that proves it: a
// file first and its row afterwards, since a row never names a file that is not there yet, and gives a file up before it is unlinked;
// rows that contradict each other inside a write transaction, where nobody else changes them.

import type { AuditTotals } from '../ports/store-audit.ts'
import { checkColumns } from './check-columns.ts'
import { checkDocuments } from './check-documents.ts'
import { checkFiles } from './check-files.ts'
import { checkGallery } from './check-gallery.ts'
import { checkIdentities } from './check-identities.ts'
import { checkImages } from './check-images.ts'
import { checkLayers } from './check-layers.ts'
import { checkLogos } from './check-logos.ts'
import { checkOutbox } from './check-outbox.ts'
import { checkRows } from './check-rows.ts'
import type { Checking, FsckProgress, FsckServices } from './checking.ts'
import { findingKinds, type Finding } from './finding.ts'

export interface FsckOptions {
  /** Read every byte of every layer and logo, and compare digests. */
  readonly deep: boolean
  readonly repair: boolean
  /** Told about each finding when it is certain, and repaired if wanted. */
  readonly onFinding: (finding: Finding) => void
  readonly progress: FsckProgress
}

export interface FsckReport {
  readonly checked: AuditTotals & { readonly files: number }
  readonly findings: number
  readonly repaired: number
  /** False when the database was too damaged to go on. */
  readonly complete: boolean
}

export async function fsck(services: FsckServices, options: FsckOptions): Promise<FsckReport> {
  let findings = 0
  let repaired = 0
  const report: Checking['report'] = async (kind, subject, detail, repair) => {
    const isRepaired = options.repair && repair !== undefined && findingKinds[kind].repair !== undefined
    if (isRepaired) await repair()
    findings++
    if (isRepaired) repaired++
    options.onFinding({ kind, subject, detail, repaired: isRepaired })
  }
  const checking: Checking = { ...services, deep: options.deep, progress: options.progress, report }
  const isSound = await checkRows(checking)
  const nothing = { repositories: 0, images: 0, layers: 0, layerBytes: 0, deletedImages: 0, files: 0 }
  if (!isSound) return { checked: nothing, findings, repaired, complete: false }
  const totals = await services.metadata.read.audit.totals()
  await checkColumns(checking)
  await checkDocuments(checking, totals)
  await checkImages(checking, totals)
  await checkLayers(checking, totals)
  const files = await checkFiles(checking, totals)
  await checkLogos(checking)
  await checkGallery(checking, totals)
  await checkIdentities(checking)
  await checkOutbox(checking)
  return { checked: { ...totals, files }, findings, repaired, complete: true }
}
