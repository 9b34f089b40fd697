import { letOthersRun } from '../../lib/event-loop.ts'
import { compilePolicy, policyKinds } from '../authorisation/policies/compile-policy.ts'
import type { AuditTotals, AuditedDocument, AuditedRegistryPolicy } from '../ports/store-audit.ts'
import type { Checking } from './checking.ts'
import { repositoryNamed } from './names.ts'

const batch = 500
const kinds = ['policy', 'catalog data', 'exclusion filters'] as const

/** Texts that could be understood when they were stored. */
export async function checkDocuments(checking: Checking, { repositories }: AuditTotals): Promise<void> {
  checking.progress.begin('policies and settings', repositories * kinds.length)
  for (const kind of kinds) await checkKind(checking, kind)
  await checkRegistryPolicies(checking)
}

async function checkRegistryPolicies({ metadata, report }: Checking): Promise<void> {
  for (let after: AuditedRegistryPolicy | undefined; ;) {
    const policies = await metadata.read.audit.registryPolicies(after, batch)
    for (const { accountId, region, text } of policies)
      if (!compilePolicy(text, policyKinds.registry))
        await report('document-unreadable', `registry ${accountId}/${region}`, 'policy')
    after = policies.at(-1)
    if (policies.length < batch) return
  }
}

async function checkKind(checking: Checking, kind: AuditedDocument['kind']): Promise<void> {
  const { metadata, progress, report } = checking
  for (let after: string | undefined; ;) {
    const documents = await metadata.read.audit.documents(kind, after, batch)
    for (const { repositoryId, text } of documents)
      if (!(kind === 'policy' ? isPolicy(text) : isJson(text)))
        await report('document-unreadable', await repositoryNamed(checking, repositoryId), kind)
    progress.advance(documents.length)
    after = documents.at(-1)?.repositoryId
    if (documents.length < batch) return
    await letOthersRun()
  }
}

const isPolicy = (text: string): boolean =>
  (compilePolicy(text, policyKinds.repository) ?? compilePolicy(text, policyKinds.publicRepository)) !== undefined

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
