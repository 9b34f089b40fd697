// `stowage admin key`: access keys of users. A secret is shown once, when its key is made.

import type { Infer } from '../../model/schema.ts'
import type { accessKeyMetadata } from '../../model/shapes/identities.ts'
import { createAccessKey } from '../../operations/admin/identities/create-access-key.ts'
import { deleteAccessKey } from '../../operations/admin/identities/delete-access-key.ts'
import { listIdentities } from '../../operations/admin/identities/list-identities.ts'
import { updateAccessKey } from '../../operations/admin/identities/update-access-key.ts'
import { CommandError } from '../command-error.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'
import { accountOf, answer, everyPage } from './print-answer.ts'

type Key = Infer<typeof accessKeyMetadata>

export async function createKey(admin: AdminCall, userName: string, options: Options): Promise<void> {
  const made = await admin.call(createAccessKey, { accountId: accountOf(admin, options), userName })
  const { accessKey, secretAccessKey } = made
  const lines = [`AWS_ACCESS_KEY_ID=${accessKey.accessKeyId}`, `AWS_SECRET_ACCESS_KEY=${secretAccessKey}`]
  answer(options, { ...accessKey, secretAccessKey }, lines.join('\n'))
}

export async function listKeys(admin: AdminCall, userName: string, options: Options): Promise<void> {
  const input = { accountId: accountOf(admin, options), identityType: 'user' } as const
  const users = await everyPage(
    (nextToken) => admin.call(listIdentities, { ...input, nextToken }),
    (page) => page.identities,
  )
  const user = users.find(({ identityName }) => identityName.toLowerCase() === userName.toLowerCase())
  if (!user) throw new CommandError(`NoSuchEntity: The user with name ${userName} cannot be found.`)
  const keys = user.accessKeys ?? []
  answer(options, keys, keys.map(line).join('\n') || `User ${userName} has no access key.`)
}

function line({ accessKeyId, status, lastUsedDate }: Key): string {
  const used = lastUsedDate === undefined ? 'never used' : `last used ${new Date(lastUsedDate).toISOString()}`
  return `${accessKeyId}  ${status.padEnd(8)}  ${used}`
}

const update = (status: Key['status']) => async (admin: AdminCall, accessKeyId: string, options: Options) => {
  const { accessKey } = await admin.call(updateAccessKey, { accessKeyId, status })
  answer(options, accessKey, line(accessKey))
}

export const keyVerbs = {
  activate: update('Active'),
  deactivate: update('Inactive'),
  delete: async (admin: AdminCall, accessKeyId: string, options: Options) => {
    const { accessKey } = await admin.call(deleteAccessKey, { accessKeyId })
    answer(options, accessKey, `${accessKeyId} deleted`)
  },
} as const
