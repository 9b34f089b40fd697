// Users, groups and roles: made, changed and deleted as IAM does.

import { idPrefixes, newAwsId } from '../../lib/aws-ids.ts'
import { fail } from '../../model/errors.ts'
import { checkResourceTagKey, checkResourceTags } from '../check-resource-tags.ts'
import type { Context } from '../context.ts'
import type { IdentityRecord } from '../ports/identities.ts'
import type { MetadataWrites, ResourceTag } from '../ports/metadata.ts'
import { ensureAccount } from './accounts.ts'
import { changeIdentities } from './change-identities.ts'
import { getIdentity, getPolicy, type IdentityName } from './find-identity.ts'
import { tagsMax, typeQuotas } from './identity-limits.ts'
import { bindTrustPolicy } from './policy-documents.ts'

export interface NewIdentity extends IdentityName {
  readonly path: string
  readonly tags?: readonly ResourceTag[] | undefined
  /** The ARN of a managed policy of the account. */
  readonly permissionsBoundary?: string | undefined
  /** Of a role, and only of one. */
  readonly role?: { readonly trustPolicy: string; readonly maxSessionSeconds: number }
}

/** Fails with EntityAlreadyExists, NoSuchEntity (account, boundary), LimitExceeded, MalformedPolicyDocument, InvalidTagParameter, TooManyTags. */
export async function createIdentity(ctx: Context, wanted: NewIdentity): Promise<IdentityRecord> {
  const { accountId, type, name, path, tags = [], permissionsBoundary: boundary, role } = wanted
  checkTags(tags)
  const trustPolicy = role && bindTrustPolicy(ctx, role.trustPolicy)
  return changeIdentities(ctx, async (tx) => {
    await ensureAccount(ctx, tx, accountId)
    const { quota, limit } = typeQuotas[type].perAccount
    const identity: IdentityRecord = {
      id: newAwsId(ctx.ids, idPrefixes[type]),
      accountId,
      type,
      name,
      path,
      createdAtMs: ctx.clock.now(),
      boundaryId: boundary === undefined ? undefined : (await getPolicy(tx, accountId, boundary)).id,
      tags,
      revokedBeforeMs: undefined,
      trustPolicy,
      maxSessionSeconds: role?.maxSessionSeconds,
    }
    if (!(await tx.identities.create(identity))) fail('EntityAlreadyExists/identity', { type, name })
    if ((await tx.identities.countOf(accountId, type)) > limit) fail('LimitExceeded/quota', { quota, limit })
    return identity
  })
}

/**
 * Without `force` what hangs on it has to be taken away first. Fails with NoSuchEntity, DeleteConflict. Keys, passwords and sessions of it
 * stop working at once.
 */
export async function deleteIdentity(ctx: Context, named: IdentityName, force: boolean): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const { id, type } = await getIdentity(tx, named)
    if (!force) await refuseLoaded(tx, id, type)
    await tx.identities.remove(id)
  })
}

async function refuseLoaded(tx: MetadataWrites, id: string, type: IdentityRecord['type']): Promise<void> {
  const { identities } = tx
  if ((await identities.accessKeysOf(id)).length > 0) fail('DeleteConflict/keys')
  if ((await identities.membershipsOf(id)).length > 0) {
    fail(type === 'group' ? 'DeleteConflict/members' : 'DeleteConflict/groups')
  }
  if ((await identities.attachmentsOf(id)).length > 0) fail('DeleteConflict/managed')
  if ((await identities.inlinePoliciesOf(id)).length > 0) fail('DeleteConflict/inline')
}

/** Sets what is given. Fails with NoSuchEntity, MalformedPolicyDocument, LimitExceeded. */
export async function updateRole(
  ctx: Context,
  named: IdentityName,
  change: { readonly trustPolicy?: string | undefined; readonly maxSessionSeconds?: number | undefined },
): Promise<IdentityRecord> {
  const trustPolicy = change.trustPolicy === undefined ? undefined : bindTrustPolicy(ctx, change.trustPolicy)
  return update(ctx, named, ({ trustPolicy: old, maxSessionSeconds: oldMax }) => ({
    trustPolicy: trustPolicy ?? old,
    maxSessionSeconds: change.maxSessionSeconds ?? oldMax,
  }))
}

/** Sets or, without an ARN, takes away the boundary of a user or role. Fails with NoSuchEntity. */
export async function putBoundary(
  ctx: Context,
  named: IdentityName,
  policyArn: string | undefined,
): Promise<IdentityRecord> {
  return update(ctx, named, async (_identity, tx) => ({
    boundaryId: policyArn === undefined ? undefined : (await getPolicy(tx, named.accountId, policyArn)).id,
  }))
}

/** Adds tags or overwrites those of the same key. Fails with NoSuchEntity, InvalidTagParameter, TooManyTags. */
export async function tagIdentity(
  ctx: Context,
  named: IdentityName,
  tags: readonly ResourceTag[],
): Promise<IdentityRecord> {
  checkTags(tags)
  return update(ctx, named, (identity) => {
    const all = new Map([...identity.tags, ...tags].map(({ key, value }) => [key, value]))
    if (all.size > tagsMax) fail('TooManyTagsException', { limit: tagsMax })
    return { tags: Array.from(all, ([key, value]) => ({ key, value })) }
  })
}

/** Removes tags; a key that is not there is fine. Fails with NoSuchEntity, InvalidTagParameter. */
export async function untagIdentity(
  ctx: Context,
  named: IdentityName,
  keys: readonly string[],
): Promise<IdentityRecord> {
  for (const key of keys) checkResourceTagKey(key)
  return update(ctx, named, ({ tags }) => ({ tags: tags.filter(({ key }) => !keys.includes(key)) }))
}

/** Voids the temporary credentials that were issued until now. Access keys go on working. Fails with NoSuchEntity. */
export async function revokeSessions(ctx: Context, named: IdentityName): Promise<IdentityRecord> {
  const nowMs = ctx.clock.now()
  // Those of this very millisecond too.
  return update(ctx, named, ({ revokedBeforeMs = 0 }) => ({ revokedBeforeMs: Math.max(revokedBeforeMs, nowMs + 1) }))
}

type Change = Parameters<MetadataWrites['identities']['update']>[1]

async function update(
  ctx: Context,
  named: IdentityName,
  change: (identity: IdentityRecord, tx: MetadataWrites) => Change | Promise<Change>,
): Promise<IdentityRecord> {
  return changeIdentities(ctx, async (tx) => {
    const identity = await getIdentity(tx, named)
    const changed = await change(identity, tx)
    await tx.identities.update(identity.id, changed)
    return { ...identity, ...changed }
  })
}

function checkTags(tags: readonly ResourceTag[]): void {
  checkResourceTags(tags)
  if (tags.length > tagsMax) fail('TooManyTagsException', { limit: tagsMax })
}
