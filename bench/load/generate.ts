// The load generator as a process of its own: its processor time and its memory are not the server's.

import { fork } from 'node:child_process'
import { once } from 'node:events'

import type { Outcome, Task } from './tasks.ts'

/** Does the task; throws, with what the generator said, when an answer is not what it should be. */
export async function generate(task: Task): Promise<Outcome> {
  const child = fork(new URL('generator.ts', import.meta.url), { execArgv: [] })
  const ended = once(child, 'exit')
  const said = once(child, 'message')
  child.send(task)
  // The child's only message, of this type.
  const outcome = await Promise.race([said.then(([message]) => message as Outcome), ended.then(() => undefined)])
  await ended
  if (outcome === undefined) throw new Error(`the load generator failed at "${task.kind}"`)
  return outcome
}
