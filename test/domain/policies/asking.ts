// Requests and policies as the tests of decisions write them.

import assert from 'node:assert/strict'

import {
  compilePolicy,
  policyKinds,
  type PolicyKind,
} from '../../../src/domain/authorisation/policies/compile-policy.ts'
import { decide, type Decision, type PolicySet } from '../../../src/domain/authorisation/policies/decide.ts'
import type { NamedPolicy } from '../../../src/domain/authorisation/policies/policy.ts'
import type { AccessRequest, KeyValue, Principal } from '../../../src/domain/authorisation/policies/request.ts'

export const owner = '123456789012'
export const stranger = '210987654321'
export const app = `arn:aws:ecr:eu-west-1:${owner}:repository/app`

export const alice: Principal = { kind: 'user', accountId: owner, arn: `arn:aws:iam::${owner}:user/alice` }
export const mallory: Principal = { kind: 'user', accountId: stranger, arn: `arn:aws:iam::${stranger}:user/mallory` }
export const root: Principal = { kind: 'root', accountId: owner, arn: `arn:aws:iam::${owner}:root` }
export const session: Principal = {
  kind: 'session',
  accountId: owner,
  arn: `arn:aws:sts::${owner}:assumed-role/ci/build`,
  roleArn: `arn:aws:iam::${owner}:role/ci`,
}
export const anonymous: Principal = { kind: 'anonymous', accountId: '', arn: '' }

export interface Asking {
  readonly principal?: Principal
  readonly action?: string
  readonly resource?: string
  readonly keys?: Readonly<Record<string, KeyValue>>
}

export function request({
  principal = alice,
  action = 'ecr:PutImage',
  resource = app,
  keys = {},
}: Asking = {}): AccessRequest {
  const byName = new Map(Object.entries(keys).map(([name, value]) => [name.toLowerCase(), value]))
  const resourceAccountId = resource === '*' ? principal.accountId : (resource.split(':')[4] ?? '')
  return { principal, action, resource, resourceAccountId, key: (name) => byName.get(name) }
}

/** A statement with what is not said: allows PutImage on everything. */
export type StatementText = Readonly<Record<string, unknown>>

function named(name: string, kind: PolicyKind, statements: readonly StatementText[]): NamedPolicy {
  const policy = compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind)
  assert.ok(policy, `not a policy: ${JSON.stringify(statements)}`)
  return { name, policy }
}

export const identity = (...statements: readonly StatementText[]): NamedPolicy =>
  named('identity', policyKinds.identity, statements)
export const repository = (...statements: readonly StatementText[]): NamedPolicy =>
  named('repository', policyKinds.repository, statements)

export const allowAll: StatementText = { Effect: 'Allow', Action: '*', Resource: '*' }
export const denyAll: StatementText = { Effect: 'Deny', Action: '*', Resource: '*' }

export function judge(asking: Asking, policies: Partial<PolicySet> = {}): Decision {
  const none: PolicySet = { identity: [], boundary: undefined, session: undefined, resource: [] }
  return decide(request(asking), { ...none, ...policies })
}

/** `allowed`, `denied by …` (a Deny) or `refused: no … allows`, for tables. */
export function verdict(asking: Asking, policies: Partial<PolicySet> = {}): string {
  const { allowed, explicit, by } = judge(asking, policies)
  if (allowed) return 'allowed'
  return explicit ? `denied by ${by}` : `no ${by}`
}

/** Whether one statement of an identity lets a request pass. */
export function passes(statement: StatementText, asking: Asking = {}): boolean {
  return judge(asking, { identity: [identity({ Effect: 'Allow', Action: '*', Resource: '*', ...statement })] }).allowed
}
