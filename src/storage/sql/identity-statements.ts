// The statements about identities, each compiled once.

import { statement } from './statement.ts'
import type {
  AccessKeyRow,
  AccountRow,
  GroupMemberRow,
  IamIdentityRow,
  InlinePolicyRow,
  ManagedPolicyRow,
  PolicyAttachmentRow,
} from './tables.ts'

/** A row as the arguments of a statement. */
type Values<R> = { readonly [C in keyof R]: R[C] }
type ById = { readonly id: string }
type OfIdentity = { readonly identityId: string }
type OfPolicy = { readonly policyId: string }
type OfKey = { readonly accessKeyId: string }
type InAccount = { readonly accountId: string }

export const countVersion = statement((db, _is: Record<string, never>) =>
  db
    .updateTable('identity_version')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', 1),
)

export const findAccount = statement((db, is: InAccount) =>
  db.selectFrom('account').selectAll().where('account_id', '=', is.accountId),
)

export const putAccount = statement((db, row: Values<AccountRow>) =>
  db
    .insertInto('account')
    .values(row)
    .onConflict((on) => on.column('account_id').doUpdateSet({ name: row.name, organization_id: row.organization_id })),
)

export const removeAccount = statement((db, is: InAccount) =>
  db.deleteFrom('account').where('account_id', '=', is.accountId),
)

export const findIdentity = statement((db, is: InAccount & { readonly type: string; readonly nameKey: string }) =>
  db
    .selectFrom('iam_identity')
    .selectAll()
    .where('account_id', '=', is.accountId)
    .where('type', '=', is.type)
    .where('name_key', '=', is.nameKey),
)

export const countIdentities = statement((db, is: InAccount & { readonly type: string }) =>
  db
    .selectFrom('iam_identity')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('account_id', '=', is.accountId)
    .where('type', '=', is.type),
)

export const insertIdentity = statement((db, row: Values<IamIdentityRow>) =>
  db
    .insertInto('iam_identity')
    .values(row)
    .onConflict((on) => on.columns(['account_id', 'type', 'name_key']).doNothing())
    .returning('id'),
)

export const setBoundary = statement((db, is: ById & { readonly to: string | null }) =>
  db.updateTable('iam_identity').set({ boundary_id: is.to }).where('id', '=', is.id),
)

export const setTags = statement((db, is: ById & { readonly to: string }) =>
  db.updateTable('iam_identity').set({ tags: is.to }).where('id', '=', is.id),
)

export const setRevokedBefore = statement((db, is: ById & { readonly to: number | null }) =>
  db.updateTable('iam_identity').set({ revoked_before_ms: is.to }).where('id', '=', is.id),
)

export const setTrustPolicy = statement((db, is: ById & { readonly to: string }) =>
  db.updateTable('iam_identity').set({ trust_policy: is.to }).where('id', '=', is.id),
)

export const setMaxSession = statement((db, is: ById & { readonly to: number }) =>
  db.updateTable('iam_identity').set({ max_session_seconds: is.to }).where('id', '=', is.id),
)

export const removeIdentity = statement((db, is: ById) => db.deleteFrom('iam_identity').where('id', '=', is.id))

export const findPolicy = statement((db, is: InAccount & { readonly nameKey: string }) =>
  db.selectFrom('managed_policy').selectAll().where('account_id', '=', is.accountId).where('name_key', '=', is.nameKey),
)

export const countPolicies = statement((db, is: InAccount) =>
  db
    .selectFrom('managed_policy')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('account_id', '=', is.accountId),
)

export const insertPolicy = statement((db, row: Values<ManagedPolicyRow>) =>
  db
    .insertInto('managed_policy')
    .values(row)
    .onConflict((on) => on.columns(['account_id', 'name_key']).doNothing())
    .returning('id'),
)

export const updatePolicy = statement((db, is: ById & { readonly document: string; readonly updatedAtMs: number }) =>
  db
    .updateTable('managed_policy')
    .set({ document: is.document, updated_at_ms: is.updatedAtMs })
    .where('id', '=', is.id),
)

export const removePolicy = statement((db, is: OfPolicy) =>
  db.deleteFrom('managed_policy').where('id', '=', is.policyId),
)

export const findAttachments = statement((db, is: OfIdentity) =>
  db.selectFrom('policy_attachment').selectAll().where('identity_id', '=', is.identityId).orderBy('policy_id'),
)

export const countAttachments = statement((db, is: OfPolicy) =>
  db
    .selectFrom('policy_attachment')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('policy_id', '=', is.policyId),
)

export const countBoundaries = statement((db, is: OfPolicy) =>
  db
    .selectFrom('iam_identity')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('boundary_id', '=', is.policyId),
)

export const attach = statement((db, row: Values<PolicyAttachmentRow>) =>
  db
    .insertInto('policy_attachment')
    .values(row)
    .onConflict((on) => on.columns(['identity_id', 'policy_id']).doNothing()),
)

export const detach = statement((db, is: OfIdentity & OfPolicy) =>
  db.deleteFrom('policy_attachment').where('identity_id', '=', is.identityId).where('policy_id', '=', is.policyId),
)

export const removeAttachmentsOf = statement((db, is: ById) =>
  db.deleteFrom('policy_attachment').where('identity_id', '=', is.id),
)

export const removeAttachmentsTo = statement((db, is: OfPolicy) =>
  db.deleteFrom('policy_attachment').where('policy_id', '=', is.policyId),
)

export const findInlinePolicies = statement((db, is: OfIdentity) =>
  db.selectFrom('inline_policy').selectAll().where('identity_id', '=', is.identityId).orderBy('name'),
)

export const putInlinePolicy = statement((db, row: Values<InlinePolicyRow>) =>
  db
    .insertInto('inline_policy')
    .values(row)
    .onConflict((on) => on.columns(['identity_id', 'name']).doUpdateSet({ document: row.document })),
)

export const removeInlinePolicy = statement((db, is: OfIdentity & { readonly name: string }) =>
  db.deleteFrom('inline_policy').where('identity_id', '=', is.identityId).where('name', '=', is.name),
)

export const removeInlinePoliciesOf = statement((db, is: ById) =>
  db.deleteFrom('inline_policy').where('identity_id', '=', is.id),
)

export const findMembers = statement((db, is: ById) =>
  db.selectFrom('group_member').selectAll().where('group_id', '=', is.id).orderBy('user_id'),
)

export const findGroups = statement((db, is: ById) =>
  db.selectFrom('group_member').selectAll().where('user_id', '=', is.id).orderBy('group_id'),
)

export const addMember = statement((db, row: Values<GroupMemberRow>) =>
  db
    .insertInto('group_member')
    .values(row)
    .onConflict((on) => on.columns(['group_id', 'user_id']).doNothing()),
)

export const removeMember = statement((db, is: { readonly groupId: string; readonly userId: string }) =>
  db.deleteFrom('group_member').where('group_id', '=', is.groupId).where('user_id', '=', is.userId),
)

export const removeMembershipsOf = statement((db, is: ById) =>
  db.deleteFrom('group_member').where((eb) => eb.or([eb('group_id', '=', is.id), eb('user_id', '=', is.id)])),
)

export const findAccessKeys = statement((db, is: { readonly userId: string }) =>
  db
    .selectFrom('access_key')
    .selectAll()
    .where('user_id', '=', is.userId)
    .orderBy('created_at_ms')
    .orderBy('access_key_id'),
)

export const findAccessKey = statement((db, is: OfKey) =>
  db.selectFrom('access_key').selectAll().where('access_key_id', '=', is.accessKeyId),
)

export const insertAccessKey = statement((db, row: Values<AccessKeyRow>) => db.insertInto('access_key').values(row))

export const setActive = statement((db, is: OfKey & { readonly active: number }) =>
  db.updateTable('access_key').set({ active: is.active }).where('access_key_id', '=', is.accessKeyId),
)

export const noteUse = statement((db, is: OfKey & { readonly atMs: number }) =>
  db.updateTable('access_key').set({ last_used_at_ms: is.atMs }).where('access_key_id', '=', is.accessKeyId),
)

export const removeAccessKey = statement((db, is: OfKey) =>
  db.deleteFrom('access_key').where('access_key_id', '=', is.accessKeyId),
)

export const removeAccessKeysOf = statement((db, is: ById) => db.deleteFrom('access_key').where('user_id', '=', is.id))
