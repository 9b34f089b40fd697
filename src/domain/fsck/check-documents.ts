import { letOthersRun } from '../../lib/event-loop.ts'
import type { AuditTotals, AuditedDocument } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'
import { repositoryNamed } from './names.ts'

const batch = 500
const kinds = ['policy', 'catalog data', 'exclusion filters'] as const

/** Texts that were JSON when they were stored. */
export async function checkDocuments(checking: Checking, { repositories }: AuditTotals): Promise<void> {
  checking.progress.begin('policies and settings', repositories * kinds.length)
  for (const kind of kinds) await checkKind(checking, kind)
}

async function checkKind(checking: Checking, kind: AuditedDocument['kind']): Promise<void> {
  const { metadata, progress, report } = checking
  for (let after: string | undefined; ;) {
    const documents = await metadata.read.audit.documents(kind, after, batch)
    for (const { repositoryId, text } of documents)
      if (!isJson(text)) await report('document-unreadable', await repositoryNamed(checking, repositoryId), kind)
    progress.advance(documents.length)
    after = documents.at(-1)?.repositoryId
    if (documents.length < batch) return
    await letOthersRun()
  }
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
