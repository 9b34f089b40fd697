// C9: the server runs, and says of itself that it is well, or why not.

import type { Problem } from './fault-test.ts'
import type { Registry } from './registry.ts'

/** `degraded` when it is to say that it lacks something, `either` when that may be over. */
export type Health = 'ok' | 'degraded' | 'either'

export async function checkAlive(
  { kind, process, target }: Registry,
  health: Health = 'ok',
): Promise<readonly Problem[]> {
  const outcome = process().outcome()
  if (outcome !== undefined) return [{ rule: 'C9', text: `the server ended with ${outcome}` }]
  // The other registry has no such pages.
  if (kind !== 'stowage') return []
  const states = health === 'either' ? ['ok', 'degraded'] : [health]
  const problems: Problem[] = []
  for (const path of ['/healthz', '/readyz']) {
    const answer = await fetch(`${target.origin}${path}`)
    const text = await answer.text()
    if (answer.status !== 200 || !states.some((state) => text.includes(`"status":"${state}"`)))
      problems.push({ rule: 'C9', text: `${path}: ${answer.status} ${text}` })
  }
  return problems
}
