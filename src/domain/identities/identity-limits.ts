// Quotas of IAM. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

import type { IdentityType } from '../ports/identities.ts'

/** By the names that errors call them. */
export const quotas = {
  AccessKeysPerUser: 2,
  GroupsPerUser: 10,
  PoliciesPerAccount: 1_500,
} as const

interface TypeQuotas {
  readonly perAccount: { readonly quota: string; readonly limit: number }
  /** Managed policies attached to one. */
  readonly attached: { readonly quota: string; readonly limit: number }
  /** Characters of all inline policies of one, without white space. */
  readonly inlineCharacters: number
}

export const typeQuotas: Readonly<Record<IdentityType, TypeQuotas>> = {
  user: {
    perAccount: { quota: 'UsersPerAccount', limit: 5_000 },
    attached: { quota: 'PoliciesPerUser', limit: 10 },
    inlineCharacters: 2_048,
  },
  group: {
    perAccount: { quota: 'GroupsPerAccount', limit: 300 },
    attached: { quota: 'PoliciesPerGroup', limit: 10 },
    inlineCharacters: 5_120,
  },
  role: {
    perAccount: { quota: 'RolesPerAccount', limit: 1_000 },
    attached: { quota: 'PoliciesPerRole', limit: 10 },
    inlineCharacters: 10_240,
  },
}

/** Characters without white space. */
export const policyCharactersMax = { PolicySize: 6_144, ACLSizePerRole: 2_048 } as const

export const tagsMax = 50
