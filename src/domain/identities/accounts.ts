// Accounts that this server knows. One that has a root key needs no row, until it is to have users or an organization.

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { Account } from '../ports/identities.ts'
import type { MetadataWrites } from '../ports/metadata.ts'
import { changeIdentities } from './change-identities.ts'

/** Makes the account, or gives it another name and organization. */
export async function putAccount(ctx: Context, account: Omit<Account, 'createdAtMs'>): Promise<Account> {
  return changeIdentities(ctx, async (tx) => {
    const known = await tx.identities.account(account.accountId)
    const put = { ...account, createdAtMs: known?.createdAtMs ?? ctx.clock.now() }
    await tx.identities.putAccount(put)
    return put
  })
}

/** Fails with NoSuchEntity; with DeleteConflict while anything is in it. Its repositories stay, and so do its root keys. */
export async function deleteAccount(ctx: Context, accountId: string): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    if (!(await tx.identities.account(accountId))) fail('NoSuchEntity/account', { accountId })
    let left = await tx.identities.countPolicies(accountId)
    for (const type of ['user', 'group', 'role'] as const) left += await tx.identities.countOf(accountId, type)
    if (left > 0) fail('DeleteConflict/identities', { accountId })
    await tx.identities.removeAccount(accountId)
  })
}

/** Makes the row of an account that has a root key. Fails with NoSuchEntity for one that nobody made. */
export async function ensureAccount(ctx: Context, tx: MetadataWrites, accountId: string): Promise<void> {
  if (await tx.identities.account(accountId)) return
  if (!ctx.identities.knowsAccount(accountId)) fail('NoSuchEntity/account', { accountId })
  const createdAtMs = ctx.clock.now()
  await tx.identities.putAccount({ accountId, name: undefined, organizationId: undefined, createdAtMs })
}
