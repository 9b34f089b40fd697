// The Principal element: whom a statement of a resource's policy is about.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

import type { Principal } from './request.ts'

/**
 * How a principal is named, which decides what else limits it: `self` is the user or session itself, `role` the role of a session,
 * `account` the account, which may then let its users do it, `everyone` is `*`.
 */
export type NamedAs = 'self' | 'role' | 'account' | 'everyone'

export interface PrincipalPattern {
  /** How closely the pattern names the principal; `undefined` when it does not. */
  readonly names: (principal: Principal) => NamedAs | undefined
}

const accountPattern = /^(?:[0-9]{12}|arn:aws[a-z-]*:iam::([0-9]{12}):root)$/
const arnPattern =
  /^arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:user|role)\/[\w+=,.@/-]{1,576}|sts::[0-9]{12}:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{2,64})$/
/** What stands for a user, a role or a session once a policy is stored: unlike an ARN it never means another one. */
const idPattern = /^A(?:IDA[A-Z0-9]{12,124}|ROA[A-Z0-9]{12,124}(?::[\w+=,.@-]{2,64})?)$/
const servicePattern = /^[a-z0-9.-]{1,128}\.amazonaws\.com(?:\.cn)?$/

/** Compiles the element's value; `undefined` when it is none. Services and federated users are known and never ask here. */
export function compilePrincipal(value: unknown): PrincipalPattern | undefined {
  if (value === '*') return { names: () => 'everyone' }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const kinds = Object.entries(value)
  const accounts = new Set<string>()
  const arns = new Set<string>()
  const ids = new Set<string>()
  let everyone = false
  if (kinds.length === 0) return undefined
  for (const [kind, given] of kinds) {
    const names: readonly unknown[] = Array.isArray(given) ? given : [given]
    if (names.length === 0) return undefined
    for (const name of names) {
      if (typeof name !== 'string') return undefined
      if (kind === 'Service' && servicePattern.test(name)) continue
      if (kind === 'Federated' && name !== '' && name.length <= 2048) continue
      if (kind !== 'AWS') return undefined
      const account = accountPattern.exec(name)
      if (name === '*') everyone = true
      else if (account) accounts.add(account[1] ?? name)
      else if (arnPattern.test(name)) arns.add(name)
      else if (idPattern.test(name)) ids.add(name)
      else return undefined
    }
  }
  return {
    names: ({ kind, arn, userId = '', roleArn, accountId }) => {
      if (kind === 'anonymous') return everyone ? 'everyone' : undefined
      if (arns.has(arn) || ids.has(userId)) return 'self'
      // Before the role, which would leave less: neither a boundary nor a session's policies limit `*`.
      if (everyone) return 'everyone'
      if (roleArn !== undefined && (arns.has(roleArn) || ids.has(roleIdOf(userId)))) return 'role'
      return accounts.has(accountId) ? 'account' : undefined
    },
  }
}

/** Compiles NotPrincipal: everyone but those it names. */
export function compileNotPrincipal(value: unknown, effect: 'Allow' | 'Deny'): PrincipalPattern | undefined {
  const named = compilePrincipal(value)
  if (!named) return undefined
  return { names: (principal) => (isExempt(named, principal, effect) ? undefined : 'everyone') }
}

/**
 * From a Deny only a principal is exempt whose account is named too, and a session whose role is (AWS, "NotPrincipal with Deny"); from an Allow
 * whoever is named in any way.
 */
function isExempt(named: PrincipalPattern, principal: Principal, effect: 'Allow' | 'Deny'): boolean {
  if (effect === 'Allow' || principal.kind === 'anonymous') return named.names(principal) !== undefined
  const { accountId, roleArn, userId = '' } = principal
  const account = { kind: 'root', accountId, arn: '' } as const
  const identities: readonly Principal[] = [
    ...(principal.kind === 'root' ? [] : [{ kind: 'user', accountId: '', arn: principal.arn, userId } as const]),
    ...(roleArn === undefined
      ? []
      : [{ kind: 'user', accountId: '', arn: roleArn, userId: roleIdOf(userId) } as const]),
    account,
  ]
  return identities.every((identity) => named.names(identity) !== undefined)
}

const roleIdOf = (userId: string): string => userId.split(':', 1)[0] ?? ''

/** Whether a name in a Principal element means a user, a role or a session, by ARN or by id. */
export function isIdentityName(name: string): boolean {
  return arnPattern.test(name) || idPattern.test(name)
}
