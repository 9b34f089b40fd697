// Who is in which group.

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { Membership } from '../ports/identities.ts'
import type { MetadataWrites } from '../ports/metadata.ts'
import { changeIdentities } from './change-identities.ts'
import { getIdentity } from './find-identity.ts'
import { quotas } from './identity-limits.ts'

export interface MemberName {
  readonly accountId: string
  readonly groupName: string
  readonly userName: string
}

/** Adding a member again is fine. Fails with NoSuchEntity, LimitExceeded. */
export async function addUserToGroup(ctx: Context, member: MemberName): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const membership = await find(tx, member)
    await tx.identities.addMember(membership)
    const limit = quotas.GroupsPerUser
    if ((await tx.identities.membershipsOf(membership.userId)).length > limit) {
      fail('LimitExceeded/quota', { quota: 'GroupsPerUser', limit })
    }
  })
}

/** Removing who is no member is fine. Fails with NoSuchEntity. */
export async function removeUserFromGroup(ctx: Context, member: MemberName): Promise<void> {
  await changeIdentities(ctx, async (tx) => tx.identities.removeMember(await find(tx, member)))
}

async function find(tx: MetadataWrites, { accountId, groupName, userName }: MemberName): Promise<Membership> {
  const group = await getIdentity(tx, { accountId, type: 'group', name: groupName })
  const user = await getIdentity(tx, { accountId, type: 'user', name: userName })
  return { groupId: group.id, userId: user.id }
}
