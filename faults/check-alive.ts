// C9: the server runs, and says of itself that it is well.

import type { Problem } from './fault-test.ts'
import type { Registry } from './registry.ts'

export async function checkAlive({ kind, process, target }: Registry): Promise<readonly Problem[]> {
  const outcome = process().outcome()
  if (outcome !== undefined) return [{ rule: 'C9', text: `the server ended with ${outcome}` }]
  // The other registry has no such pages.
  if (kind !== 'stowage') return []
  const problems: Problem[] = []
  for (const path of ['/healthz', '/readyz']) {
    const answer = await fetch(`${target.origin}${path}`)
    const text = await answer.text()
    if (answer.status !== 200 || !text.includes('"status":"ok"'))
      problems.push({ rule: 'C9', text: `${path}: ${answer.status} ${text}` })
  }
  return problems
}
