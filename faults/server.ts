// Stowage as users run it: the start script in a process of its own, with its root key, on a directory that outlives it.

import {
  CreateRepositoryCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  RepositoryAlreadyExistsException,
} from '@aws-sdk/client-ecr'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { readKeys } from '../src/assemble.ts'
import { openAdminCall } from '../src/cli/admin/admin-call.ts'
import { collectGarbage } from '../src/operations/admin/collect-garbage.ts'
import { freePort, type ServerProcess, startProcess } from './process.ts'
import type { Registry, RegistryOptions } from './registry.ts'

export const startScript = fileURLToPath(new URL('../bin/stowage.mjs', import.meta.url))

export interface StowageOptions extends RegistryOptions {
  /** Flags of `stowage serve` beside those that say where. */
  readonly flags?: readonly string[]
  /** What the next start runs instead of the start script and `serve`; it takes the same flags. Asked at each start. */
  readonly entry?: () => readonly string[]
  /** A program, with its arguments, that becomes the server: `prlimit --nofile=64`. */
  readonly prefix?: readonly string[]
}

/** Starts it, and makes the repositories that are missing. */
export async function openStowageServer(options: StowageOptions): Promise<Registry> {
  const { dataDir, logFile, repositories, onBody, flags = [], prefix = [], env } = options
  const { entry = () => [startScript, 'serve'] } = options
  mkdirSync(dataDir, { recursive: true })
  const [port, publicPort] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const where = [
    '--listen',
    '127.0.0.1',
    '--port',
    String(port),
    '--public-port',
    String(publicPort),
    '--data',
    dataDir,
  ]
  const readyMs: number[] = []
  let running: ServerProcess
  const start = async (): Promise<void> => {
    const command = [...prefix, process.execPath, ...entry(), ...where, '--log-format', 'json', ...flags]
    running = await startProcess({ command, logFile, readyUrl: `${origin}/readyz`, ...(env && { env }) })
    readyMs.push(running.readyMs)
  }
  await start()
  const key = readKeys(dataDir)[0]
  if (key === undefined) throw new Error(`${dataDir} has no access key`)
  const { accessKeyId, secretAccessKey } = key
  const ecr = new ECRClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  for (const repositoryName of repositories) {
    await ecr.send(new CreateRepositoryCommand({ repositoryName })).catch((error: unknown) => {
      if (!(error instanceof RepositoryAlreadyExistsException)) throw error
    })
  }
  const askForToken = async () => {
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
    return authorizationData?.[0]?.authorizationToken ?? ''
  }
  const token = await askForToken()
  const target = { origin, authorization: `Basic ${token}`, onBody }
  const end = async (signal: NodeJS.Signals): Promise<number | string> => {
    running.signal(signal)
    return running.ended
  }
  return {
    kind: 'stowage',
    dataDir,
    logFile,
    target,
    ecr,
    secrets: [secretAccessKey, token, ...secretsIn(dataDir)],
    process: () => running,
    readyMs,
    end,
    start,
    followClock: async () => {
      const { headers, body } = await fetch(`${origin}/healthz`)
      await body?.cancel()
      const shiftMs = Date.parse(headers.get('date') ?? '') - Date.now()
      // What the SDK sets itself when it is told that its clock is wrong.
      ecr.config.systemClockOffset = shiftMs
      target.authorization = `Basic ${await askForToken()}`
      return shiftMs
    },
    collect: async () => {
      await openAdminCall(dataDir).call(collectGarbage, {})
    },
    close: async () => {
      ecr.destroy()
      await end('SIGKILL')
    },
  }
}

export interface CommandResult {
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of the program. */
export function runStowage(args: readonly string[]): Promise<CommandResult> {
  return runCommand(process.execPath, [startScript, ...args])
}

export function runCommand(program: string, args: readonly string[], input = ''): Promise<CommandResult> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  child.once('error', reject)
  child.once('close', (code) =>
    resolve({
      code: code ?? undefined,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    }),
  )
  return promise
}

/** The keys that the server signs with: two members of a file of its own. */
function secretsIn(dataDir: string): readonly string[] {
  const secrets = JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8')) as {
    readonly pageKey: string
    readonly tokenKeys: readonly string[]
  }
  return [secrets.pageKey, ...secrets.tokenKeys]
}
