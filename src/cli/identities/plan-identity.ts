// From what a user, a group or a role is to what a file says of it.

import type { IdentityType } from '../../domain/ports/identities.ts'
import { addUserToGroup } from '../../operations/admin/identities/add-user-to-group.ts'
import { attachPolicy } from '../../operations/admin/identities/attach-policy.ts'
import { createAccessKey } from '../../operations/admin/identities/create-access-key.ts'
import { createGroup } from '../../operations/admin/identities/create-group.ts'
import { createRole } from '../../operations/admin/identities/create-role.ts'
import { createUser } from '../../operations/admin/identities/create-user.ts'
import { deleteInlinePolicy } from '../../operations/admin/identities/delete-inline-policy.ts'
import { deletePermissionsBoundary } from '../../operations/admin/identities/delete-permissions-boundary.ts'
import { detachPolicy } from '../../operations/admin/identities/detach-policy.ts'
import { putInlinePolicy } from '../../operations/admin/identities/put-inline-policy.ts'
import { putPermissionsBoundary } from '../../operations/admin/identities/put-permissions-boundary.ts'
import { removeUserFromGroup } from '../../operations/admin/identities/remove-user-from-group.ts'
import { tagIdentity } from '../../operations/admin/identities/tag-identity.ts'
import { untagIdentity } from '../../operations/admin/identities/untag-identity.ts'
import { updateRole } from '../../operations/admin/identities/update-role.ts'
import type { Operation } from '../../operations/operation.ts'
import { documentText, isSameDocument, refuseMove } from './policy-text.ts'
import type { IdentityFileEntry } from './read-identity-file.ts'
import type { ServerAccount, ServerIdentity } from './server-identities.ts'
import type { Step } from './step.ts'

/** An identity of the file. */
export interface Wanted {
  readonly type: IdentityType
  readonly name: string
  readonly entry: IdentityFileEntry
}

/** Names of policies to their ARNs; `where` is said when there is none. */
export type PolicyArnOf = (nameOrArn: string, where: string) => string

/** Throws a CommandError for what no step can do. Old things go before new ones come: of most there may be only so many. */
export function planIdentity(
  server: ServerAccount,
  wanted: Wanted,
  arnOf: PolicyArnOf,
  prune: boolean,
): readonly Step[] {
  const { accountId } = server
  const { type, name, entry } = wanted
  const what = `${type} ${name}`
  const known = server.identities.find(
    (one) => one.identityType === type && one.identityName.toLowerCase() === name.toLowerCase(),
  )
  if (known) refuseMove(what, known.path, entry.path)
  const steps: Step[] = []
  const add = <I, O>(line: string, operation: Operation<I, O>, input: I): void => {
    steps.push({ line, run: async (call) => void (await call(operation, input)) })
  }
  const named = { accountId, identityType: type, identityName: name }

  if (!known) addCreation(add, accountId, wanted)
  else if (type === 'role') addRoleChange(add, accountId, wanted, known)
  if (type !== 'group') addBounds(add, { ...named, identityType: type }, wanted, known, arnOf, prune)

  const attached = known?.attachedPolicies ?? []
  const policies = (entry.policies ?? []).map((policy) => arnOf(policy, what))
  if (prune) {
    for (const policyArn of attached.filter((arn) => !policies.includes(arn))) {
      add(`- ${what}: policy ${policyArn}`, detachPolicy, { ...named, policyArn })
    }
  }
  for (const policyArn of policies.filter((arn) => !attached.includes(arn))) {
    add(`+ ${what}: policy ${policyArn}`, attachPolicy, { ...named, policyArn })
  }

  const inline = new Map(known?.inlinePolicies.map(({ policyName, policyDocument }) => [policyName, policyDocument]))
  const own = Object.entries(entry.inlinePolicies ?? {}).map(([key, value]) => [key, documentText(value)] as const)
  if (prune) {
    for (const policyName of inline.keys().filter((one) => !own.some(([key]) => key === one))) {
      add(`- ${what}: own policy ${policyName}`, deleteInlinePolicy, { ...named, policyName })
    }
  }
  for (const [policyName, policyDocument] of own) {
    const before = inline.get(policyName)
    if (before !== undefined && isSameDocument(before, policyDocument)) continue
    const line = `${before === undefined ? '+' : '~'} ${what}: own policy ${policyName}`
    add(line, putInlinePolicy, { ...named, policyName, policyDocument })
  }

  if (type === 'user') {
    addMemberships(add, accountId, wanted, known, prune)
    const missing = (entry.accessKeys ?? 0) - (known?.accessKeys?.length ?? 0)
    for (let index = 0; index < missing; index++) steps.push(keyStep(accountId, name))
  }
  return steps
}

type Add = <I, O>(line: string, operation: Operation<I, O>, input: I) => void

function addCreation(add: Add, accountId: string, { type, name, entry }: Wanted): void {
  const { path, trustPolicy, maxSessionDuration } = entry
  const line = `+ ${type} ${name}`
  if (type === 'user') add(line, createUser, { accountId, userName: name, path })
  else if (type === 'group') add(line, createGroup, { accountId, groupName: name, path })
  else {
    const assumeRolePolicyDocument = documentText(trustPolicy ?? '')
    add(line, createRole, { accountId, roleName: name, path, assumeRolePolicyDocument, maxSessionDuration })
  }
}

function addRoleChange(add: Add, accountId: string, { name, entry }: Wanted, known: ServerIdentity): void {
  const { trustPolicy, maxSessionDuration } = entry
  const text = trustPolicy === undefined ? undefined : documentText(trustPolicy)
  if (text !== undefined && !isSameDocument(known.assumeRolePolicyDocument ?? '', text)) {
    add(`~ role ${name}: trust policy`, updateRole, { accountId, roleName: name, assumeRolePolicyDocument: text })
  }
  if (maxSessionDuration !== undefined && maxSessionDuration !== known.maxSessionDuration) {
    add(`~ role ${name}: sessions of ${maxSessionDuration} s`, updateRole, {
      accountId,
      roleName: name,
      maxSessionDuration,
    })
  }
}

/** The boundary comes before any policy: at no moment may the identity do more than both say. */
function addBounds(
  add: Add,
  named: { readonly accountId: string; readonly identityType: 'user' | 'role'; readonly identityName: string },
  { type, name, entry }: Wanted,
  known: ServerIdentity | undefined,
  arnOf: PolicyArnOf,
  prune: boolean,
): void {
  const what = `${type} ${name}`
  const { boundary } = entry
  if (boundary === null && known?.permissionsBoundary !== undefined) {
    add(`- ${what}: boundary ${known.permissionsBoundary}`, deletePermissionsBoundary, named)
  }
  if (typeof boundary === 'string' && arnOf(boundary, what) !== known?.permissionsBoundary) {
    const permissionsBoundary = arnOf(boundary, what)
    add(`~ ${what}: boundary ${permissionsBoundary}`, putPermissionsBoundary, { ...named, permissionsBoundary })
  }
  const before = new Map(known?.tags.map(({ key, value }) => [key, value]))
  const tags = new Map(Object.entries(entry.tags ?? {}))
  const tagKeys = [...before.keys()].filter((key) => prune && !tags.has(key))
  if (tagKeys.length > 0) add(`- ${what}: tags ${tagKeys.join(', ')}`, untagIdentity, { ...named, tagKeys })
  const changed = Array.from(tags, ([key, value]) => ({ key, value })).filter(
    ({ key, value }) => before.get(key) !== value,
  )
  if (changed.length > 0) {
    const shown = changed.map(({ key, value }) => `${key}=${value}`).join(', ')
    add(`~ ${what}: tags ${shown}`, tagIdentity, { ...named, tags: changed })
  }
}

function addMemberships(
  add: Add,
  accountId: string,
  { name, entry }: Wanted,
  known: ServerIdentity | undefined,
  prune: boolean,
): void {
  const before = known?.groups ?? []
  const groups = entry.groups ?? []
  const isAmong = (all: readonly string[], one: string) => all.some((each) => each.toLowerCase() === one.toLowerCase())
  for (const groupName of before.filter((one) => prune && !isAmong(groups, one))) {
    add(`- user ${name}: group ${groupName}`, removeUserFromGroup, { accountId, groupName, userName: name })
  }
  for (const groupName of groups.filter((one) => !isAmong(before, one))) {
    add(`+ user ${name}: group ${groupName}`, addUserToGroup, { accountId, groupName, userName: name })
  }
}

function keyStep(accountId: string, userName: string): Step {
  return {
    line: `+ user ${userName}: access key`,
    run: async (call, keepKey) => {
      const { accessKey, secretAccessKey } = await call(createAccessKey, { accountId, userName })
      await keepKey({ accountId, userName, accessKeyId: accessKey.accessKeyId, secretAccessKey })
    },
  }
}
