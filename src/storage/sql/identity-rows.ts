// Identities as rows and back.

import type {
  AccessKeyRecord,
  Account,
  IdentityRecord,
  InlinePolicy,
  ManagedPolicy,
  Membership,
  PolicyAttachment,
} from '../../domain/ports/identities.ts'
import type {
  AccessKeyRow,
  AccountRow,
  GroupMemberRow,
  IamIdentityRow,
  InlinePolicyRow,
  ManagedPolicyRow,
  PolicyAttachmentRow,
} from './tables.ts'

export const toAccount = (row: AccountRow): Account => ({
  accountId: row.account_id,
  name: row.name ?? undefined,
  organizationId: row.organization_id ?? undefined,
  createdAtMs: row.created_at_ms,
})

export const toAccountRow = (account: Account): AccountRow => ({
  account_id: account.accountId,
  name: account.name ?? null,
  organization_id: account.organizationId ?? null,
  created_at_ms: account.createdAtMs,
})

export const toIdentity = (row: IamIdentityRow): IdentityRecord => ({
  id: row.id,
  accountId: row.account_id,
  type: row.type as IdentityRecord['type'], // Only `toIdentityRow` writes the column.
  name: row.name,
  path: row.path,
  createdAtMs: row.created_at_ms,
  boundaryId: row.boundary_id ?? undefined,
  tags: JSON.parse(row.tags) as IdentityRecord['tags'], // Only `toIdentityRow` and `update` write it.
  revokedBeforeMs: row.revoked_before_ms ?? undefined,
  trustPolicy: row.trust_policy ?? undefined,
  maxSessionSeconds: row.max_session_seconds ?? undefined,
})

export const toIdentityRow = (identity: IdentityRecord): IamIdentityRow => ({
  id: identity.id,
  account_id: identity.accountId,
  type: identity.type,
  name: identity.name,
  name_key: identity.name.toLowerCase(),
  path: identity.path,
  created_at_ms: identity.createdAtMs,
  boundary_id: identity.boundaryId ?? null,
  tags: JSON.stringify(identity.tags),
  revoked_before_ms: identity.revokedBeforeMs ?? null,
  trust_policy: identity.trustPolicy ?? null,
  max_session_seconds: identity.maxSessionSeconds ?? null,
})

export const toPolicy = (row: ManagedPolicyRow): ManagedPolicy => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  path: row.path,
  document: row.document,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
})

export const toPolicyRow = (policy: ManagedPolicy): ManagedPolicyRow => ({
  id: policy.id,
  account_id: policy.accountId,
  name: policy.name,
  name_key: policy.name.toLowerCase(),
  path: policy.path,
  document: policy.document,
  created_at_ms: policy.createdAtMs,
  updated_at_ms: policy.updatedAtMs,
})

export const toAttachment = (row: PolicyAttachmentRow): PolicyAttachment => ({
  identityId: row.identity_id,
  policyId: row.policy_id,
})

export const toInlinePolicy = (row: InlinePolicyRow): InlinePolicy => ({
  identityId: row.identity_id,
  name: row.name,
  document: row.document,
})

export const toMembership = (row: GroupMemberRow): Membership => ({ groupId: row.group_id, userId: row.user_id })

export const toAccessKey = (row: AccessKeyRow): AccessKeyRecord => ({
  accessKeyId: row.access_key_id,
  userId: row.user_id,
  sealedSecret: row.sealed_secret,
  active: row.active === 1,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms ?? undefined,
})

export const toAccessKeyRow = (key: AccessKeyRecord): AccessKeyRow => ({
  access_key_id: key.accessKeyId,
  user_id: key.userId,
  sealed_secret: key.sealedSecret,
  active: key.active ? 1 : 0,
  created_at_ms: key.createdAtMs,
  last_used_at_ms: key.lastUsedAtMs ?? null,
})
