// System calls that fail, or at which the process dies, by `strace`: attached to a running server for the time of one push.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { findProgram } from '../test/support/client.ts'

export interface Injection {
  readonly call: string
  /** As strace wants it: `signal=KILL`, `error=EIO`. */
  readonly action: string
  /** At which call, counted from 1. In each thread of its own when no `thread` is given. */
  readonly nth: number
  /** Only calls of the thread of this name. */
  readonly thread?: string | undefined
  /** Only calls that have to do with this path. */
  readonly path?: string | undefined
}

export interface Tracing {
  /** Lets the process go on untouched. Calls are as strace prints them, with their paths. */
  readonly detach: () => Promise<{ readonly calls: readonly string[]; readonly tampered: readonly string[] }>
}

const attachMs = 10_000

/** Resolves when the injection is in place. `output` is where strace writes. */
export async function inject(
  pid: number,
  { call, action, nth, thread, path }: Injection,
  output: string,
): Promise<Tracing> {
  const where = path === undefined ? [] : ['-P', path]
  const what = ['-e', `trace=${call}`, '-e', `inject=${call}:${action}:when=${nth}`]
  const whom = thread === undefined ? ['-f', '-p', String(pid)] : ['-p', threadOf(pid, thread)]
  const args = ['-y', '-o', output, ...where, ...what, ...whom]
  const child = spawn(findProgram('strace') ?? 'strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const attached = Promise.withResolvers<void>()
  let said = ''
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString()
    // Said when it has all of its threads.
    if (/attached with \d+ threads|attached\n/.test(said)) attached.resolve()
  })
  child.once('exit', () => attached.reject(new Error(`strace ended: ${said}`)))
  const timer = setTimeout(() => attached.reject(new Error(`strace did not attach: ${said}`)), attachMs)
  await attached.promise.finally(() => clearTimeout(timer))
  return {
    detach: async () => {
      child.kill('SIGINT')
      await ended
      const lines = readFileSync(output, 'utf8').split('\n')
      const killed = lines.some((line) => line.includes('+++ killed by SIGKILL +++'))
      const tampered = lines.filter((line) => line.includes('(INJECTED)'))
      return { calls: lines, tampered: killed && tampered.length === 0 ? ['killed'] : tampered }
    },
  }
}

function threadOf(pid: number, name: string): string {
  const directory = `/proc/${pid}/task`
  const found = readdirSync(directory).find((id) => readFileSync(join(directory, id, 'comm'), 'utf8').trim() === name)
  if (found === undefined) throw new Error(`process ${pid} has no thread named ${name}`)
  return found
}
