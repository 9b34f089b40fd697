import { explainAccess as explain } from '../../../domain/authorisation/explain-access.ts'
import { boolean, list, optional, string, struct } from '../../../model/schema.ts'
import { policyStep } from '../../../model/shapes/identities.ts'
import { operation, stowage } from '../../operation.ts'
import { onServer } from '../operator.ts'
import { presentStep } from './present-step.ts'

/** Whether a principal may do something, which statement decides it, and how each of the others was read. */
export const explainAccess = operation({
  service: stowage,
  name: 'ExplainAccess',
  input: struct({
    principalArn: string({ min: 20, max: 2048 }),
    action: string({ min: 3, max: 200, pattern: '[a-z0-9-]+:[A-Za-z0-9]+' }),
    resource: string({ min: 1, max: 2048, pattern: '\\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+' }),
    contextKeys: optional(list(struct({ key: string({ min: 1, max: 300 }), values: list(string(), { min: 1 }) }))),
  }),
  output: struct({
    allowed: boolean(),
    explicitDeny: boolean(),
    decidedBy: string(),
    statement: optional(policyStep),
    steps: list(policyStep),
  }),
  errors: ['InvalidParameterException', 'NoSuchEntity'],
  allow: onServer('ExplainAccess'),
  handle: async (ctx, { principalArn, action, resource, contextKeys = [] }) => {
    const context = new Map(
      contextKeys.map(({ key, values }) => [key, values.length === 1 ? (values[0] ?? '') : values]),
    )
    const { decision, decidedBy, steps } = await explain(ctx, { principal: principalArn, action, resource, context })
    return {
      allowed: decision.allowed,
      explicitDeny: decision.explicit && !decision.allowed,
      decidedBy: decision.by,
      statement: decidedBy && presentStep(decidedBy),
      steps: steps.map(presentStep),
    }
  },
})
