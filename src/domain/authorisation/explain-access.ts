// Why a principal may or may not do something: the decision itself, and how each statement that has a say was read on the way to it.

import { fail } from '../../model/errors.ts'
import type { Caller, Context } from '../context.ts'
import { parseSessionArn, sessionArn } from '../identities/identity-arn.ts'
import { openCase } from './authorise.ts'
import { decide, type Decision } from './policies/decide.ts'
import type { AccessRequest, KeyValue } from './policies/request.ts'
import { decidingStep, stepsOf, type StatementStep } from './policies/statement-steps.ts'

export interface Question {
  /** ARN of a user, a role, a session or a root. */
  readonly principal: string
  readonly action: string
  readonly resource: string
  /** Condition keys of the request, by their names in any case; those of the principal and of the resource are known. */
  readonly context: ReadonlyMap<string, KeyValue>
}

export interface Explanation {
  readonly decision: Decision
  /** The statement that decided; `undefined` for what nobody allows, and for a root's own account. */
  readonly decidedBy: StatementStep | undefined
  readonly steps: readonly StatementStep[]
}

/** Fails with NoSuchEntity for a principal that is not here. */
export async function explainAccess(ctx: Context, question: Question): Promise<Explanation> {
  const { action, resource } = question
  const region = resource.split(':')[3] || ctx.region
  const caller = callerOf(ctx, question.principal)
  const asked = await openCase({ ...ctx, caller, region }, action, resource)
  if (!asked) return fail('NoSuchEntity/principal', { arn: question.principal })
  const request = { ...asked.request, key: keyOf(question, asked.request) }
  const decision = decide(request, asked.policies)
  const steps = stepsOf(request, asked.policies)
  return { decision, decidedBy: decidingStep(decision, steps), steps }
}

const rootPattern = /^arn:aws:iam::([0-9]{12}):root$/

/** Somebody who calls as that principal now. Fails with NoSuchEntity. */
function callerOf({ identities, clock }: Context, arn: string): Caller {
  const accountId = arn.split(':')[4] ?? ''
  if (rootPattern.test(arn)) return { kind: 'root', accountId, arn, userId: accountId, accessKeyId: '' }
  const id = identities.idOf(arn) ?? fail('NoSuchEntity/principal', { arn })
  const [ownId = ''] = id.split(':')
  const ownArn = identities.arnOf(ownId) ?? arn
  const role = identities.roleOf(ownArn)
  if (!role) return { kind: 'user', accountId, arn, userId: id, accessKeyId: '' }
  // A role itself never calls: a session of it does.
  const session = parseSessionArn(arn)?.session ?? 'explain'
  const issuedAtMs = clock.now()
  return {
    kind: 'session',
    accountId,
    arn: sessionArn(role, session),
    userId: `${role.id}:${session}`,
    accessKeyId: '',
    temporary: { issuedAtMs, expiresAtMs: issuedAtMs + 3_600_000, roleArn: role.arn },
  }
}

/** What the request that asks for the explanation says of itself is not what the explained one would say. */
const unknowable: ReadonlySet<string> = new Set(['aws:sourceip', 'aws:useragent', 'aws:securetransport'])

function keyOf({ context }: Question, { key }: AccessRequest): AccessRequest['key'] {
  const given = new Map(Array.from(context, ([name, value]) => [name.toLowerCase(), value]))
  return (name) => given.get(name) ?? (unknowable.has(name) ? undefined : key(name))
}
