// Identities with all that hangs on them, by name, for those who administer them. No secret is among it.

import type { Context } from '../context.ts'
import type {
  AccessKeyRecord,
  Account,
  EveryIdentity,
  IdentityRecord,
  IdentityType,
  InlinePolicy,
  ManagedPolicy,
} from '../ports/identities.ts'
import { policyArn } from './identity-arn.ts'
import { showPrincipals } from './policy-documents.ts'

export interface IdentityDescription extends IdentityRecord {
  readonly boundaryArn: string | undefined
  readonly attachedPolicyArns: readonly string[]
  readonly inlinePolicies: readonly InlinePolicy[]
  /** Groups of a user, or users of a group, by name. */
  readonly memberNames: readonly string[]
  /** In the order they were made, as the database has them: the copy in memory does not know when they were used last. */
  readonly accessKeys: readonly AccessKeyRecord[]
}

/** Those of an account after a name, at most `limit`, by name. */
export async function pageIdentities(
  ctx: Context,
  accountId: string,
  type: IdentityType,
  after: string | undefined,
  limit: number,
): Promise<readonly IdentityDescription[]> {
  const everything = ctx.identities.everything()
  const ofType = everything.identities.filter((one) => one.accountId === accountId && one.type === type)
  return describe(ctx, everything, pageByName(ofType, after, limit))
}

/** One identity, right after it was changed. */
export async function describeIdentity(ctx: Context, identity: IdentityRecord): Promise<IdentityDescription> {
  const everything = ctx.identities.everything()
  const [description] = await describe(ctx, everything, [identity])
  if (!description) throw new Error('one identity has one description')
  return description
}

export function pagePolicies(
  ctx: Context,
  accountId: string,
  after: string | undefined,
  limit: number,
): readonly ManagedPolicy[] {
  const { policies } = ctx.identities.everything()
  return pageByName(
    policies.filter((policy) => policy.accountId === accountId),
    after,
    limit,
  )
}

/** Ordered by id. */
export function pageAccounts(ctx: Context, after: string | undefined, limit: number): readonly Account[] {
  const { accounts } = ctx.identities.everything()
  return accounts.filter(({ accountId }) => after === undefined || accountId > after).slice(0, limit)
}

function pageByName<T extends { readonly name: string }>(
  all: readonly T[],
  after: string | undefined,
  limit: number,
): readonly T[] {
  return all
    .filter(({ name }) => after === undefined || name > after)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .slice(0, limit)
}

async function describe(
  ctx: Context,
  everything: EveryIdentity,
  records: readonly IdentityRecord[],
): Promise<readonly IdentityDescription[]> {
  const names = new Map(everything.identities.map(({ id, name }) => [id, name]))
  const arns = new Map(everything.policies.map((policy) => [policy.id, policyArn(policy)]))
  const attachments = Map.groupBy(everything.attachments, ({ identityId }) => identityId)
  const inline = Map.groupBy(everything.inlinePolicies, ({ identityId }) => identityId)
  const groups = Map.groupBy(everything.memberships, ({ userId }) => userId)
  const members = Map.groupBy(everything.memberships, ({ groupId }) => groupId)
  return Promise.all(
    records.map(async (record) => {
      const { id, type, boundaryId, trustPolicy } = record
      const others =
        type === 'group'
          ? (members.get(id) ?? []).map(({ userId }) => userId)
          : (groups.get(id) ?? []).map(({ groupId }) => groupId)
      return {
        ...record,
        boundaryArn: boundaryId === undefined ? undefined : arns.get(boundaryId),
        trustPolicy: trustPolicy === undefined ? undefined : showPrincipals(ctx.identities, trustPolicy),
        attachedPolicyArns: (attachments.get(id) ?? []).flatMap(({ policyId }) => arns.get(policyId) ?? []).toSorted(),
        inlinePolicies: inline.get(id) ?? [],
        memberNames: others.flatMap((other) => names.get(other) ?? []).toSorted(),
        accessKeys: type === 'user' ? await ctx.metadata.read.identities.accessKeysOf(id) : [],
      }
    }),
  )
}
