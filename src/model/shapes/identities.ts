// Shapes of identities in the operator's API. Members are called as IAM's are, patterns and lengths are IAM's; paths are held to what names may hold.

import { boolean, integer, list, optional, string, struct, timestamp } from '../schema.ts'
import { accountId } from './admin.ts'

export const identityType = string({ values: ['user', 'group', 'role'] })
/** Groups may have longer ones with IAM. */
export const identityName = string({ min: 1, max: 64, pattern: '[\\w+=,.@-]+' })
export const policyName = string({ min: 1, max: 128, pattern: '[\\w+=,.@-]+' })
export const path = string({ min: 1, max: 512, pattern: '/(?:[\\w+=,.@-]+/)*' })
export const policyArn = string({ min: 20, max: 2048 })
export const policyDocument = string({ min: 1, max: 131_072 })
export const accessKeyId = string({ min: 16, max: 128, pattern: '\\w+' })
export const maxSessionDuration = integer({ min: 3_600, max: 43_200 })

/** A tag of a principal: `aws:PrincipalTag/...`. */
const principalTag = struct({ key: string(), value: string() })
export const principalTags = list(principalTag)

/** How an input names an identity. */
export const ofIdentity = { accountId, identityType, identityName }

/** The same for what groups do not have: tags, boundaries, sessions. */
export const ofPrincipal = { accountId, identityType: string({ values: ['user', 'role'] }), identityName }

export const account = struct({
  accountId,
  accountName: optional(string()),
  organizationId: optional(string()),
  createDate: timestamp(),
})

export const accessKeyStatus = string({ values: ['Active', 'Inactive'] })

/** Without its secret. */
export const accessKeyMetadata = struct({
  accessKeyId,
  status: accessKeyStatus,
  createDate: timestamp(),
  lastUsedDate: optional(timestamp()),
})

const inlinePolicy = struct({ policyName, policyDocument })

export const identity = struct({
  accountId,
  identityType,
  identityName,
  path,
  identityId: string(),
  arn: string(),
  createDate: timestamp(),
  permissionsBoundary: optional(policyArn),
  tags: principalTags,
  attachedPolicies: list(policyArn),
  inlinePolicies: list(inlinePolicy),
  /** Of a user. */
  groups: optional(list(identityName)),
  /** Of a group. */
  users: optional(list(identityName)),
  accessKeys: optional(list(accessKeyMetadata)),
  /** Of a role. */
  assumeRolePolicyDocument: optional(policyDocument),
  maxSessionDuration: optional(maxSessionDuration),
  revokedBefore: optional(timestamp()),
})

export const managedPolicy = struct({
  accountId,
  policyName,
  path,
  policyId: string(),
  policyArn,
  policyDocument,
  createDate: timestamp(),
  updateDate: timestamp(),
})

export const policyStep = struct({
  policyType: string(),
  policyName: string(),
  statement: integer(),
  sid: optional(string()),
  effect: string(),
  applies: boolean(),
  /** Why it does not apply: principal, action, resource or condition. */
  missed: optional(string()),
  principalNamedAs: optional(string()),
})
