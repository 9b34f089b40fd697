import type { IdentityName } from '../../../domain/identities/find-identity.ts'
import type { IdentityType } from '../../../domain/ports/identities.ts'

/** An identity as inputs name it. */
export function namedIdentity(input: {
  readonly accountId: string
  readonly identityType: IdentityType
  readonly identityName: string
}): IdentityName {
  return { accountId: input.accountId, type: input.identityType, name: input.identityName }
}
