// `stowage admin policy`, and the policies of users, groups and roles.

import type { IdentityType } from '../../domain/ports/identities.ts'
import { attachPolicy } from '../../operations/admin/identities/attach-policy.ts'
import { createPolicy } from '../../operations/admin/identities/create-policy.ts'
import { deleteInlinePolicy } from '../../operations/admin/identities/delete-inline-policy.ts'
import { deletePolicy } from '../../operations/admin/identities/delete-policy.ts'
import { detachPolicy } from '../../operations/admin/identities/detach-policy.ts'
import { listPolicies } from '../../operations/admin/identities/list-policies.ts'
import { putInlinePolicy } from '../../operations/admin/identities/put-inline-policy.ts'
import { updatePolicy } from '../../operations/admin/identities/update-policy.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'
import { accountOf, answer, everyPage, readTextFile, textOption, toPolicyArn } from './print-answer.ts'

const ofIdentity = (admin: AdminCall, identityType: IdentityType, identityName: string, options: Options) => ({
  accountId: accountOf(admin, options),
  identityType,
  identityName,
})

export async function attach(
  admin: AdminCall,
  type: IdentityType,
  name: string,
  policy: string,
  options: Options,
): Promise<void> {
  const named = ofIdentity(admin, type, name, options)
  const policyArn = toPolicyArn(named.accountId, policy)
  await admin.call(attachPolicy, { ...named, policyArn })
  answer(options, {}, `${type} ${name} has ${policyArn}`)
}

export async function detach(
  admin: AdminCall,
  type: IdentityType,
  name: string,
  policy: string,
  options: Options,
): Promise<void> {
  const named = ofIdentity(admin, type, name, options)
  const policyArn = toPolicyArn(named.accountId, policy)
  await admin.call(detachPolicy, { ...named, policyArn })
  answer(options, {}, `${type} ${name} has ${policyArn} no longer`)
}

export async function putInline(
  admin: AdminCall,
  type: IdentityType,
  name: string,
  policyName: string,
  file: string,
  options: Options,
): Promise<void> {
  const policyDocument = readTextFile(file)
  await admin.call(putInlinePolicy, { ...ofIdentity(admin, type, name, options), policyName, policyDocument })
  answer(options, {}, `${type} ${name} has its own policy ${policyName}`)
}

export async function deleteInline(
  admin: AdminCall,
  type: IdentityType,
  name: string,
  policyName: string,
  options: Options,
): Promise<void> {
  await admin.call(deleteInlinePolicy, { ...ofIdentity(admin, type, name, options), policyName })
  answer(options, {}, `${type} ${name} has its own policy ${policyName} no longer`)
}

export async function createManaged(
  admin: AdminCall,
  policyName: string,
  file: string,
  options: Options,
): Promise<void> {
  const input = { accountId: accountOf(admin, options), policyName, path: textOption(options, 'path') }
  const { policy } = await admin.call(createPolicy, { ...input, policyDocument: readTextFile(file) })
  answer(options, policy, policy.policyArn)
}

export async function updateManaged(
  admin: AdminCall,
  nameOrArn: string,
  file: string,
  options: Options,
): Promise<void> {
  const accountId = accountOf(admin, options)
  const policyArn = toPolicyArn(accountId, nameOrArn)
  const { policy } = await admin.call(updatePolicy, { accountId, policyArn, policyDocument: readTextFile(file) })
  answer(options, policy, policy.policyArn)
}

export async function deleteManaged(admin: AdminCall, nameOrArn: string, options: Options): Promise<void> {
  const accountId = accountOf(admin, options)
  const policyArn = toPolicyArn(accountId, nameOrArn)
  await admin.call(deletePolicy, { accountId, policyArn, force: options['force'] === true })
  answer(options, {}, `${policyArn} deleted`)
}

export async function listManaged(admin: AdminCall, options: Options): Promise<void> {
  const accountId = accountOf(admin, options)
  const policies = await everyPage(
    (nextToken) => admin.call(listPolicies, { accountId, nextToken }),
    (page) => page.policies,
  )
  const arns = policies.map(({ policyArn }) => policyArn).join('\n')
  answer(options, policies, arns || `There is no managed policy in account ${accountId}.`)
}
