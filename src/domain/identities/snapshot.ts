// Identities in memory, as of one version: what callers may do and whose keys are whose, answered without asking the database.

import { letOthersRun } from '../../lib/event-loop.ts'
import type { CompiledPolicies } from '../authorisation/compiled-policies.ts'
import { policyKinds } from '../authorisation/policies/compile-policy.ts'
import type { NamedPolicy } from '../authorisation/policies/policy.ts'
import type { AccessKey, Caller, Identity, Role, Secrets } from '../context.ts'
import type { AccessKeyRecord, EveryIdentity, IdentityRecord, ManagedPolicy } from '../ports/identities.ts'
import { identityArn, parseSessionArn, policyArn, sessionArn } from './identity-arn.ts'
import { openSecret } from './seal-secret.ts'

export interface SnapshotOptions {
  readonly compiledPolicies: CompiledPolicies
  readonly secrets: Secrets
  readonly onBackgroundError: (what: string, error: unknown) => void
}

export interface Snapshot {
  readonly everything: EveryIdentity
  readonly of: (caller: Caller) => Identity | undefined
  readonly findKey: (accessKeyId: string) => AccessKey | undefined
  readonly keyRecord: (accessKeyId: string) => AccessKeyRecord | undefined
  readonly arnOf: (id: string) => string | undefined
  readonly idOf: (arn: string) => string | undefined
  readonly roleOf: (arn: string) => Role | undefined
  readonly policyOf: (arn: string) => string | undefined
  readonly hasAccount: (accountId: string) => boolean
}

const nothing: Identity = {
  policies: [],
  boundary: undefined,
  tags: [],
  userName: undefined,
  organizationId: undefined,
}

/** Made in slices: with 10,000 users it is a tenth of a second of work, and requests are answered meanwhile. */
export async function createSnapshot(everything: EveryIdentity, options: SnapshotOptions): Promise<Snapshot> {
  const byId = new Map<string, IdentityRecord>()
  const byArn = new Map<string, IdentityRecord>()
  const roles = new Map<string, IdentityRecord>()
  await inSlices(everything.identities, (record) => {
    byId.set(record.id, record)
    // Groups are no principals: nobody calls as one, and no policy names one.
    if (record.type !== 'group') byArn.set(identityArn(record), record)
    if (record.type === 'role') roles.set(`${record.accountId} ${record.name}`, record)
  })
  const accounts = new Map(everything.accounts.map((account) => [account.accountId, account]))
  const keys = new Map<string, AccessKeyRecord>()
  await inSlices(everything.accessKeys, (key) => keys.set(key.accessKeyId, key))
  const policies = new Map<string, string>()
  await inSlices(everything.policies, (policy) => policies.set(policyArn(policy), policy.document))
  const policiesOf = await createPoliciesOf(everything, byId, options)
  const identityOf = remembered((id: string): Identity | undefined => {
    const record = byId.get(id)
    const said = record && policiesOf(record)
    if (!record || !said) return undefined
    const { type, name, tags, accountId } = record
    const organizationId = accounts.get(accountId)?.organizationId
    return { ...said, tags, userName: type === 'user' ? name : undefined, organizationId }
  })
  const findKey = remembered((accessKeyId: string): AccessKey | undefined => {
    const key = keys.get(accessKeyId)
    const user = key && byId.get(key.userId)
    if (!user || !key.active) return undefined
    const secretAccessKey = openSecret(options.secrets, accessKeyId, key.sealedSecret)
    if (secretAccessKey !== undefined) return { accessKeyId, secretAccessKey, principal: userPrincipal(user, key) }
    options.onBackgroundError(`the access key ${accessKeyId}`, new Error('it was sealed with another identity key'))
    return undefined
  })
  const roleRecord = (arn: string): IdentityRecord | undefined => {
    const record = byArn.get(arn)
    return record?.type === 'role' ? record : undefined
  }
  return {
    everything,
    of: ({ kind, accountId, userId, temporary }) => {
      if (kind === 'anonymous') return nothing
      if (kind === 'root') return { ...nothing, organizationId: accounts.get(accountId)?.organizationId }
      const [id = ''] = userId.split(':')
      const record = byId.get(id)
      const isRevoked = temporary && temporary.issuedAtMs < (record?.revokedBeforeMs ?? -Infinity)
      const isOfKind = record?.type === (kind === 'session' ? 'role' : 'user')
      return isOfKind && !isRevoked ? identityOf(id) : undefined
    },
    // Unknown ids come from anybody: only known ones are remembered.
    findKey: (accessKeyId) => (keys.has(accessKeyId) ? findKey(accessKeyId) : undefined),
    keyRecord: (accessKeyId) => keys.get(accessKeyId),
    arnOf: (id) => {
      const [own = '', session] = id.split(':')
      const record = byId.get(own)
      if (!record || record.type === 'group') return undefined
      if (session === undefined) return identityArn(record)
      return record.type === 'role' ? sessionArn(record, session) : undefined
    },
    idOf: (arn) => {
      const session = parseSessionArn(arn)
      if (!session) return byArn.get(arn)?.id
      const role = roles.get(`${session.accountId} ${session.roleName}`)
      return role && `${role.id}:${session.session}`
    },
    roleOf: (arn) => {
      const role = roleRecord(arn)
      return role && toRole(role)
    },
    policyOf: (arn) => policies.get(arn),
    hasAccount: (accountId) => accounts.has(accountId),
  }
}

function userPrincipal(user: IdentityRecord, { accessKeyId }: AccessKeyRecord): Caller {
  return { kind: 'user', accountId: user.accountId, arn: identityArn(user), userId: user.id, accessKeyId }
}

function toRole(record: IdentityRecord): Role {
  const { id, accountId, name, tags, trustPolicy, maxSessionSeconds } = record
  if (trustPolicy === undefined || maxSessionSeconds === undefined) throw new Error(`${id} is no whole role`)
  return { id, accountId, name, arn: identityArn(record), trustPolicy, maxSessionSeconds, tags }
}

type Said = Pick<Identity, 'policies' | 'boundary'>

/**
 * The policies of a user with those of its groups, or of a role. `undefined` when one of them can not be compiled: it may be the one that
 * denies, so that its identity may do nothing.
 */
async function createPoliciesOf(
  everything: EveryIdentity,
  byId: ReadonlyMap<string, IdentityRecord>,
  { compiledPolicies, onBackgroundError }: SnapshotOptions,
): Promise<(record: IdentityRecord) => Said | undefined> {
  const managed = new Map<string, ManagedPolicy>()
  await inSlices(everything.policies, (policy) => managed.set(policy.id, policy))
  const attached = await groupInSlices(everything.attachments, ({ identityId }) => identityId)
  const inline = await groupInSlices(everything.inlinePolicies, ({ identityId }) => identityId)
  const memberships = await groupInSlices(everything.memberships, ({ userId }) => userId)

  function compile(name: string, document: string): NamedPolicy {
    const policy = compiledPolicies.of(document, policyKinds.identity)
    if (!policy) throw new Error(`${name} is no policy`)
    return { name, policy }
  }
  function compileManaged(policyId: string): NamedPolicy {
    const policy = managed.get(policyId)
    if (!policy) throw new Error(`there is no policy ${policyId}`)
    return compile(policyArn(policy), policy.document)
  }
  function ownPolicies(record: IdentityRecord): readonly NamedPolicy[] {
    return [
      ...(attached.get(record.id) ?? []).map(({ policyId }) => compileManaged(policyId)),
      ...(inline.get(record.id) ?? []).map(({ name, document }) =>
        compile(`${record.type} ${record.name}, inline policy ${name}`, document),
      ),
    ]
  }
  return (record) => {
    try {
      const ofGroups = (memberships.get(record.id) ?? []).flatMap(({ groupId }) => byId.get(groupId) ?? [])
      const policies = [record, ...ofGroups].flatMap(ownPolicies)
      const { boundaryId } = record
      return { policies, boundary: boundaryId === undefined ? undefined : compileManaged(boundaryId) }
    } catch (error) {
      onBackgroundError(`the policies of ${identityArn(record)}`, error)
      return undefined
    }
  }
}

const sliceItems = 250

async function inSlices<T>(items: readonly T[], each: (item: T) => void): Promise<void> {
  for (let at = 0; at < items.length; at += sliceItems) {
    for (const item of items.slice(at, at + sliceItems)) each(item)
    await letOthersRun()
  }
}

async function groupInSlices<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const groups = new Map<string, T[]>()
  await inSlices(items, (item) => {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  })
  return groups
}

/** Computed when it is asked for first. */
function remembered<T>(compute: (id: string) => T): (id: string) => T {
  const known = new Map<string, T>()
  return (id) => {
    const found = known.get(id)
    if (found !== undefined || known.has(id)) return found as T // it is there
    const value = compute(id)
    known.set(id, value)
    return value
  }
}
