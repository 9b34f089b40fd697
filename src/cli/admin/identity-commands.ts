// `stowage admin user`, `group` and `role`, but for their policies.

import type { IdentityType } from '../../domain/ports/identities.ts'
import type { Infer } from '../../model/schema.ts'
import type { identity as identityShape } from '../../model/shapes/identities.ts'
import { addUserToGroup } from '../../operations/admin/identities/add-user-to-group.ts'
import { createGroup } from '../../operations/admin/identities/create-group.ts'
import { createRole } from '../../operations/admin/identities/create-role.ts'
import { createUser } from '../../operations/admin/identities/create-user.ts'
import { deleteIdentity as remove } from '../../operations/admin/identities/delete-identity.ts'
import { deletePermissionsBoundary } from '../../operations/admin/identities/delete-permissions-boundary.ts'
import { listIdentities as list } from '../../operations/admin/identities/list-identities.ts'
import { putPermissionsBoundary } from '../../operations/admin/identities/put-permissions-boundary.ts'
import { removeUserFromGroup } from '../../operations/admin/identities/remove-user-from-group.ts'
import { revokeSessions } from '../../operations/admin/identities/revoke-sessions.ts'
import { tagIdentity } from '../../operations/admin/identities/tag-identity.ts'
import { untagIdentity } from '../../operations/admin/identities/untag-identity.ts'
import { updateRole } from '../../operations/admin/identities/update-role.ts'
import { CommandError } from '../command-error.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'
import {
  accountOf,
  answer,
  everyPage,
  listOption,
  parsePair,
  readTextFile,
  secondsOption,
  textOption,
  toPolicyArn,
} from './print-answer.ts'

type Identity = Infer<typeof identityShape>

export async function createIdentity(
  admin: AdminCall,
  type: IdentityType,
  name: string,
  options: Options,
): Promise<void> {
  const accountId = accountOf(admin, options)
  const path = textOption(options, 'path')
  const boundary = textOption(options, 'boundary')
  const permissionsBoundary = boundary === undefined ? undefined : toPolicyArn(accountId, boundary)
  const tags = listOption(options, 'tag').map(parsePair)
  const { identity } =
    type === 'user'
      ? await admin.call(createUser, { accountId, userName: name, path, permissionsBoundary, tags })
      : type === 'group'
        ? await admin.call(createGroup, { accountId, groupName: name, path })
        : await admin.call(createRole, {
            accountId,
            roleName: name,
            path,
            permissionsBoundary,
            tags,
            assumeRolePolicyDocument: readTextFile(textOption(options, 'trust') ?? ''),
            maxSessionDuration: secondsOption(options, 'maxSession'),
          })
  answer(options, identity, identity.arn)
}

export async function deleteIdentity(
  admin: AdminCall,
  identityType: IdentityType,
  identityName: string,
  options: Options,
): Promise<void> {
  const force = options['force'] === true
  await admin.call(remove, { accountId: accountOf(admin, options), identityType, identityName, force })
  answer(options, {}, `${identityType} ${identityName} deleted`)
}

export async function listIdentities(admin: AdminCall, identityType: IdentityType, options: Options): Promise<void> {
  const input = { accountId: accountOf(admin, options), identityType }
  const identities = await everyPage(
    (nextToken) => admin.call(list, { ...input, nextToken }),
    (page) => page.identities,
  )
  const none = `There is no ${identityType} in account ${input.accountId}.`
  answer(options, identities, identities.map((one) => lines(one).join('\n')).join('\n') || none)
}

function lines(identity: Identity): readonly string[] {
  const { attachedPolicies, inlinePolicies, groups, users, accessKeys = [], tags, permissionsBoundary } = identity
  const said: readonly (readonly [string, readonly string[]])[] = [
    ['groups', groups ?? []],
    ['users', users ?? []],
    ['policies', attachedPolicies],
    ['own policies', inlinePolicies.map(({ policyName }) => policyName)],
    ['boundary', permissionsBoundary === undefined ? [] : [permissionsBoundary]],
    ['tags', tags.map(({ key, value }) => `${key}=${value}`)],
    ['keys', accessKeys.map(({ accessKeyId, status }) => `${accessKeyId} ${status}`)],
  ]
  return [
    identity.arn,
    ...said
      .filter(([, words]) => words.length > 0)
      .map(([head, words]) => `  ${`${head}:`.padEnd(14)}${words.join(', ')}`),
  ]
}

export async function changeMember(
  admin: AdminCall,
  verb: 'add' | 'remove',
  groupName: string,
  userName: string,
  options: Options,
): Promise<void> {
  const input = { accountId: accountOf(admin, options), groupName, userName }
  await admin.call(verb === 'add' ? addUserToGroup : removeUserFromGroup, input)
  answer(options, {}, `${userName} ${verb === 'add' ? 'is in' : 'is not in'} group ${groupName}`)
}

export async function setBoundary(
  admin: AdminCall,
  identityType: 'user' | 'role',
  identityName: string,
  policy: string | undefined,
  options: Options,
): Promise<void> {
  const accountId = accountOf(admin, options)
  const named = { accountId, identityType, identityName }
  const { identity } =
    policy === undefined
      ? await admin.call(deletePermissionsBoundary, named)
      : await admin.call(putPermissionsBoundary, { ...named, permissionsBoundary: toPolicyArn(accountId, policy) })
  answer(options, identity, lines(identity).join('\n'))
}

export async function changeTags(
  admin: AdminCall,
  identityType: 'user' | 'role',
  identityName: string,
  options: Options,
): Promise<void> {
  const named = { accountId: accountOf(admin, options), identityType, identityName }
  const tags = listOption(options, 'set').map(parsePair)
  const tagKeys = listOption(options, 'remove')
  if (tags.length + tagKeys.length === 0) throw new CommandError('say what to change with --set or --remove', 2)
  // Old ones first: there may be only so many at any time.
  let answered = tagKeys.length > 0 ? await admin.call(untagIdentity, { ...named, tagKeys }) : undefined
  if (tags.length > 0) answered = await admin.call(tagIdentity, { ...named, tags })
  if (answered) answer(options, answered.identity, lines(answered.identity).join('\n'))
}

export async function revoke(
  admin: AdminCall,
  identityType: 'user' | 'role',
  identityName: string,
  options: Options,
): Promise<void> {
  const named = { accountId: accountOf(admin, options), identityType, identityName }
  const { identity } = await admin.call(revokeSessions, named)
  answer(options, identity, `temporary credentials of ${identityType} ${identityName} issued until now are void`)
}

export async function changeRole(admin: AdminCall, roleName: string, options: Options): Promise<void> {
  const trust = textOption(options, 'trust')
  const { identity } = await admin.call(updateRole, {
    accountId: accountOf(admin, options),
    roleName,
    assumeRolePolicyDocument: trust === undefined ? undefined : readTextFile(trust),
    maxSessionDuration: secondsOption(options, 'maxSession'),
  })
  answer(options, identity, lines(identity).join('\n'))
}
