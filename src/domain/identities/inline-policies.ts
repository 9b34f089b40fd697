// Policies that belong to one user, group or role and go with it.

import { fail } from '../../model/errors.ts'
import type { Context } from '../context.ts'
import { changeIdentities } from './change-identities.ts'
import { getIdentity, type IdentityName } from './find-identity.ts'
import { typeQuotas } from './identity-limits.ts'
import { charactersOf, checkIdentityPolicy } from './policy-documents.ts'

/** Creates it or replaces it. Fails with NoSuchEntity, LimitExceeded, MalformedPolicyDocument. */
export async function putInlinePolicy(
  ctx: Context,
  named: IdentityName,
  policyName: string,
  document: string,
): Promise<void> {
  checkIdentityPolicy(ctx, document)
  await changeIdentities(ctx, async (tx) => {
    const { id, type, name } = await getIdentity(tx, named)
    await tx.identities.putInlinePolicy({ identityId: id, name: policyName, document })
    const all = await tx.identities.inlinePoliciesOf(id)
    const characters = all.reduce((sum, policy) => sum + charactersOf(policy.document), 0)
    const limit = typeQuotas[type].inlineCharacters
    if (characters > limit) fail('LimitExceeded/inline', { type, name, limit })
  })
}

/** Fails with NoSuchEntity. */
export async function deleteInlinePolicy(ctx: Context, named: IdentityName, policyName: string): Promise<void> {
  await changeIdentities(ctx, async (tx) => {
    const { id, type } = await getIdentity(tx, named)
    const all = await tx.identities.inlinePoliciesOf(id)
    if (!all.some(({ name }) => name === policyName)) fail('NoSuchEntity/inlinePolicy', { type, policyName })
    await tx.identities.removeInlinePolicy(id, policyName)
  })
}
