// How each statement was read on the way to a decision: for explanations and for the log, where time does not count.

import type { Decider, Decision, PolicySet } from './decide.ts'
import type { Statement } from './policy.ts'
import type { NamedAs } from './principal-pattern.ts'
import type { AccessRequest } from './request.ts'

export interface StatementStep {
  readonly kind: Decider
  readonly policy: string
  /** Counted from one. */
  readonly statement: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** How it names the principal; `undefined` when it does not. */
  readonly namedAs: NamedAs | undefined
  /** The first element that keeps it from applying; `undefined` when it applies. */
  readonly missed: 'principal' | 'action' | 'resource' | 'condition' | undefined
}

/** All statements that have a say, in the order in which kinds of policies are asked. */
export function stepsOf(request: AccessRequest, policies: PolicySet): readonly StatementStep[] {
  const { identity, resource, boundary, session } = policies
  const kinds = [
    ['identity-based policy', identity],
    ['resource-based policy', resource],
    ['permissions boundary', boundary ? [boundary] : []],
    ['session policy', session ?? []],
  ] as const
  return kinds.flatMap(([kind, all]) =>
    all.flatMap(({ name, policy }) =>
      policy.statements.map((statement, index) => ({
        kind,
        policy: name,
        statement: index + 1,
        ...readStatement(request, statement, kind === 'resource-based policy' && boundary !== undefined),
      })),
    ),
  )
}

function readStatement(
  request: AccessRequest,
  { sid, effect, exempts, names, misses }: Statement,
  isBounded: boolean,
): Pick<StatementStep, 'sid' | 'effect' | 'namedAs' | 'missed'> {
  // As `decide` has it: NotPrincipal of a Deny exempts nobody who has a boundary.
  const namedAs = isBounded && exempts && effect === 'Deny' ? 'everyone' : names(request)
  return { sid, effect, namedAs, missed: namedAs === undefined ? 'principal' : misses(request) }
}

const closeness: readonly (NamedAs | undefined)[] = ['self', 'everyone', 'role', 'account']

/** The first one that applies, of the policy that the decision names; of a resource's Allows the one that names the principal closest. */
export function decidingStep(
  { allowed, by, policy }: Decision,
  steps: readonly StatementStep[],
): StatementStep | undefined {
  const effect = allowed ? 'Allow' : 'Deny'
  const [first] = steps
    .filter((step) => step.kind === by && step.policy === policy && step.effect === effect && step.missed === undefined)
    .toSorted((one, other) =>
      allowed ? closeness.indexOf(one.namedAs) - closeness.indexOf(other.namedAs) : one.statement - other.statement,
    )
  return first
}
