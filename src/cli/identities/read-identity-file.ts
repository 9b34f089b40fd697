// The file that `stowage admin apply` makes so: accounts with their policies, groups, users and roles. docs/identities.md describes it.

import { parseDocument } from 'yaml'
import { z } from 'zod'

import { CommandError } from '../command-error.ts'

const name = z.string().regex(/^[\w+=,.@-]{1,128}$/)
const text = z.string().min(1).max(2048)
const path = z.string().regex(/^\/(?:[\w+=,.@-]+\/)*$/)
/** Written out, or as the text of JSON. */
const document = z.union([z.string().min(1), z.record(z.string(), z.json())])
const tags = z.record(z.string(), z.string())

const permitted = {
  path: path.optional(),
  /** Managed policies, by their names in this account or by ARN. */
  policies: z.array(text).optional(),
  inlinePolicies: z.record(name, document).optional(),
}
/** `null` takes a boundary away; one that is not spoken of stays. */
const bounded = { ...permitted, tags: tags.optional(), boundary: text.nullable().optional() }

const policy = z.strictObject({ path: path.optional(), document })
const group = z.strictObject(permitted)
const user = z.strictObject({
  ...bounded,
  groups: z.array(name).optional(),
  /** How many it has at least. */
  accessKeys: z.int().min(0).max(2).optional(),
})
const role = z.strictObject({
  ...bounded,
  trustPolicy: document,
  maxSessionDuration: z.int().min(3_600).max(43_200).optional(),
})

const account = z.strictObject({
  name: text.optional(),
  organizationId: text.optional(),
  policies: z.record(name, policy).optional(),
  groups: z.record(name, group).optional(),
  users: z.record(name, user).optional(),
  roles: z.record(name, role).optional(),
})
const identityFile = z.strictObject({ accounts: z.record(z.string().regex(/^\d{12}$/), account) })

export type IdentityFile = z.output<typeof identityFile>
export type AccountFile = z.output<typeof account>
/** What users, groups and roles have in common. */
export type IdentityFileEntry = z.output<typeof group> & Partial<z.output<typeof user>> & Partial<z.output<typeof role>>
export type DocumentText = z.output<typeof document>

/** Throws a CommandError with every fault. */
export function readIdentityFile(file: string, content: string): IdentityFile {
  const parsed = parseDocument(content, { prettyErrors: true, uniqueKeys: true })
  // A warning is of a tag that this program does not know, whose value would be taken for text.
  const broken = [...parsed.errors, ...parsed.warnings].map(({ message }) => message.split('\n', 1)[0] ?? '')
  if (broken.length > 0) throw refusal(file, broken)
  const result = identityFile.safeParse(parsed.toJS({ maxAliasCount: 100 }))
  if (result.success) return result.data
  throw refusal(
    file,
    result.error.issues.map((issue) => `${issue.path.join('.') || 'the document'}: ${issue.message}`),
  )
}

function refusal(file: string, faults: readonly string[]): CommandError {
  return new CommandError(`nothing was sent: ${file}${faults.map((fault) => `\n  ${fault}`).join('')}`, 2)
}
