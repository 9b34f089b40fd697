// Accounts, users, groups, roles and what hangs on them. Each change counts the version up in its own transaction.

import type { Kysely } from 'kysely'
import type { IdentityReads, IdentityWrites } from '../../domain/ports/identities.ts'
import { everyIdentity, findVersion } from './every-identity.ts'
import * as rows from './identity-rows.ts'
import * as statements from './identity-statements.ts'
import type { Tables } from './tables.ts'

export function identityReads(db: Kysely<Tables>): IdentityReads {
  return {
    version: () => findVersion(db),
    everything: () => everyIdentity(db),
    account: async (accountId) => {
      const [row] = (await statements.findAccount(db, { accountId })).rows
      return row && rows.toAccount(row)
    },
    find: async (accountId, type, name) => {
      const [row] = (await statements.findIdentity(db, { accountId, type, nameKey: name.toLowerCase() })).rows
      return row && rows.toIdentity(row)
    },
    countOf: async (accountId, type) => Number((await statements.countIdentities(db, { accountId, type })).rows[0]?.n),
    policy: async (accountId, name) => {
      const [row] = (await statements.findPolicy(db, { accountId, nameKey: name.toLowerCase() })).rows
      return row && rows.toPolicy(row)
    },
    countPolicies: async (accountId) => Number((await statements.countPolicies(db, { accountId })).rows[0]?.n),
    attachmentsOf: async (identityId) =>
      (await statements.findAttachments(db, { identityId })).rows.map(rows.toAttachment),
    usesOf: async (policyId) => {
      const attachments = Number((await statements.countAttachments(db, { policyId })).rows[0]?.n)
      return { attachments, boundaries: Number((await statements.countBoundaries(db, { policyId })).rows[0]?.n) }
    },
    inlinePoliciesOf: async (identityId) =>
      (await statements.findInlinePolicies(db, { identityId })).rows.map(rows.toInlinePolicy),
    membershipsOf: async (id) => {
      const { rows: ofGroup } = await statements.findMembers(db, { id })
      return [...ofGroup, ...(await statements.findGroups(db, { id })).rows].map(rows.toMembership)
    },
    accessKeysOf: async (userId) => (await statements.findAccessKeys(db, { userId })).rows.map(rows.toAccessKey),
    accessKey: async (accessKeyId) => {
      const [row] = (await statements.findAccessKey(db, { accessKeyId })).rows
      return row && rows.toAccessKey(row)
    },
  }
}

export function identityWrites(db: Kysely<Tables>): IdentityWrites {
  /** Runs a change and counts it. */
  const counted = async (change: Promise<unknown>): Promise<void> => {
    await change
    await statements.countVersion(db, {})
  }
  return {
    ...identityReads(db),
    putAccount: (account) => counted(statements.putAccount(db, rows.toAccountRow(account))),
    removeAccount: (accountId) => counted(statements.removeAccount(db, { accountId })),
    create: async (identity) => {
      const { rows: made } = await statements.insertIdentity(db, rows.toIdentityRow(identity))
      if (made.length > 0) await statements.countVersion(db, {})
      return made.length > 0
    },
    update: async (id, change) => {
      const { boundaryId, tags, revokedBeforeMs, trustPolicy, maxSessionSeconds } = change
      if ('boundaryId' in change) await statements.setBoundary(db, { id, to: boundaryId ?? null })
      if (tags) await statements.setTags(db, { id, to: JSON.stringify(tags) })
      if ('revokedBeforeMs' in change) await statements.setRevokedBefore(db, { id, to: revokedBeforeMs ?? null })
      if (trustPolicy !== undefined) await statements.setTrustPolicy(db, { id, to: trustPolicy })
      if (maxSessionSeconds !== undefined) await statements.setMaxSession(db, { id, to: maxSessionSeconds })
      await statements.countVersion(db, {})
    },
    remove: async (id) => {
      await statements.removeMembershipsOf(db, { id })
      await statements.removeAttachmentsOf(db, { id })
      await statements.removeInlinePoliciesOf(db, { id })
      await statements.removeAccessKeysOf(db, { id })
      await counted(statements.removeIdentity(db, { id }))
    },
    createPolicy: async (policy) => {
      const { rows: made } = await statements.insertPolicy(db, rows.toPolicyRow(policy))
      if (made.length > 0) await statements.countVersion(db, {})
      return made.length > 0
    },
    updatePolicy: (id, document, updatedAtMs) => counted(statements.updatePolicy(db, { id, document, updatedAtMs })),
    removePolicy: async (policyId) => {
      await statements.removeAttachmentsTo(db, { policyId })
      await counted(statements.removePolicy(db, { policyId }))
    },
    attach: ({ identityId, policyId }) =>
      counted(statements.attach(db, { identity_id: identityId, policy_id: policyId })),
    detach: (attachment) => counted(statements.detach(db, { ...attachment })),
    putInlinePolicy: ({ identityId, name, document }) =>
      counted(statements.putInlinePolicy(db, { identity_id: identityId, name, document })),
    removeInlinePolicy: (identityId, name) => counted(statements.removeInlinePolicy(db, { identityId, name })),
    addMember: ({ groupId, userId }) => counted(statements.addMember(db, { group_id: groupId, user_id: userId })),
    removeMember: (membership) => counted(statements.removeMember(db, { ...membership })),
    createAccessKey: (key) => counted(statements.insertAccessKey(db, rows.toAccessKeyRow(key))),
    setAccessKeyActive: (accessKeyId, active) =>
      counted(statements.setActive(db, { accessKeyId, active: active ? 1 : 0 })),
    removeAccessKey: (accessKeyId) => counted(statements.removeAccessKey(db, { accessKeyId })),
    noteAccessKeyUse: async (accessKeyId, atMs) => {
      await statements.noteUse(db, { accessKeyId, atMs })
    },
  }
}
