// Access keys of users: two at most, so that one can take over from the other.

import { idPrefixes, newAwsId, newSecretAccessKey } from '../../lib/aws-ids.ts'
import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import type { AccessKeyRecord } from '../ports/identities.ts'
import type { MetadataWrites } from '../ports/metadata.ts'
import { changeIdentities } from './change-identities.ts'
import { getIdentity } from './find-identity.ts'
import { quotas } from './identity-limits.ts'
import { sealSecret } from './seal-secret.ts'

/** Gives the secret: it is never shown again. Fails with NoSuchEntity, LimitExceeded. */
export async function createAccessKey(
  ctx: Context,
  accountId: string,
  userName: string,
): Promise<{ readonly key: AccessKeyRecord; readonly secretAccessKey: string }> {
  const accessKeyId = newAwsId(ctx.ids, idPrefixes.accessKey)
  const secretAccessKey = newSecretAccessKey(ctx.ids)
  const key = await changeIdentities(ctx, async (tx) => {
    const { id: userId } = await getIdentity(tx, { accountId, type: 'user', name: userName })
    const limit = quotas.AccessKeysPerUser
    if ((await tx.identities.accessKeysOf(userId)).length >= limit) {
      fail('LimitExceeded/quota', { quota: 'AccessKeysPerUser', limit })
    }
    const made = {
      accessKeyId,
      userId,
      sealedSecret: sealSecret(ctx.secrets, ctx.ids, accessKeyId, secretAccessKey),
      active: true,
      createdAtMs: ctx.clock.now(),
      lastUsedAtMs: undefined,
    }
    await tx.identities.createAccessKey(made)
    return made
  })
  return { key, secretAccessKey }
}

/** An inactive key is as good as none, and docker passwords that were made with it too. Fails with NoSuchEntity. */
export async function setAccessKeyActive(ctx: Context, accessKeyId: string, active: boolean): Promise<AccessKeyRecord> {
  return changeIdentities(ctx, async (tx) => {
    const key = await getAccessKey(tx, accessKeyId)
    await tx.identities.setAccessKeyActive(accessKeyId, active)
    return { ...key, active }
  })
}

/** Fails with NoSuchEntity. */
export async function deleteAccessKey(ctx: Context, accessKeyId: string): Promise<AccessKeyRecord> {
  return changeIdentities(ctx, async (tx) => {
    const key = await getAccessKey(tx, accessKeyId)
    await tx.identities.removeAccessKey(accessKeyId)
    return key
  })
}

async function getAccessKey(tx: MetadataWrites, accessKeyId: string): Promise<AccessKeyRecord> {
  return (await tx.identities.accessKey(accessKeyId)) ?? fail('NoSuchEntity/accessKey', { accessKeyId })
}
