// What the domain asks of the store of identities: accounts, users, groups, roles, policies, access keys, in IAM's words. Every change
// counts `version` up in its own transaction, so that a copy in memory knows when it is old. Names are unique in any case of their letters.

import type { ResourceTag } from './resource-tag.ts'

export interface Account {
  readonly accountId: string
  readonly name: string | undefined
  /** `aws:PrincipalOrgID` of its principals. */
  readonly organizationId: string | undefined
  readonly createdAtMs: number
}

export type IdentityType = 'user' | 'group' | 'role'

/** A user, a group or a role: what policies may be attached to. */
export interface IdentityRecord {
  /** `AIDA...`, `AGPA...` or `AROA...`, never used again: one that is deleted and made again is another one. */
  readonly id: string
  readonly accountId: string
  readonly type: IdentityType
  /** As it was given; found in any case. */
  readonly name: string
  /** `/` or `/<words>/`. */
  readonly path: string
  readonly createdAtMs: number
  /** The id of the managed policy that is its permissions boundary. */
  readonly boundaryId: string | undefined
  readonly tags: readonly ResourceTag[]
  /** Temporary credentials issued before this moment are void. */
  readonly revokedBeforeMs: number | undefined
  /** Of a role, and only of one: its trust policy, with the ids of the principals that it names. */
  readonly trustPolicy: string | undefined
  /** Of a role, and only of one. */
  readonly maxSessionSeconds: number | undefined
}

export type IdentityChange = Partial<
  Pick<IdentityRecord, 'boundaryId' | 'tags' | 'revokedBeforeMs' | 'trustPolicy' | 'maxSessionSeconds'>
>

export interface ManagedPolicy {
  /** `ANPA...`. */
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly path: string
  /** The text as it was given. */
  readonly document: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface InlinePolicy {
  readonly identityId: string
  readonly name: string
  readonly document: string
}

export interface PolicyAttachment {
  readonly identityId: string
  readonly policyId: string
}

export interface Membership {
  readonly groupId: string
  readonly userId: string
}

export interface AccessKeyRecord {
  readonly accessKeyId: string
  readonly userId: string
  /** Sealed by the domain: the store never sees a secret. */
  readonly sealedSecret: string
  readonly active: boolean
  readonly createdAtMs: number
  /** To the minute or so. */
  readonly lastUsedAtMs: number | undefined
}

/** All there is, as of one version. Each list is in the order of its keys. */
export interface EveryIdentity {
  readonly version: number
  readonly accounts: readonly Account[]
  readonly identities: readonly IdentityRecord[]
  readonly memberships: readonly Membership[]
  readonly policies: readonly ManagedPolicy[]
  readonly attachments: readonly PolicyAttachment[]
  readonly inlinePolicies: readonly InlinePolicy[]
  readonly accessKeys: readonly AccessKeyRecord[]
}

export interface IdentityReads {
  /** Counts up with every change but the noting of uses. */
  version(): Promise<number>
  /** Reads every table whole, for the copy in memory; never used on a request path. */
  everything(): Promise<EveryIdentity>
  account(accountId: string): Promise<Account | undefined>
  find(accountId: string, type: IdentityType, name: string): Promise<IdentityRecord | undefined>
  countOf(accountId: string, type: IdentityType): Promise<number>
  policy(accountId: string, name: string): Promise<ManagedPolicy | undefined>
  countPolicies(accountId: string): Promise<number>
  /** Attached to one identity. */
  attachmentsOf(identityId: string): Promise<readonly PolicyAttachment[]>
  /** How many identities have it attached, and how many as their boundary. */
  usesOf(policyId: string): Promise<{ readonly attachments: number; readonly boundaries: number }>
  /** Of one identity, by name. */
  inlinePoliciesOf(identityId: string): Promise<readonly InlinePolicy[]>
  /** Of a group or of a user, whichever the id is of. */
  membershipsOf(id: string): Promise<readonly Membership[]>
  /** In the order they were made. */
  accessKeysOf(userId: string): Promise<readonly AccessKeyRecord[]>
  accessKey(accessKeyId: string): Promise<AccessKeyRecord | undefined>
}

export interface IdentityWrites extends IdentityReads {
  /** Creates it or replaces its name and organization. */
  putAccount(account: Account): Promise<void>
  /** The caller has checked, in this transaction, that nothing is in it. */
  removeAccount(accountId: string): Promise<void>
  /** False when the name is taken, in any case of its letters: nothing was changed. */
  create(identity: IdentityRecord): Promise<boolean>
  /** Sets what is named; a member that is `undefined` is taken away. */
  update(id: string, change: IdentityChange): Promise<void>
  /** Removes it with its memberships, attachments, inline policies and access keys. */
  remove(id: string): Promise<void>
  /** False when the name is taken, in any case of its letters: nothing was changed. */
  createPolicy(policy: ManagedPolicy): Promise<boolean>
  updatePolicy(id: string, document: string, updatedAtMs: number): Promise<void>
  /** Removes it with its attachments. The caller has checked, in this transaction, that it is nobody's boundary. */
  removePolicy(id: string): Promise<void>
  /** Attaching twice is fine, as is detaching what is not attached; the same holds for the other pairs. */
  attach(attachment: PolicyAttachment): Promise<void>
  detach(attachment: PolicyAttachment): Promise<void>
  putInlinePolicy(policy: InlinePolicy): Promise<void>
  removeInlinePolicy(identityId: string, name: string): Promise<void>
  addMember(membership: Membership): Promise<void>
  removeMember(membership: Membership): Promise<void>
  createAccessKey(key: AccessKeyRecord): Promise<void>
  setAccessKeyActive(accessKeyId: string, active: boolean): Promise<void>
  removeAccessKey(accessKeyId: string): Promise<void>
  noteAccessKeyUse(accessKeyId: string, atMs: number): Promise<void>
}
