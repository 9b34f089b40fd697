// The program as a user calls it: the start script in a process of its own, what it prints, and how it ends.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const startScript = fileURLToPath(new URL('../../bin/stowage.mjs', import.meta.url))
const patienceMs = 30_000
/** A server outlives the commands that are run against it, on a slow machine many of them. */
const serverLifeMs = 180_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

type Variables = Readonly<Record<string, string>>

/** Starts `stowage <args>` with no setting in its environment but these; `through` is a command that runs what follows it. */
export function start(
  args: readonly string[],
  variables: Variables = {},
  lifeMs: number = patienceMs,
  through: readonly string[] = [],
): Program {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('STOWAGE_'))
  const [program = process.execPath, ...words] = [...through, process.execPath, startScript, ...args]
  const child = spawn(program, words, {
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`still running: ${args.join(' ')}\n${stdout}${stderr}`))
    }, lifeMs)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout, stderr })
    })
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended }
}

/** Runs `stowage <args>` to its end. */
export function run(args: readonly string[], variables?: Variables): Promise<Ended> {
  return start(args, variables).ended
}

export interface Server extends Program {
  readonly origin: string
  readonly data: string
}

/** A server on a free port, killed after the test when it still runs. */
export async function serve(
  t: TestContext,
  args: readonly string[] = [],
  data: string = dataDirectory(t),
  through: readonly string[] = [],
): Promise<Server> {
  const program = start(['serve', '--port', '0', '--data', data, ...args], {}, serverLifeMs, through)
  t.after(async () => {
    program.child.kill('SIGKILL')
    await program.ended
  })
  const origin = await Promise.race([ready(program), program.ended])
  if (typeof origin !== 'string') throw new Error(`the server ended with ${origin.code}:\n${origin.stderr}`)
  return { ...program, origin, data }
}

async function ready({ stdout, child }: Program): Promise<string> {
  while (child.exitCode === null) {
    const origin = /^ready (\S+)\n/.exec(stdout())?.[1]
    if (origin !== undefined) return origin
    await delay(10)
  }
  return new Promise(() => {})
}

/** A directory that does not exist yet, below one that is removed after the test. */
export function dataDirectory(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'stowage-cli-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}
