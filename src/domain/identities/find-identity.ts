// What requests name, looked up in the transaction that changes it.

import { fail } from '../../model/errors.ts'
import type { IdentityRecord, IdentityType, ManagedPolicy } from '../ports/identities.ts'
import type { MetadataWrites } from '../ports/metadata.ts'
import { policyArn } from './identity-arn.ts'

/** How a request names a user, a group or a role. */
export interface IdentityName {
  readonly accountId: string
  readonly type: IdentityType
  readonly name: string
}

/** Fails with NoSuchEntity. */
export async function getIdentity(tx: MetadataWrites, named: IdentityName): Promise<IdentityRecord> {
  const { accountId, type, name } = named
  return (await tx.identities.find(accountId, type, name)) ?? fail('NoSuchEntity/identity', { type, name })
}

const policyArnPattern = /^arn:aws:iam::([0-9]{12}):policy\/(?:.*\/)?([\w+=,.@-]{1,128})$/

/** A policy of this account by its ARN: those of others can not be attached. Fails with NoSuchEntity. */
export async function getPolicy(tx: MetadataWrites, accountId: string, arn: string): Promise<ManagedPolicy> {
  const [, owner, name] = policyArnPattern.exec(arn) ?? []
  const policy = owner === accountId && name !== undefined ? await tx.identities.policy(accountId, name) : undefined
  return policy && policyArn(policy) === arn ? policy : fail('NoSuchEntity/policy', { policyArn: arn })
}
