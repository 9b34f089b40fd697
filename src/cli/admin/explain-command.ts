// `stowage admin explain`: a decision, and how it came about.

import type { Infer } from '../../model/schema.ts'
import type { policyStep } from '../../model/shapes/identities.ts'
import { explainAccess } from '../../operations/admin/identities/explain-access.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'
import { answer, listOption, parsePair, textOption } from './print-answer.ts'

type Step = Infer<typeof policyStep>

export async function explain({ call }: AdminCall, options: Options): Promise<void> {
  const given = (name: string) => textOption(options, name) ?? ''
  const pairs = Map.groupBy(listOption(options, 'context').map(parsePair), ({ key }) => key)
  const explanation = await call(explainAccess, {
    principalArn: given('principal'),
    action: given('action'),
    resource: given('resource'),
    contextKeys: Array.from(pairs, ([key, all]) => ({ key, values: all.map(({ value }) => value) })),
  })
  const { allowed, explicitDeny, decidedBy, statement, steps } = explanation
  const verdict = allowed ? 'allowed' : explicitDeny ? 'denied' : 'not allowed'
  const why = statement
    ? `by ${where(statement)}`
    : allowed
      ? 'as the root of the account'
      : `no ${decidedBy} allows it`
  answer(options, explanation, [`${verdict}: ${why}`, ...steps.map((step) => `  ${line(step)}`)].join('\n'))
}

const misses: Readonly<Record<string, string>> = {
  principal: 'is for others',
  action: 'is about other actions',
  resource: 'is about other resources',
  condition: 'its condition does not hold',
}

function line(step: Step): string {
  const { applies, effect, missed, principalNamedAs } = step
  const named = principalNamedAs === undefined || principalNamedAs === 'self' ? '' : `, by ${principalNamedAs}`
  return `${applies ? effect : '-'.padEnd(effect.length)}  ${where(step)}${applies ? named : `: ${misses[missed ?? ''] ?? ''}`}`
}

function where({ policyType, policyName, statement, sid }: Step): string {
  return `${policyType} ${policyName}, statement ${statement}${sid === undefined ? '' : ` (${sid})`}`
}
