// From what an account is to what a file says of it: steps in an order in which each finds what it needs.

import { createPolicy } from '../../operations/admin/identities/create-policy.ts'
import { deleteIdentity } from '../../operations/admin/identities/delete-identity.ts'
import { deletePolicy } from '../../operations/admin/identities/delete-policy.ts'
import { putAccount } from '../../operations/admin/identities/put-account.ts'
import { updatePolicy } from '../../operations/admin/identities/update-policy.ts'
import { CommandError } from '../command-error.ts'
import { planIdentity, type Wanted } from './plan-identity.ts'
import { documentText, isSameDocument, refuseMove } from './policy-text.ts'
import type { AccountFile } from './read-identity-file.ts'
import type { ServerAccount } from './server-identities.ts'
import type { Step } from './step.ts'

/** Throws a CommandError for what no step can do. */
export function planAccount(file: AccountFile, server: ServerAccount, prune: boolean): readonly Step[] {
  const arnOf = policyNames(file, server)
  const wanted = wantedOf(file)
  return [
    ...planOwn(file, server),
    ...planPolicies(file, server),
    ...wanted.flatMap((one) => planIdentity(server, one, arnOf, prune)),
    ...(prune ? planPruning(file, server, wanted) : []),
  ]
}

/** Names of policies to their ARNs. */
function policyNames(file: AccountFile, server: ServerAccount): (nameOrArn: string, where: string) => string {
  const arns = new Map(server.policies.map(({ policyName, policyArn }) => [policyName.toLowerCase(), policyArn]))
  for (const [name, { path = '/' }] of Object.entries(file.policies ?? {})) {
    if (!arns.has(name.toLowerCase())) {
      arns.set(name.toLowerCase(), `arn:aws:iam::${server.accountId}:policy${path}${name}`)
    }
  }
  return (nameOrArn, where) => {
    const arn = nameOrArn.startsWith('arn:') ? nameOrArn : arns.get(nameOrArn.toLowerCase())
    if (arn !== undefined) return arn
    throw new CommandError(
      `nothing was sent: ${where}: there is no policy ${nameOrArn} in account ${server.accountId}`,
      2,
    )
  }
}

/** Groups before the users that are in them, users before the roles whose trust policies name them, roles as they name each other. */
function wantedOf(file: AccountFile): readonly Wanted[] {
  const groups = Object.entries(file.groups ?? {}).map(([name, entry]) => ({ type: 'group', name, entry }) as const)
  const users = Object.entries(file.users ?? {}).map(([name, entry]) => ({ type: 'user', name, entry }) as const)
  const roles = Object.entries(file.roles ?? {}).map(([name, entry]) => ({ type: 'role', name, entry }) as const)
  const left = new Set(roles)
  const ordered: Wanted[] = []
  while (left.size > 0) {
    const names = (one: (typeof roles)[number], other: (typeof roles)[number]) =>
      one !== other && documentText(one.entry.trustPolicy).includes(`/${other.name}"`)
    // In a circle of roles the server refuses the first, and says why.
    const next = left.values().find((one) => !left.values().some((other) => names(one, other))) ?? [...left][0]
    if (!next) break
    left.delete(next)
    ordered.push(next)
  }
  return [...groups, ...users, ...ordered]
}

function planOwn({ name, organizationId }: AccountFile, { accountId, account }: ServerAccount): readonly Step[] {
  const wanted = {
    accountName: name ?? account?.accountName,
    organizationId: organizationId ?? account?.organizationId,
  }
  const isSame = wanted.accountName === account?.accountName && wanted.organizationId === account?.organizationId
  if (account && isSame) return []
  const line = `${account ? '~' : '+'} account ${accountId}`
  return [{ line, run: async (call) => void (await call(putAccount, { accountId, ...wanted })) }]
}

function planPolicies(file: AccountFile, server: ServerAccount): readonly Step[] {
  const { accountId } = server
  return Object.entries(file.policies ?? {}).flatMap(([policyName, { path, document }]): readonly Step[] => {
    const policyDocument = documentText(document)
    const known = server.policies.find((policy) => policy.policyName.toLowerCase() === policyName.toLowerCase())
    if (!known) {
      const input = { accountId, policyName, path, policyDocument }
      return [{ line: `+ policy ${policyName}`, run: async (call) => void (await call(createPolicy, input)) }]
    }
    refuseMove(`policy ${policyName}`, known.path, path)
    if (isSameDocument(known.policyDocument, policyDocument)) return []
    const input = { accountId, policyArn: known.policyArn, policyDocument }
    return [{ line: `~ policy ${policyName}`, run: async (call) => void (await call(updatePolicy, input)) }]
  })
}

/** Identities first: policies that only they had can go then. */
function planPruning(file: AccountFile, server: ServerAccount, wanted: readonly Wanted[]): readonly Step[] {
  const { accountId } = server
  const keep = new Set(wanted.map(({ type, name }) => `${type} ${name.toLowerCase()}`))
  const policies = new Set(Object.keys(file.policies ?? {}).map((name) => name.toLowerCase()))
  return [
    ...server.identities
      .filter(({ identityType, identityName }) => !keep.has(`${identityType} ${identityName.toLowerCase()}`))
      .map(({ identityType, identityName }): Step => {
        const input = { accountId, identityType, identityName, force: true }
        const line = `- ${identityType} ${identityName}`
        return { line, run: async (call) => void (await call(deleteIdentity, input)) }
      }),
    ...server.policies
      .filter(({ policyName }) => !policies.has(policyName.toLowerCase()))
      .map(({ policyName, policyArn }): Step => {
        const input = { accountId, policyArn, force: true }
        return { line: `- policy ${policyName}`, run: async (call) => void (await call(deletePolicy, input)) }
      }),
  ]
}
