// A server as a process: started, timed, ended by its id, with everything that it says in a file.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { atExit } from './at-exit.ts'

export interface ProcessOptions {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
  /** Answers 2xx when the server serves. */
  readonly readyUrl: string
}

export interface ServerProcess {
  readonly pid: number
  /** From the start of the process to its first answer, without the time for which its main thread waited for a processor. */
  readonly readyMs: number
  /** Resolves with the exit code, or the name of the signal. */
  readonly ended: Promise<number | string>
  /** `undefined` while it runs. */
  readonly outcome: () => number | string | undefined
  readonly signal: (name: NodeJS.Signals) => void
}

const readyMsMax = 30_000
const askEveryMs = 10

/** Throws, with the end of the log, when the server ends before it serves. */
export async function startProcess({ command, env, logFile, readyUrl }: ProcessOptions): Promise<ServerProcess> {
  const [program = '', ...args] = command
  const log = openSync(logFile, 'a', 0o600)
  const startedAtMs = performance.now()
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] })
  closeSync(log)
  let outcome: number | string | undefined
  const forget = atExit(() => child.kill('SIGKILL'))
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve((outcome = error.message)))
    child.once('exit', (code, signal) => resolve((outcome = signal ?? code ?? 'gone')))
  }).finally(forget)
  while (!(await answers(readyUrl))) {
    if (outcome === undefined && performance.now() - startedAtMs < readyMsMax) {
      await Promise.race([sleep(askEveryMs), ended])
      continue
    }
    await end(child, ended)
    throw new Error(`the server was not ready (${outcome ?? 'too slow'}):\n${endOf(logFile)}`)
  }
  return {
    pid: child.pid ?? 0,
    readyMs: performance.now() - startedAtMs - waitedMs(child.pid ?? 0),
    ended,
    outcome: () => outcome,
    signal: (name) => child.kill(name),
  }
}

/**
 * A port of the loopback that is free now, and below those that the kernel gives to whoever asks for any: a server that is started again finds it free
 * (seen: taken by a test that ran beside, after 205 power cuts).
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(10_000, 32_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  throw new Error('no port is free')
}

async function answers(url: string): Promise<boolean> {
  try {
    const { ok, body } = await fetch(url, { signal: AbortSignal.timeout(1_000) })
    await body?.cancel()
    return ok
  } catch {
    return false
  }
}

/** https://docs.kernel.org/scheduler/sched-stats.html: nanoseconds on the processor, waiting for it, times. */
function waitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    // A kernel without these figures.
    return 0
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').slice(-4000)
}
