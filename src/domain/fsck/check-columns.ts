import type { DerivedColumn } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'
import type { FindingKind } from './finding.ts'
import { imageNamed, repositoryNamed } from './names.ts'

/** Reported in one run: where more is wrong than this, one more row says nothing new. */
const columnsMax = 10_000

/** Counters and marks that are kept so that requests need not reckon them. */
export async function checkColumns(checking: Checking): Promise<void> {
  const { metadata, progress, report } = checking
  progress.begin('counters', 1)
  // One statement compares a column with what it is reckoned from: no moment between the two.
  for (const column of await metadata.read.audit.wrongColumns(columnsMax)) {
    const { kind, subject, detail } = await describe(checking, column)
    await report(kind, subject, detail, () => metadata.write((tx) => tx.audit.correct(column)))
  }
  progress.advance()
}

async function describe(
  checking: Checking,
  column: DerivedColumn,
): Promise<{ readonly kind: FindingKind; readonly subject: string; readonly detail: string | undefined }> {
  switch (column.kind) {
    case 'image count': {
      const detail = `it says ${column.kept}, there are ${column.actual}`
      return { kind: 'image-count', subject: await repositoryNamed(checking, column.repositoryId), detail }
    }
    case 'tagged': {
      const detail = column.actual ? 'a tag names it' : 'no tag names it'
      return { kind: 'tagged-mark', subject: await imageNamed(checking, column), detail }
    }
    case 'referenced': {
      const detail = column.actual ? 'an image names it' : 'no image names it'
      return { kind: 'referenced-mark', subject: await imageNamed(checking, column), detail }
    }
    case 'released':
      return { kind: 'layer-unreleased', subject: column.digest, detail: undefined }
  }
}
