// IAM's decision a second time: slow, obvious, straight over the parsed documents, written from AWS's pages and not from the product,
// to be compared with it. What AWS leaves open is said where it is decided.

import type { AccessRequest, Principal } from '../../../src/domain/authorisation/policies/request.ts'
import { conditionHolds, textsOf, type ConditionText } from './reference-condition.ts'
import { fits, withVariables, withWildcards, type Place } from './reference-pattern.ts'

/** A JSON text each; the boundary and the session's policies where there are such. Root and whoever did not sign in have resources' only. */
export interface PolicyTexts {
  readonly identity: readonly string[]
  readonly boundary: string | undefined
  readonly session: readonly string[] | undefined
  readonly resource: readonly string[]
}

export type PolicyType = 'identity-based policy' | 'resource-based policy' | 'permissions boundary' | 'session policy'

/** With all types of policy that a refusal may be put down to: AWS names one of them and does not say which. */
export interface Verdict {
  readonly decision: 'allowed' | 'explicit deny' | 'implicit deny'
  readonly by: readonly PolicyType[]
}

interface StatementText {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: unknown
  readonly NotPrincipal?: unknown
  readonly Action?: unknown
  readonly NotAction?: unknown
  readonly Resource?: unknown
  readonly NotResource?: unknown
  readonly Condition?: ConditionText
}

/** A statement with what it takes from around it. */
interface Placed {
  readonly statement: StatementText
  /** Variables came with version 2012-10-17; without it they are literal text. */
  readonly variables: boolean
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
export function evaluate(request: AccessRequest, texts: PolicyTexts): Verdict {
  const { principal } = request
  const identity = texts.identity.flatMap(statementsOf)
  const boundary = texts.boundary === undefined ? undefined : statementsOf(texts.boundary)
  const session = texts.session?.flatMap(statementsOf)
  const resource = texts.resource.flatMap(statementsOf)
  const applicable = (statements: readonly Placed[], effect: 'Allow' | 'Deny'): readonly Placed[] =>
    statements.filter((placed) => placed.statement.Effect === effect && applies(placed, request))

  // One Deny that applies, in a policy of any type, is the decision.
  const bounded = boundary !== undefined
  const denying: PolicyType[] = []
  if (applicable(identity, 'Deny').length > 0) denying.push('identity-based policy')
  if (applicable(resource, 'Deny').some((placed) => ways(placed.statement, request, bounded).length > 0)) {
    denying.push('resource-based policy')
  }
  if (applicable(boundary ?? [], 'Deny').length > 0) denying.push('permissions boundary')
  if (applicable(session ?? [], 'Deny').length > 0) denying.push('session policy')
  if (denying.length > 0) return { decision: 'explicit deny', by: denying }

  // What is missing on the principal's side. The root user has full access there.
  const missing: PolicyType[] = []
  if (principal.kind !== 'root' && applicable(identity, 'Allow').length === 0) missing.push('identity-based policy')
  if (boundary !== undefined && applicable(boundary, 'Allow').length === 0) missing.push('permissions boundary')
  if (session !== undefined && applicable(session, 'Allow').length === 0) missing.push('session policy')

  const granted = new Set(applicable(resource, 'Allow').flatMap(({ statement }) => ways(statement, request, bounded)))
  if (principal.kind === 'anonymous') return verdict(granted.has('everyone') ? [] : ['resource-based policy'])
  if (principal.accountId !== request.resourceAccountId) {
    // Across accounts both sides are evaluated, and both have to allow.
    return verdict(granted.size > 0 ? missing : [...missing, 'resource-based policy'])
  }
  // What is granted to the user or the session itself is not limited by an implicit deny of any other type. Nor is what `*` grants: within the
  // account nothing else is required ("All principals"), and boundaries and session policies do not limit it ("IAM role principals").
  if (granted.has('self') || granted.has('everyone')) return verdict([])
  // What is granted to a role is limited by an implicit deny in a boundary or a session policy, not by the identity's.
  if (granted.has('role')) return verdict(missing.filter((type) => type !== 'identity-based policy'))
  // To name the account delegates to it: its own policies have to allow.
  return verdict(missing)
}

function verdict(missing: readonly PolicyType[]): Verdict {
  return { decision: missing.length === 0 ? 'allowed' : 'implicit deny', by: missing }
}

function statementsOf(text: string): readonly Placed[] {
  // The arbitraries write no other document than one of this form.
  const document = JSON.parse(text) as { Version?: string; Statement: StatementText | readonly StatementText[] }
  const variables = document.Version === '2012-10-17'
  return [document.Statement].flat().map((statement) => ({ statement, variables }))
}

/** Whether a statement is about the action, the resource and the circumstances. */
function applies({ statement, variables }: Placed, request: AccessRequest): boolean {
  const isAction = (value: unknown): boolean =>
    textsOf(value).some((text) => fits(withWildcards(text.toLowerCase()), request.action.toLowerCase()))
  const isResource = (value: unknown): boolean =>
    textsOf(value).some((text) => isLikeResource(text, request, variables))

  if (statement.Action !== undefined && !isAction(statement.Action)) return false
  if (statement.NotAction !== undefined && isAction(statement.NotAction)) return false
  // A repository's policy has neither: it is about its repository.
  if (statement.Resource !== undefined && !isResource(statement.Resource)) return false
  if (statement.NotResource !== undefined && isResource(statement.NotResource)) return false
  return conditionHolds(statement.Condition ?? {}, request, variables)
}

/**
 * Wildcards stay within their segment of the ARN, but a `*` that ends one may reach beyond the colon. Variables stand after the fifth colon only;
 * a pattern with one that has no value matches no resource.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function isLikeResource(text: string, request: AccessRequest, variables: boolean): boolean {
  const fifthColon = text.split(':').slice(0, 5).join(':').length
  const places: Place[] = []
  for (let at = 0; at < fifthColon; at++) {
    const [char, next] = [text.charAt(at), text[at + 1] ?? ':']
    if (char === '*' || char === '?') places.push({ wildcard: char, stopsAtColon: char === '?' || next !== ':' })
    else places.push({ char })
  }
  const rest = text.slice(fifthColon)
  const replaced = variables ? withVariables(rest, request, withWildcards) : withWildcards(rest)
  return replaced !== undefined && fits([...places, ...replaced], request.resource)
}

type Way = 'self' | 'role' | 'account' | 'everyone'

/**
 * The ways a statement of a resource-based policy is about the principal; none when it is not.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
function ways(statement: StatementText, request: AccessRequest, bounded: boolean): readonly Way[] {
  if (statement.NotPrincipal === undefined) return waysNamed(statement.Principal, request)
  // All but those named, as AWS said when it still supported this; to name an account names all in it.
  if (statement.Effect === 'Allow') return waysNamed(statement.NotPrincipal, request).length > 0 ? [] : ['everyone']
  // Whoever has a boundary is denied, whatever is named.
  return bounded || !isExcepted(statement.NotPrincipal, request) ? ['everyone'] : []
}

function waysNamed(element: unknown, { principal }: AccessRequest): readonly Way[] {
  const named = principalsOf(element)
  const found: Way[] = []
  if (named.includes('*')) found.push('everyone')
  if (principal.kind === 'anonymous') return found
  if (principal.kind !== 'root' && named.some((name) => isName(name, principal.arn, principal.userId)))
    found.push('self')
  if (principal.roleArn !== undefined && named.some((name) => isRole(name, principal))) found.push('role')
  if (namesAccount(named, principal.accountId)) found.push('account')
  return found
}

/**
 * A principal is to be named together with its account, and a session with its role too. AWS says that leaving one out might deny; read as: it
 * does.
 */
function isExcepted(element: unknown, { principal }: AccessRequest): boolean {
  const named = principalsOf(element)
  if (named.includes('*')) return true
  if (principal.kind === 'anonymous' || !namesAccount(named, principal.accountId)) return false
  if (principal.roleArn !== undefined && !named.some((name) => isRole(name, principal))) return false
  return principal.kind === 'root' || named.some((name) => isName(name, principal.arn, principal.userId))
}

/** IAM replaces ARNs by unique ids when a policy is stored, so that either may stand there. */
function isName(name: string, arn: string | undefined, id: string | undefined): boolean {
  return name === arn || name === id
}

function isRole(name: string, { roleArn, userId }: Principal): boolean {
  return isName(name, roleArn, userId?.split(':')[0])
}

function principalsOf(element: unknown): readonly string[] {
  if (element === '*') return ['*']
  // Services and federated identities are never the principal of a request here.
  const { AWS } = element as { AWS?: unknown }
  return AWS === undefined ? [] : textsOf(AWS)
}

/** By its number or by the ARN of its root: both mean the same. */
function namesAccount(named: readonly string[], accountId: string): boolean {
  return named.includes(accountId) || named.includes(`arn:aws:iam::${accountId}:root`)
}
