import { fork, type Serializable } from 'node:child_process'
import { once } from 'node:events'

/** Starts a program, which is sent `task` and sends one message, its result; `undefined` when it ends without. What it had to say stands on standard error. */
export async function runChild<T>(program: URL, task: Serializable): Promise<T | undefined> {
  const child = fork(program, { execArgv: [] })
  const ended = once(child, 'exit')
  const said = once(child, 'message')
  child.send(task)
  // The only message, of a type that the program exports.
  const result = await Promise.race([said.then(([message]) => message as T), ended.then(() => undefined)])
  await ended
  return result
}
