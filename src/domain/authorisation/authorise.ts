// Whether the caller may do what it asks. Decided at each request, from the policies as they are now.

import { fail } from '../../model/errors.ts'
import type { Context, Identity } from '../context.ts'
import type { PoliciesAbout, RegistryKey, ResourceTag } from '../ports/metadata.ts'
import { parseAnyRepositoryArn } from '../references.ts'
import { conditionKey, type Circumstances } from './circumstances.ts'
import { logDecision } from './decision-log.ts'
import { policyKinds, type PolicyKind } from './policies/compile-policy.ts'
import { decide, type Decision, type PolicySet } from './policies/decide.ts'
import type { NamedPolicy } from './policies/policy.ts'
import type { AccessRequest } from './policies/request.ts'

/**
 * Fails with AccessDenied unless the caller may do `action` on `resource` (an ARN, or `*`).
 */
export async function authorise(
  ctx: Context,
  action: string,
  resource: string,
  circumstances: Circumstances = {},
): Promise<void> {
  const asked = await openCase(ctx, action, resource, circumstances)
  // A user that is gone, a session that was revoked: whatever a policy says of everyone, it is not for them.
  const decision: Decision = asked
    ? decide(asked.request, asked.policies)
    : { allowed: false, explicit: false, by: 'identity-based policy' }
  logDecision(ctx, action, resource, asked, decision)
  if (decision.allowed) return
  const { explicit, by } = decision
  fail(explicit ? 'AccessDeniedException/explicit' : 'AccessDeniedException/nobody', {
    caller: ctx.caller.arn,
    action,
    resource,
    by,
  })
}

/** A request and the policies that have a say about it. */
export interface Case {
  readonly request: AccessRequest
  readonly policies: PolicySet
}

/** What a decision is made of; `undefined` when the caller is nobody any more. */
export async function openCase(
  ctx: Context,
  action: string,
  resource: string,
  circumstances: Circumstances = {},
): Promise<Case | undefined> {
  const place = resource === '*' ? undefined : parseAnyRepositoryArn(resource)
  const about = place && (await ctx.metadata.read.policies.about(place.registry, place.name))
  const policies = place && about ? resourcePolicies(ctx, place.registry, about) : []
  const repositoryId = about?.repositoryId
  const identity = ctx.identities.of(ctx.caller)
  if (!identity) return undefined
  const session = sessionPolicies(ctx)
  const boundary = identity.boundary === undefined ? [] : [identity.boundary]
  const tags =
    repositoryId !== undefined && [policies, identity.policies, boundary, session ?? []].some(readResourceTags)
      ? await ctx.metadata.read.repositories.tags(repositoryId)
      : []
  const request = accessRequest(ctx, identity, action, resource, circumstances, tags)
  const isRepair = repairs.has(action) && request.principal.accountId === request.resourceAccountId
  return {
    request,
    policies: {
      identity: identity.policies,
      boundary: identity.boundary,
      session,
      // The root of the account can always mend a policy that locks everybody out, itself too (row P9).
      resource: isRepair && request.principal.kind === 'root' ? [] : policies,
    },
  }
}

const readResourceTags = (policies: readonly NamedPolicy[]): boolean =>
  policies.some(({ policy }) => policy.readsResourceTags)

/** `undefined` for a session that was opened without policies. */
export function sessionPolicies(ctx: Context): readonly NamedPolicy[] | undefined {
  const { policies, policyArns } = ctx.caller.temporary ?? {}
  if (!policies && !policyArns) return undefined
  const own = (policies ?? []).map((text, index) => sessionPolicy(ctx, `session policy ${index + 1}`, text))
  const managed = (policyArns ?? []).flatMap((arn) => {
    const text = ctx.identities.policyOf(arn)
    return text === undefined ? [] : [sessionPolicy(ctx, arn, text)]
  })
  return [...own, ...managed]
}

function sessionPolicy(ctx: Context, name: string, text: string): NamedPolicy {
  const policy = ctx.compiledPolicies.of(text, policyKinds.identity)
  if (!policy) throw new Error(`${name} is none, though it was checked when it was made`)
  return { name, policy }
}

const repairs: ReadonlySet<string> = new Set(
  ['ecr', 'ecr-public'].flatMap((service) =>
    ['Set', 'Get', 'Delete'].map((verb) => `${service}:${verb}RepositoryPolicy`),
  ),
)

export function accessRequest(
  ctx: Context,
  identity: Identity,
  action: string,
  resource: string,
  circumstances: Circumstances,
  resourceTags: readonly ResourceTag[],
): AccessRequest {
  const { kind, accountId, arn, userId, temporary } = ctx.caller
  const roleArn = temporary?.roleArn
  return {
    principal: roleArn === undefined ? { kind, accountId, arn, userId } : { kind, accountId, arn, userId, roleArn },
    action,
    resource,
    resourceAccountId: resource === '*' ? accountId : (resource.split(':')[4] ?? ''),
    key: (name) => conditionKey(ctx, identity, name, circumstances, resourceTags),
  }
}

function resourcePolicies(
  ctx: Context,
  registry: RegistryKey,
  { repository, registry: ofRegistry }: PoliciesAbout,
): readonly NamedPolicy[] {
  const policies: NamedPolicy[] = []
  const add = (policyName: string, text: string | undefined, kind: PolicyKind) => {
    const policy = text === undefined ? undefined : ctx.compiledPolicies.of(text, kind)
    if (policy) policies.push({ name: policyName, policy })
    // Stored before conditions were checked: it gives nothing to anybody.
    else if (text !== undefined) ctx.onBackgroundError(`the ${policyName} policy`, new Error('it is no policy'))
  }
  add('repository', repository, registry.kind === 'public' ? policyKinds.publicRepository : policyKinds.repository)
  add('registry', ofRegistry, policyKinds.registry)
  return policies
}
