// The evaluator of the product against the slow one, on policies and requests that nobody thought of. 100,000 pairs:
// `STOWAGE_POLICY_PAIRS=100000 node scripts/test.ts test/domain/policies/reference.test.ts`; other pairs with `STOWAGE_POLICY_SEED=<number>`.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { compilePolicy, policyKinds } from '../../../src/domain/authorisation/policies/compile-policy.ts'
import { decide, type Decision, type PolicySet } from '../../../src/domain/authorisation/policies/decide.ts'
import type { NamedPolicy } from '../../../src/domain/authorisation/policies/policy.ts'
import { anyPolicySet, anyRequest, type AskedRequest } from './any-policy.ts'
import { request } from './asking.ts'
import { evaluate, type PolicyTexts, type Verdict } from './reference-evaluator.ts'

const pairs = Number(process.env['STOWAGE_POLICY_PAIRS'] ?? 40_000)
const seed = Number(process.env['STOWAGE_POLICY_SEED'] ?? 1)
/** Made once and asked so often: most of the time goes into making policies. */
const requestsPerSet = 10

describe('the evaluator', () => {
  test(`decides as the reference does, ${pairs} times`, (t) => {
    const counts = { allowed: 0, 'explicit deny': 0, 'implicit deny': 0 }
    const anyCase = fc.tuple(
      anyPolicySet,
      fc.array(anyRequest, { minLength: requestsPerSet, maxLength: requestsPerSet }),
    )
    const property = fc.property(anyCase, ([texts, requests]) => {
      const compiled = compileSet(texts)
      for (const asked of requests) {
        const expected = evaluate(request(asked), ofPrincipal(asked, texts))
        counts[expected.decision] += 1
        const decision = decide(request(asked), ofPrincipal(asked, compiled))
        if (!agree(expected, decision))
          throw new Error(describeCase(asked, ofPrincipal(asked, texts), expected, decision))
      }
    })
    const { failed, errorInstance } = fc.check(property, { numRuns: pairs / requestsPerSet, seed })
    const reason = errorInstance instanceof Error ? errorInstance.message : ''
    assert.equal(failed, false, `seed ${seed}, as small as it gets: ${reason}`)
    t.diagnostic(JSON.stringify(counts))
    // A comparison of refusals only would prove little.
    for (const [decision, count] of Object.entries(counts)) assert.ok(count > pairs / 10, `${count} times ${decision}`)
  })
})

/** Root and whoever did not sign in have no policies of their own; a user has none of a session. */
function ofPrincipal<P extends Pick<PolicyTexts | PolicySet, 'identity' | 'boundary' | 'session'>>(
  { principal: { kind } }: AskedRequest,
  policies: P,
): P {
  if (kind === 'session') return policies
  if (kind === 'user') return { ...policies, session: undefined }
  return { ...policies, identity: [], boundary: undefined, session: undefined }
}

function compileSet({ identity, boundary, session, resource }: PolicyTexts): PolicySet {
  const named =
    (kind: 'identity' | 'repository') =>
    (text: string): NamedPolicy => {
      const policy = compilePolicy(text, policyKinds[kind])
      assert.ok(policy, `not a policy: ${text}`)
      return { name: kind, policy }
    }
  return {
    identity: identity.map(named('identity')),
    boundary: boundary === undefined ? undefined : named('identity')(boundary),
    session: session?.map(named('identity')),
    resource: resource.map(named('repository')),
  }
}

function agree({ decision, by }: Verdict, { allowed, explicit, by: decider }: Decision): boolean {
  if (allowed) return decision === 'allowed'
  return decision === (explicit ? 'explicit deny' : 'implicit deny') && by.includes(decider)
}

function describeCase(asked: AskedRequest, texts: PolicyTexts, expected: Verdict, decision: Decision): string {
  const { allowed, explicit, by } = decision
  const given = allowed ? 'allowed' : `${explicit ? 'explicit' : 'implicit'} deny`
  const lines = [`the reference says ${expected.decision} (${expected.by.join(', ')}), the product ${given} (${by})`]
  lines.push(`request: ${JSON.stringify(asked)}`)
  for (const [kind, given] of Object.entries(texts)) {
    for (const text of [given ?? []].flat()) lines.push(`${kind}: ${text}`)
  }
  return lines.join('\n')
}
