// ARNs of IAM. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns

import type { IdentityRecord, ManagedPolicy } from '../ports/identities.ts'

type Named = Pick<IdentityRecord, 'accountId' | 'path' | 'name'>

/** `arn:aws:iam::<account>:user/<path><name>`, and so for groups and roles. */
export function identityArn({ type, accountId, path, name }: Named & Pick<IdentityRecord, 'type'>): string {
  return `arn:aws:iam::${accountId}:${type}${path}${name}`
}

export function policyArn({ accountId, path, name }: Pick<ManagedPolicy, 'accountId' | 'path' | 'name'>): string {
  return `arn:aws:iam::${accountId}:policy${path}${name}`
}

/** A session of a role: the role's path is no part of it. */
export function sessionArn({ accountId, name }: Pick<Named, 'accountId' | 'name'>, session: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`
}

const sessionPattern = /^arn:aws:sts::([0-9]{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/

/** The role and the session that an `assumed-role` ARN names; `undefined` when it is none. */
export function parseSessionArn(
  arn: string,
): { readonly accountId: string; readonly roleName: string; readonly session: string } | undefined {
  const [, accountId, roleName, session] = sessionPattern.exec(arn) ?? []
  if (accountId === undefined || roleName === undefined || session === undefined) return undefined
  return { accountId, roleName, session }
}
