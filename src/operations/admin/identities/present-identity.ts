import { identityArn, policyArn } from '../../../domain/identities/identity-arn.ts'
import type { IdentityDescription } from '../../../domain/identities/describe-identities.ts'
import type { AccessKeyRecord, Account, ManagedPolicy } from '../../../domain/ports/identities.ts'
import type { Infer } from '../../../model/schema.ts'
import type { accessKeyMetadata, account, identity, managedPolicy } from '../../../model/shapes/identities.ts'

export function presentAccount({ accountId, name, organizationId, createdAtMs }: Account): Infer<typeof account> {
  return { accountId, accountName: name, organizationId, createDate: createdAtMs }
}

export function presentIdentity(one: IdentityDescription): Infer<typeof identity> {
  const { type, memberNames } = one
  return {
    accountId: one.accountId,
    identityType: type,
    identityName: one.name,
    path: one.path,
    identityId: one.id,
    arn: identityArn(one),
    createDate: one.createdAtMs,
    permissionsBoundary: one.boundaryArn,
    tags: one.tags,
    attachedPolicies: one.attachedPolicyArns,
    inlinePolicies: one.inlinePolicies.map(({ name, document }) => ({ policyName: name, policyDocument: document })),
    ...(type === 'user' && { groups: memberNames, accessKeys: one.accessKeys.map(presentAccessKey) }),
    ...(type === 'group' && { users: memberNames }),
    assumeRolePolicyDocument: one.trustPolicy,
    maxSessionDuration: one.maxSessionSeconds,
    revokedBefore: one.revokedBeforeMs,
  }
}

export function presentAccessKey(key: AccessKeyRecord): Infer<typeof accessKeyMetadata> {
  return {
    accessKeyId: key.accessKeyId,
    status: key.active ? 'Active' : 'Inactive',
    createDate: key.createdAtMs,
    lastUsedDate: key.lastUsedAtMs,
  }
}

export function presentPolicy(policy: ManagedPolicy): Infer<typeof managedPolicy> {
  return {
    accountId: policy.accountId,
    policyName: policy.name,
    path: policy.path,
    policyId: policy.id,
    policyArn: policyArn(policy),
    policyDocument: policy.document,
    createDate: policy.createdAtMs,
    updateDate: policy.updatedAtMs,
  }
}
