// The load generator as a process of its own: its processor time and its memory are not the server's.

import { runChild } from './run-child.ts'
import type { Outcome, Task } from './tasks.ts'

/** Does the task; throws, with what the generator said, when an answer is not what it should be. */
export async function generate(task: Task): Promise<Outcome> {
  const outcome = await runChild<Outcome>(new URL('generator.ts', import.meta.url), task)
  if (outcome === undefined) throw new Error(`the load generator failed at "${task.kind}"`)
  return outcome
}
