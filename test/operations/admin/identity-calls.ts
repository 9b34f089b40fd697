// Identities as the tests of the operator's operations make them, and callers of all kinds.

import type { Caller, Context } from '../../../src/domain/context.ts'
import { attachPolicy } from '../../../src/operations/admin/identities/attach-policy.ts'
import { createAccessKey } from '../../../src/operations/admin/identities/create-access-key.ts'
import { createPolicy } from '../../../src/operations/admin/identities/create-policy.ts'
import { createRole } from '../../../src/operations/admin/identities/create-role.ts'
import { createUser } from '../../../src/operations/admin/identities/create-user.ts'
import { account, region, type TestRegistry } from '../../support/registry.ts'

export const accountId = account

export const policyText = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

export const allow = (action: string | readonly string[], resource: string | readonly string[] = '*') => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
})

export const repositoryArn = (name: string): string => `arn:aws:ecr:${region}:${account}:repository/${name}`
export const userArn = (name: string, path = '/'): string => `arn:aws:iam::${account}:user${path}${name}`
export const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`
export const policyArn = (name: string): string => `arn:aws:iam::${account}:policy/${name}`

export const user = (identityName: string) => ({ accountId, identityType: 'user', identityName }) as const
export const role = (identityName: string) => ({ accountId, identityType: 'role', identityName }) as const
export const group = (identityName: string) => ({ accountId, identityType: 'group', identityName }) as const

/** A managed policy, attached to a user that is made; gives the key and whom it stands for. */
export async function givenUser(
  registry: TestRegistry,
  userName: string,
  ...statements: readonly object[]
): Promise<{ readonly caller: Caller; readonly accessKeyId: string }> {
  await registry.perform(createUser, { accountId, userName })
  if (statements.length > 0) {
    const policyDocument = policyText(...statements)
    await registry.perform(createPolicy, { accountId, policyName: `of-${userName}`, policyDocument })
    await registry.perform(attachPolicy, { ...user(userName), policyArn: policyArn(`of-${userName}`) })
  }
  const { accessKey } = await registry.perform(createAccessKey, { accountId, userName })
  const key = registry.services.accessKeys.find(accessKey.accessKeyId)
  if (!key) throw new Error('the key that was made is not known')
  return { caller: key.principal, accessKeyId: accessKey.accessKeyId }
}

/** A role that the account's root may open sessions of. */
export async function givenRole(registry: TestRegistry, roleName: string): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }
  await registry.perform(createRole, { accountId, roleName, assumeRolePolicyDocument: policyText(trust) })
}

/** Somebody who calls in a session of a role, opened now. */
export function sessionOf(registry: TestRegistry, roleName: string, session = 'build'): Caller {
  const role = registry.services.identities.roleOf(roleArn(roleName))
  const issuedAtMs = registry.services.clock.now()
  return {
    kind: 'session',
    accountId,
    arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${session}`,
    userId: `${role?.id ?? 'AROANOBODY'}:${session}`,
    accessKeyId: 'ASIATEST',
    temporary: { issuedAtMs, expiresAtMs: issuedAtMs + 3_600_000, roleArn: roleArn(roleName) },
  }
}

export const as = (registry: TestRegistry, caller: Caller): Context => registry.ctx({ caller })
