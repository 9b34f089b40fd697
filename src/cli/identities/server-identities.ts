// What the server has of the accounts of a file.

import type { Infer } from '../../model/schema.ts'
import type { account as accountShape, identity, managedPolicy } from '../../model/shapes/identities.ts'
import { listAccounts } from '../../operations/admin/identities/list-accounts.ts'
import { listIdentities } from '../../operations/admin/identities/list-identities.ts'
import { listPolicies } from '../../operations/admin/identities/list-policies.ts'
import type { AdminCall } from '../admin/admin-call.ts'
import { everyPage } from '../admin/print-answer.ts'

export type ServerIdentity = Infer<typeof identity>

export interface ServerAccount {
  readonly accountId: string
  /** `undefined` while it was not made. */
  readonly account: Infer<typeof accountShape> | undefined
  readonly policies: readonly Infer<typeof managedPolicy>[]
  readonly identities: readonly ServerIdentity[]
}

export async function readServerAccount(admin: AdminCall, accountId: string): Promise<ServerAccount> {
  const accounts = await everyPage(
    (nextToken) => admin.call(listAccounts, { nextToken }),
    (page) => page.accounts,
  )
  const identities: ServerIdentity[] = []
  for (const identityType of ['user', 'group', 'role'] as const) {
    identities.push(
      ...(await everyPage(
        (nextToken) => admin.call(listIdentities, { accountId, identityType, nextToken }),
        (page) => page.identities,
      )),
    )
  }
  return {
    accountId,
    account: accounts.find((account) => account.accountId === accountId),
    policies: await everyPage(
      (nextToken) => admin.call(listPolicies, { accountId, nextToken }),
      (page) => page.policies,
    ),
    identities,
  }
}
