// Roles and sessions as the tests of STS make them.

import type { Caller } from '../../../src/domain/context.ts'
import { createRole } from '../../../src/operations/admin/identities/create-role.ts'
import { putInlinePolicy } from '../../../src/operations/admin/identities/put-inline-policy.ts'
import { assumeRole } from '../../../src/operations/sts/assume-role.ts'
import { account, type TestRegistry } from '../../support/registry.ts'
import { policyText, role, roleArn } from '../admin/identity-calls.ts'

export interface Trust {
  readonly principal?: unknown
  readonly action?: string | readonly string[]
  readonly condition?: object
  /** What the sessions may do. */
  readonly may?: readonly object[]
  readonly maxSessionDuration?: number
  readonly tags?: readonly { readonly key: string; readonly value: string }[]
}

/** A role of the default account. Its account is trusted when nothing else is said. */
export async function givenTrust(registry: TestRegistry, roleName: string, trust: Trust = {}): Promise<void> {
  const { principal = { AWS: account }, action = 'sts:AssumeRole', condition, may = [], ...rest } = trust
  const statement = {
    Effect: 'Allow',
    Principal: principal,
    Action: action,
    ...(condition && { Condition: condition }),
  }
  const assumeRolePolicyDocument = policyText(statement)
  await registry.perform(createRole, { accountId: account, roleName, assumeRolePolicyDocument, ...rest })
  if (may.length === 0) return
  await registry.perform(putInlinePolicy, { ...role(roleName), policyName: 'may', policyDocument: policyText(...may) })
}

type Asked = Omit<Parameters<typeof assumeRole.handle>[1], 'RoleArn' | 'RoleSessionName'>

export async function open(registry: TestRegistry, caller: Caller, roleName: string, asked: Partial<Asked> = {}) {
  const input = { RoleArn: roleArn(roleName), RoleSessionName: 'job', ...asked }
  return registry.perform(assumeRole, input, registry.ctx({ caller }))
}

/** Whom the credentials of an answer stand for. */
export function callerOf(registry: TestRegistry, answer: Awaited<ReturnType<typeof open>>): Caller {
  const { AccessKeyId = '', SessionToken } = answer.Credentials ?? {}
  const key = registry.services.accessKeys.find(AccessKeyId, SessionToken)
  if (!key) throw new Error('the credentials are not known')
  return key.principal
}

export const mayAssume = (roleName: string, action: string | readonly string[] = 'sts:AssumeRole') => ({
  Effect: 'Allow',
  Action: action,
  Resource: roleArn(roleName),
})
