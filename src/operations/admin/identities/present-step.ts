import type { StatementStep } from '../../../domain/authorisation/policies/statement-steps.ts'
import type { Infer } from '../../../model/schema.ts'
import type { policyStep } from '../../../model/shapes/identities.ts'

export function presentStep(step: StatementStep): Infer<typeof policyStep> {
  return {
    policyType: step.kind,
    policyName: step.policy,
    statement: step.statement,
    sid: step.sid,
    effect: step.effect,
    applies: step.missed === undefined,
    missed: step.missed,
    principalNamedAs: step.namedAs,
  }
}
