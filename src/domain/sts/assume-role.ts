// Sessions of roles: who may open one, and what it carries.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

import { deflateRawSync } from 'node:zlib'

import { fail } from '../../model/errors.ts'
import { accessRequest, sessionPolicies } from '../authorisation/authorise.ts'
import { policyKinds } from '../authorisation/policies/compile-policy.ts'
import { decide } from '../authorisation/policies/decide.ts'
import type { KeyValue } from '../authorisation/policies/request.ts'
import type { AccessKey, Context, Role, TemporaryCredentials } from '../context.ts'
import { sessionArn } from '../identities/identity-arn.ts'
import type { ResourceTag } from '../ports/resource-tag.ts'
import { openTemporary } from './sessions.ts'

export interface RoleSessionRequest {
  readonly roleArn: string
  readonly sessionName: string
  readonly durationSeconds: number | undefined
  /** The text of a session policy. */
  readonly policy: string | undefined
  /** Managed policies of the role's account, as session policies. */
  readonly policyArns: readonly string[]
  readonly tags: readonly ResourceTag[]
  readonly transitiveTagKeys: readonly string[]
  readonly externalId: string | undefined
  readonly sourceIdentity: string | undefined
  /** The length of the session token at least. */
  readonly tokenCharactersMin: number | undefined
}

export interface RoleSession {
  readonly credentials: Required<AccessKey>
  /** How much of the room for policies and tags is used, in percent; absent when there are none. */
  readonly packedPolicySize: number | undefined
  readonly sourceIdentity: string | undefined
}

const secondsDefault = 3_600
/** Of a session that temporary credentials open: role chaining, and what GetSessionToken gave (both seen to be refused more). */
const chainedSecondsMax = 3_600
/** Policies and tags of a session, deflated: a session token, and a docker password that carries the session, have to fit into a header. */
const packedBytesMax = 1_536

/** Fails with AccessDenied unless the role trusts the caller and the caller may; the same for a role that does not exist. */
export function authoriseAssumeRole(ctx: Context, asked: RoleSessionRequest): void {
  const { caller } = ctx
  if (caller.kind === 'root') fail('AccessDeniedException/rootRole')
  const role = ctx.identities.roleOf(asked.roleArn)
  const refused = actionsFor(ctx, asked).find((action) => !role || !mayOpen(ctx, role, action, asked))
  if (refused !== undefined) {
    fail('AccessDeniedException/sts', { caller: caller.arn, action: refused, resource: asked.roleArn })
  }
}

function actionsFor({ caller }: Context, { tags, sourceIdentity }: RoleSessionRequest): readonly string[] {
  const actions = ['sts:AssumeRole']
  if (tags.length > 0) actions.push('sts:TagSession')
  // One that the caller's session has stays through all roles, each of which has to let it.
  if (sourceIdentity !== undefined || caller.temporary?.sourceIdentity !== undefined)
    actions.push('sts:SetSourceIdentity')
  return actions
}

function mayOpen(ctx: Context, role: Role, action: string, asked: RoleSessionRequest): boolean {
  const identity = ctx.identities.of(ctx.caller)
  const trust = ctx.compiledPolicies.of(role.trustPolicy, policyKinds.trust)
  if (!identity || !trust) return false
  const circumstances = { requestTags: asked.tags, keys: keysOf(ctx, asked) }
  const request = accessRequest(ctx, identity, action, role.arn, circumstances, role.tags)
  const { allowed } = decide(request, {
    identity: identity.policies,
    boundary: identity.boundary,
    session: sessionPolicies(ctx),
    resource: [{ name: `trust policy of ${role.arn}`, policy: trust }],
  })
  // In its account a policy of the caller's may be enough for everything but this: a role has to trust.
  return (
    allowed &&
    trust.statements.some(
      (statement) =>
        statement.effect === 'Allow' && statement.names(request) !== undefined && statement.applies(request),
    )
  )
}

function keysOf({ caller }: Context, asked: RoleSessionRequest): ReadonlyMap<string, KeyValue> {
  const keys = new Map<string, KeyValue>([['sts:rolesessionname', asked.sessionName]])
  const sourceIdentity = caller.temporary?.sourceIdentity ?? asked.sourceIdentity
  if (asked.externalId !== undefined) keys.set('sts:externalid', asked.externalId)
  if (sourceIdentity !== undefined) keys.set('sts:sourceidentity', sourceIdentity)
  if (asked.transitiveTagKeys.length > 0) keys.set('sts:transitivetagkeys', asked.transitiveTagKeys)
  return keys
}

/** Opens a session, for a caller who may. Fails with ValidationError, InvalidParameterValue, MalformedPolicyDocument, PackedPolicyTooLarge. */
export function openRoleSession(ctx: Context, asked: RoleSessionRequest): RoleSession {
  const { caller, clock } = ctx
  const role = ctx.identities.roleOf(asked.roleArn)
  // Gone since the decision.
  if (!role)
    return fail('AccessDeniedException/sts', { caller: caller.arn, action: 'sts:AssumeRole', resource: asked.roleArn })
  const seconds = asked.durationSeconds ?? secondsDefault
  if (caller.temporary && seconds > chainedSecondsMax) fail('ValidationError/chaining')
  if (seconds > role.maxSessionSeconds) fail('ValidationError/maxSession')
  const limits = limitsOf(ctx, role, asked)
  const packed = deflateRawSync(JSON.stringify(limits)).length
  const percent = Math.ceil((packed * 100) / packedBytesMax)
  if (percent > 100) fail('PackedPolicyTooLarge', { percent })
  const issuedAtMs = clock.now()
  const sourceIdentity = sourceIdentityOf(ctx, asked)
  const temporary = {
    issuedAtMs,
    expiresAtMs: issuedAtMs + seconds * 1000,
    roleArn: role.arn,
    ...limits,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  }
  const session = {
    kind: 'session',
    accountId: role.accountId,
    arn: sessionArn(role, asked.sessionName),
    userId: `${role.id}:${asked.sessionName}`,
    temporary,
  } as const
  const credentials = openTemporary(ctx, session, asked.tokenCharactersMin)
  return { credentials, sourceIdentity, packedPolicySize: Object.keys(limits).length > 0 ? percent : undefined }
}

type SessionLimits = Pick<TemporaryCredentials, 'policies' | 'policyArns' | 'tags' | 'transitiveTagKeys'>

function limitsOf(ctx: Context, role: Role, asked: RoleSessionRequest): SessionLimits {
  const { policy, policyArns } = asked
  if (policy !== undefined && !ctx.compiledPolicies.of(policy, policyKinds.identity)) fail('MalformedPolicyDocument')
  for (const arn of policyArns) {
    const isOfRole = arn.split(':')[4] === role.accountId
    if (!isOfRole || ctx.identities.policyOf(arn) === undefined)
      fail('MalformedPolicyDocument/managed', { policyArn: arn })
  }
  const { tags, transitiveTagKeys } = tagsOf(ctx, asked)
  return {
    ...(policy !== undefined && { policies: [policy] }),
    ...(policyArns.length > 0 && { policyArns }),
    ...(tags.length > 0 && { tags }),
    ...(transitiveTagKeys.length > 0 && { transitiveTagKeys }),
  }
}

/** The tags of a session: those asked for, and those of the caller's session that go on through all roles. Keys are the same in any case. */
function tagsOf(
  { caller }: Context,
  { tags, transitiveTagKeys }: RoleSessionRequest,
): { readonly tags: readonly ResourceTag[]; readonly transitiveTagKeys: readonly string[] } {
  const keys = new Set(tags.map(({ key }) => key.toLowerCase()))
  if (keys.size < tags.length) fail('InvalidParameterValue/duplicateTag')
  if (keys.values().some((key) => key.startsWith('aws:'))) fail('InvalidParameterValue/awsTag')
  if (transitiveTagKeys.some((key) => !keys.has(key.toLowerCase()))) fail('InvalidParameterValue/transitiveTag')
  const inheritedKeys = caller.temporary?.transitiveTagKeys ?? []
  const inherits = new Set(inheritedKeys.map((key) => key.toLowerCase()))
  if (inherits.values().some((key) => keys.has(key))) fail('InvalidParameterValue/inheritedTag')
  const inherited = (caller.temporary?.tags ?? []).filter(({ key }) => inherits.has(key.toLowerCase()))
  return { tags: [...tags, ...inherited], transitiveTagKeys: [...transitiveTagKeys, ...inheritedKeys] }
}

/** The first role of a chain sets it; from there it can not be another. */
function sourceIdentityOf({ caller }: Context, { roleArn, sourceIdentity }: RoleSessionRequest): string | undefined {
  const kept = caller.temporary?.sourceIdentity
  if (kept !== undefined && sourceIdentity !== undefined && sourceIdentity !== kept) {
    fail('AccessDeniedException/sts', { caller: caller.arn, action: 'sts:SetSourceIdentity', resource: roleArn })
  }
  return kept ?? sourceIdentity
}
