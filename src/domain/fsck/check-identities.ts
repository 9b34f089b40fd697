import { createCompiledPolicies } from '../authorisation/compiled-policies.ts'
import { policyKinds } from '../authorisation/policies/compile-policy.ts'
import type { EveryIdentity, IdentityRecord } from '../ports/identities.ts'
import type { Checking } from './checking.ts'

/**
 * Users, groups, roles, their policies and keys: what foreign keys can not say. They are read as of one version, so that what they say against each
 * other is certain. A row that refers to one that is not there has been reported.
 */
export async function checkIdentities({ metadata, progress, report }: Checking): Promise<void> {
  progress.begin('identities', 1)
  const all = await readAll({ metadata })
  if (typeof all === 'string') await report('identity-row', 'users, groups and roles', all)
  else for (const { subject, detail } of faultsIn(all)) await report('identity-row', subject, detail)
  progress.advance()
}

async function readAll({ metadata }: Pick<Checking, 'metadata'>): Promise<EveryIdentity | string> {
  try {
    return await metadata.read.identities.everything()
  } catch (error) {
    // Their tags are JSON, and read with the row.
    if (error instanceof SyntaxError) return `the tags of one of them are not JSON: ${error.message}`
    throw error
  }
}

interface Fault {
  readonly subject: string
  readonly detail: string
}

const compiled = createCompiledPolicies()

function faultsIn(all: EveryIdentity): readonly Fault[] {
  const identities = new Map(all.identities.map((record) => [record.id, record]))
  const policies = new Map(all.policies.map((policy) => [policy.id, policy]))
  const named = (id: string) => {
    const record = identities.get(id)
    return record ? nameOf(record) : id
  }
  return [
    ...all.identities.flatMap((record) =>
      recordFaults(
        record,
        record.boundaryId === undefined ? undefined : policies.get(record.boundaryId)?.accountId,
      ).map((detail) => ({ subject: nameOf(record), detail })),
    ),
    ...all.policies
      .filter(({ document }) => !compiled.of(document, policyKinds.identity))
      .map(({ accountId, name }) => ({ subject: `${accountId}/policy/${name}`, detail: 'it can not be understood' })),
    ...all.inlinePolicies
      .filter(({ document }) => !compiled.of(document, policyKinds.identity))
      .map(({ identityId, name }) => ({
        subject: `${named(identityId)}/${name}`,
        detail: 'the policy can not be understood',
      })),
    ...all.memberships.flatMap(({ groupId, userId }) =>
      memberFaults(identities.get(groupId), identities.get(userId)).map((detail) => ({
        subject: named(groupId),
        detail,
      })),
    ),
    ...all.attachments.flatMap(({ identityId, policyId }) => {
      const [record, policy] = [identities.get(identityId), policies.get(policyId)]
      if (!record || !policy || record.accountId === policy.accountId) return []
      return [{ subject: nameOf(record), detail: `the policy ${policy.name} attached to it is of another account` }]
    }),
    ...all.accessKeys.flatMap(({ accessKeyId, userId }) => {
      const type = identities.get(userId)?.type
      return type === undefined || type === 'user'
        ? []
        : [{ subject: `access key ${accessKeyId}`, detail: `it is of a ${type}, not of a user` }]
    }),
  ]
}

const nameOf = ({ accountId, type, name }: IdentityRecord): string => `${accountId}/${type}/${name}`

const types: ReadonlySet<string> = new Set(['user', 'group', 'role'])

function recordFaults(record: IdentityRecord, boundaryAccountId: string | undefined): readonly string[] {
  const { type, accountId, boundaryId, trustPolicy, maxSessionSeconds } = record
  const isRole = type === 'role'
  return [
    ...(types.has(type) ? [] : ['it is neither a user, a group nor a role']),
    ...(isRole && (trustPolicy === undefined || !compiled.of(trustPolicy, policyKinds.trust))
      ? ['its trust policy is missing or can not be understood: nobody can assume it']
      : []),
    ...(isRole && maxSessionSeconds === undefined ? ['it has no longest session'] : []),
    ...(!isRole && (trustPolicy !== undefined || maxSessionSeconds !== undefined)
      ? ['it has what only roles have']
      : []),
    ...(type === 'group' && boundaryId !== undefined ? ['it is a group, and has a permissions boundary'] : []),
    ...(boundaryAccountId !== undefined && boundaryAccountId !== accountId
      ? ['its permissions boundary is of another account']
      : []),
  ]
}

function memberFaults(group: IdentityRecord | undefined, user: IdentityRecord | undefined): readonly string[] {
  if (!group || !user) return []
  return [
    ...(group.type === 'group' ? [] : [`it has a member, and is a ${group.type}`]),
    ...(user.type === 'user' ? [] : [`its member ${user.name} is a ${user.type}`]),
    ...(group.accountId === user.accountId ? [] : [`its member ${user.name} is of another account`]),
  ]
}
