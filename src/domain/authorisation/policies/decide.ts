// May this principal do this? AWS's rules, put together: any Deny wins; in the owner's account a policy of the identity or of the resource
// must allow it, from another account both must; a boundary and a session's policies only ever take away.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

import type { NamedPolicy, Statement } from './policy.ts'
import type { NamedAs } from './principal-pattern.ts'
import type { AccessRequest } from './request.ts'

/** All policies that have a say. */
export interface PolicySet {
  /** Of the user and its groups, or of the role. The root of an account needs none. */
  readonly identity: readonly NamedPolicy[]
  /** `undefined` where there is no boundary. */
  readonly boundary: NamedPolicy | undefined
  /** `undefined` where the session was opened without policies of its own. */
  readonly session: readonly NamedPolicy[] | undefined
  /** Of the repository and of its registry. */
  readonly resource: readonly NamedPolicy[]
}

/** Which kind of policy decided. */
export type Decider = 'identity-based policy' | 'resource-based policy' | 'permissions boundary' | 'session policy'

export interface Decision {
  readonly allowed: boolean
  /** An explicit Deny, as opposed to nobody allowing it. */
  readonly explicit: boolean
  readonly by: Decider
  /** The policy and statement that allowed or denied; `undefined` for a root, and where nothing allows. */
  readonly policy?: string
  readonly sid?: string | undefined
}

interface Match {
  readonly policy: string
  readonly statement: Statement
  readonly namedAs: NamedAs
}

export function decide(request: AccessRequest, policies: PolicySet): Decision {
  const { identity, boundary, session, resource } = policies
  const boundaries = boundary ? [boundary] : undefined
  const denial =
    firstDenial('identity-based policy', identity, request) ??
    firstDenial('resource-based policy', resource, request, boundary !== undefined) ??
    firstDenial('permissions boundary', boundaries, request) ??
    firstDenial('session policy', session, request)
  if (denial) return denial
  const { principal } = request
  const byResource = closestAllow(resource, request)
  const isOwner = principal.kind !== 'anonymous' && principal.accountId === request.resourceAccountId
  if (isOwner && byResource && grantsAlone(byResource)) return allowed('resource-based policy', byResource)
  if (principal.kind === 'anonymous') {
    return byResource ? allowed('resource-based policy', byResource) : nobodyAllows('resource-based policy')
  }
  const byIdentity = principal.kind === 'root' ? undefined : firstAllow(identity, request)
  // Named by a policy of the resource: then the identity's own need not allow it, what takes away still does.
  const isGranted = isOwner && byResource !== undefined && byResource.namedAs !== 'account'
  if (principal.kind !== 'root' && !byIdentity && !isGranted) return nobodyAllows('identity-based policy')
  if (!isOwner && !byResource) return nobodyAllows('resource-based policy')
  if (boundaries && !firstAllow(boundaries, request)) return nobodyAllows('permissions boundary')
  if (session && !firstAllow(session, request)) return nobodyAllows('session policy')
  if (byIdentity) return allowed('identity-based policy', byIdentity)
  return isGranted
    ? allowed('resource-based policy', byResource)
    : { allowed: true, explicit: false, by: 'identity-based policy' }
}

/**
 * Whether a policy of the resource is enough in the owner's account, without regard to a boundary or a session's policies: it is for a user
 * or a session that it names itself, and for those that `*` means (AWS, "IAM role principals", the last paragraph); a role that it names stays
 * within both.
 */
function grantsAlone({ namedAs }: Match): boolean {
  return namedAs === 'self' || namedAs === 'everyone'
}

const closeness: readonly NamedAs[] = ['self', 'everyone', 'role', 'account']

/** The Allow that leaves the principal the most. */
function closestAllow(policies: readonly NamedPolicy[], request: AccessRequest): Match | undefined {
  let closest: Match | undefined
  for (const { name, policy } of policies) {
    for (const statement of policy.about(request.action).Allow) {
      const namedAs = statement.names(request)
      if (namedAs === undefined || !statement.covers(request)) continue
      const match = { policy: name, statement, namedAs }
      if (namedAs === 'self') return match
      if (!closest || closeness.indexOf(namedAs) < closeness.indexOf(closest.namedAs)) closest = match
    }
  }
  return closest
}

function firstAllow(policies: readonly NamedPolicy[], request: AccessRequest): Match | undefined {
  return first('Allow', policies, request)
}

function first(
  effect: 'Allow' | 'Deny',
  policies: readonly NamedPolicy[],
  request: AccessRequest,
  isBounded = false,
): Match | undefined {
  for (const { name, policy } of policies) {
    for (const statement of policy.about(request.action)[effect]) {
      // From a Deny with NotPrincipal no principal that has a boundary is exempt, whoever it names (AWS, "NotPrincipal", key points).
      const namedAs = isBounded && statement.exempts ? 'everyone' : statement.names(request)
      if (namedAs !== undefined && statement.covers(request)) return { policy: name, statement, namedAs }
    }
  }
  return undefined
}

function firstDenial(
  by: Decider,
  policies: readonly NamedPolicy[] | undefined,
  request: AccessRequest,
  isBounded?: boolean,
): Decision | undefined {
  const match = policies && first('Deny', policies, request, isBounded)
  return match && { allowed: false, explicit: true, by, policy: match.policy, sid: match.statement.sid }
}

function allowed(by: Decider, { policy, statement }: Match): Decision {
  return { allowed: true, explicit: true, by, policy, sid: statement.sid }
}

function nobodyAllows(by: Decider): Decision {
  return { allowed: false, explicit: false, by }
}
