// What the log says of a decision, when somebody looks for the reason of one. Names, ARNs and places in policies: nothing of a header, and no
// value of a condition key, which may be anything that a client sends.

import type { Decision, PolicySet } from './policies/decide.ts'
import type { AccessRequest } from './policies/request.ts'
import { decidingStep, stepsOf, type StatementStep } from './policies/statement-steps.ts'

/** A decision as the log has it. */
export interface DecisionLine {
  readonly requestId: string
  readonly principal: string
  readonly action: string
  readonly resource: string
  /** Whether it may; a Deny (`denied`) is told from what nobody allows (`not allowed`). */
  readonly verdict: 'allowed' | 'denied' | 'not allowed'
  /** The kind of policy that decided. */
  readonly by: string
  /** `undefined` where nothing allows, for a root in its account, and for somebody who is gone. */
  readonly decidedBy: StatementStep | undefined
  readonly steps: readonly StatementStep[]
  /** Statements beyond those. */
  readonly stepsLeftOut: number
}

const stepsMax = 200

interface Asking {
  readonly caller: { readonly arn: string }
  readonly requestId: string
  readonly onDecision?: ((line: DecisionLine) => void) | undefined
}

/** Tells the log when it asks for decisions; costs nothing when it does not. */
export function logDecision(
  { caller, requestId, onDecision }: Asking,
  action: string,
  resource: string,
  asked: { readonly request: AccessRequest; readonly policies: PolicySet } | undefined,
  decision: Decision,
): void {
  if (!onDecision) return
  const steps = asked ? stepsOf(asked.request, asked.policies) : []
  const { allowed, explicit, by } = decision
  onDecision({
    requestId,
    principal: caller.arn,
    action,
    resource,
    verdict: allowed ? 'allowed' : explicit ? 'denied' : 'not allowed',
    by,
    decidedBy: decidingStep(decision, steps),
    steps: steps.slice(0, stepsMax),
    stepsLeftOut: Math.max(0, steps.length - stepsMax),
  })
}
