// Managed policies of an account, and what is attached to whom.

import { idPrefixes, newAwsId } from '../../lib/aws-ids.ts'
import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { ManagedPolicy } from '../ports/identities.ts'
import { ensureAccount } from './accounts.ts'
import { changeIdentities } from './change-identities.ts'
import { getIdentity, getPolicy, type IdentityName } from './find-identity.ts'
import { quotas, typeQuotas } from './identity-limits.ts'
import { checkIdentityPolicy, checkSize } from './policy-documents.ts'

export type NewPolicy = Pick<ManagedPolicy, 'accountId' | 'name' | 'path' | 'document'>

/** Fails with EntityAlreadyExists, NoSuchEntity (account), LimitExceeded, MalformedPolicyDocument. */
export async function createPolicy(ctx: Context, wanted: NewPolicy): Promise<ManagedPolicy> {
  checkDocument(ctx, wanted.document)
  return changeIdentities(ctx, async (tx) => {
    const { accountId, name } = wanted
    await ensureAccount(ctx, tx, accountId)
    const nowMs = ctx.clock.now()
    const id = newAwsId(ctx.ids, idPrefixes.managedPolicy)
    const policy = { ...wanted, id, createdAtMs: nowMs, updatedAtMs: nowMs }
    if (!(await tx.identities.createPolicy(policy))) fail('EntityAlreadyExists/policy', { name })
    const limit = quotas.PoliciesPerAccount
    if ((await tx.identities.countPolicies(accountId)) > limit) {
      fail('LimitExceeded/quota', { quota: 'PoliciesPerAccount', limit })
    }
    return policy
  })
}

/** Replaces the text; versions are not kept. Fails with NoSuchEntity, LimitExceeded, MalformedPolicyDocument. */
export async function updatePolicy(
  ctx: Context,
  accountId: string,
  arn: string,
  document: string,
): Promise<ManagedPolicy> {
  checkDocument(ctx, document)
  return changeIdentities(ctx, async (tx) => {
    const policy = await getPolicy(tx, accountId, arn)
    const updatedAtMs = ctx.clock.now()
    await tx.identities.updatePolicy(policy.id, document, updatedAtMs)
    return { ...policy, document, updatedAtMs }
  })
}

/**
 * With `force` it is detached first, but never taken away as a boundary: that would give rights. Fails with NoSuchEntity, DeleteConflict.
 */
export async function deletePolicy(ctx: Context, accountId: string, arn: string, force: boolean): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const { id } = await getPolicy(tx, accountId, arn)
    const { attachments, boundaries } = await tx.identities.usesOf(id)
    if (boundaries > 0 || (attachments > 0 && !force)) fail('DeleteConflict/attached')
    await tx.identities.removePolicy(id)
  })
}

/** Attaching what is attached is fine. Fails with NoSuchEntity, LimitExceeded. */
export async function attachPolicy(ctx: Context, named: IdentityName, arn: string): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const identity = await getIdentity(tx, named)
    const policy = await getPolicy(tx, named.accountId, arn)
    await tx.identities.attach({ identityId: identity.id, policyId: policy.id })
    const { quota, limit } = typeQuotas[named.type].attached
    if ((await tx.identities.attachmentsOf(identity.id)).length > limit) fail('LimitExceeded/quota', { quota, limit })
  })
}

/** Fails with NoSuchEntity, also when it is not attached. */
export async function detachPolicy(ctx: Context, named: IdentityName, arn: string): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const identity = await getIdentity(tx, named)
    const policy = await getPolicy(tx, named.accountId, arn)
    const attached = await tx.identities.attachmentsOf(identity.id)
    if (!attached.some(({ policyId }) => policyId === policy.id)) fail('NoSuchEntity/attachment', { policyArn: arn })
    await tx.identities.detach({ identityId: identity.id, policyId: policy.id })
  })
}

function checkDocument(ctx: Context, document: string): void {
  checkIdentityPolicy(ctx, document)
  checkSize('PolicySize', document)
}
