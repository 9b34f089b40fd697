import { fork } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { Ended } from './program.ts'

/** Runs command lines in one process of the file's own, one at a time: for tests that need many, and that are not about starting. */
export function openWarmProgram(): (args: readonly string[]) => Promise<Ended> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STOWAGE_')))
  const child = fork(fileURLToPath(new URL('support/run-commands.ts', import.meta.url)), { env, execArgv: [] })
  after(() => child.kill())
  return async (args) => {
    child.send(args)
    const [answer] = await once(child, 'message')
    return answer as Ended // as `run-commands.ts` sends it
  }
}
