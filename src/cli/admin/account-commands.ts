// `stowage admin account`.

import type { Infer } from '../../model/schema.ts'
import type { account as accountShape } from '../../model/shapes/identities.ts'
import { deleteAccount as remove } from '../../operations/admin/identities/delete-account.ts'
import { listAccounts as list } from '../../operations/admin/identities/list-accounts.ts'
import { putAccount as put } from '../../operations/admin/identities/put-account.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'
import { answer, everyPage, say, textOption } from './print-answer.ts'

const line = ({ accountId, accountName, organizationId }: Infer<typeof accountShape>): string =>
  [accountId, accountName === undefined ? '' : JSON.stringify(accountName), organizationId ?? '']
    .filter((word) => word !== '')
    .join('  ')

export async function putAccount({ call }: AdminCall, accountId: string, options: Options): Promise<void> {
  const accountName = textOption(options, 'name')
  const { account } = await call(put, { accountId, accountName, organizationId: textOption(options, 'organization') })
  answer(options, account, line(account))
}

export async function deleteAccount({ call }: AdminCall, accountId: string): Promise<void> {
  await call(remove, { accountId })
  say(`account ${accountId} deleted`)
}

export async function listAccounts(admin: AdminCall, options: Options): Promise<void> {
  const accounts = await everyPage(
    (nextToken) => admin.call(list, { nextToken }),
    (page) => page.accounts,
  )
  answer(options, accounts, accounts.map(line).join('\n') || 'No account was made: the server has its own one.')
}
