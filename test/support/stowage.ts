// A real Stowage for a test: the start script as a user calls it, in a process of its own, on a free port and a directory of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'

const startScript = fileURLToPath(new URL('../../bin/stowage.mjs', import.meta.url))
const readyTimeoutMs = 30_000
const stopTimeoutMs = 40_000

export type StowageOptions = {
  readonly args?: readonly string[]
  /** Any key and any password will do. Without it the server checks its root key, as it does for a user who sets nothing. */
  readonly dev?: boolean
  readonly dataDir?: string
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** What the SDK client of a server with TLS is to trust. */
  readonly ca?: string
}

export type Stowage = {
  readonly origin: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
  /** The server's own process; undefined while it is stopped. */
  readonly pid: () => number | undefined
  /** What AWS clients need: endpoint, key and region. */
  readonly env: Readonly<Record<string, string>>
  readonly ecr: ECRClient
  /** The password that `aws ecr get-login-password` prints. */
  readonly password: () => Promise<string>
  readonly stop: () => Promise<void>
  readonly kill9: () => Promise<void>
  /** Starts it again on the same directory and port, after `stop` or `kill9`. */
  readonly restart: () => Promise<void>
  /** Ends the server and removes its directory: for `after`. */
  readonly remove: () => Promise<void>
}

export async function startStowage(options: StowageOptions = {}): Promise<Stowage> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'stowage-data-'))
  let running = await launch(options, dataDir, options.port ?? 0)
  const origin = new URL(running.origin)
  const port = Number(origin.port === '' ? { 'http:': 80, 'https:': 443 }[origin.protocol] : origin.port)
  const env = { AWS_EC2_METADATA_DISABLED: 'true', ...(await clientEnv(options, dataDir)) }
  const ecr = new ECRClient({
    endpoint: running.origin,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    maxAttempts: 1,
    ...(options.ca === undefined ? {} : { requestHandler: { httpsAgent: new Agent({ ca: options.ca }) } }),
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const deadline = setTimeout(() => running.child.kill('SIGKILL'), stopTimeoutMs)
    running.child.kill(signal)
    await running.exited
    clearTimeout(deadline)
  }
  return {
    origin: running.origin,
    host: origin.host,
    port,
    dataDir,
    pid: () => (running.child.exitCode === null ? running.child.pid : undefined),
    env,
    ecr,
    password: async () => {
      const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}))
      const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString()
      return token.slice('AWS:'.length)
    },
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    restart: async () => {
      running = await launch(options, dataDir, port)
    },
    remove: async () => {
      ecr.destroy()
      await end('SIGKILL')
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

type Running = { readonly child: ChildProcess; readonly origin: string; readonly exited: Promise<void> }

async function launch(options: StowageOptions, dataDir: string, port: number): Promise<Running> {
  const flags = ['--listen', '127.0.0.1', '--port', String(port), '--public-port', '0', '--data', dataDir]
  const args = [startScript, 'serve', ...flags, ...(options.dev === true ? ['--dev'] : []), ...(options.args ?? [])]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // 'exit', not 'close': a descendant that held the pipes would hold the test as well.
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = tail(child.stderr)
  const ready = Promise.withResolvers<string>()
  let line = ''
  child.stdout.on('data', (piece: Buffer) => {
    line = (line + piece.toString()).slice(-1000)
    const origin = /^ready (\S+)$/m.exec(line)?.[1]
    if (origin !== undefined) ready.resolve(origin)
  })
  child.once('error', ready.reject)
  child.once('exit', (code, signal) => ready.reject(new Error(`the server ended (${signal ?? code}):\n${said()}`)))
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    ready.reject(new Error(`the server was not ready within ${readyTimeoutMs} ms:\n${said()}`))
  }, readyTimeoutMs)
  const origin = await ready.promise.finally(() => clearTimeout(timer))
  return { child, origin, exited }
}

type ClientEnv = {
  readonly AWS_ACCESS_KEY_ID: string
  readonly AWS_SECRET_ACCESS_KEY: string
  readonly AWS_REGION: string
} & Readonly<Record<string, string>>

/** What `stowage env` tells a user to export. */
async function clientEnv(options: StowageOptions, dataDir: string): Promise<ClientEnv> {
  const child = spawn(process.execPath, [startScript, 'env', '--data', dataDir, '--format', 'json'], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = tail(child.stderr)
  const printed = tail(child.stdout)
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`stowage env ended with ${String(code)}: ${said()}`)
  // Its own output: a flat object of strings.
  const values = JSON.parse(printed()) as Record<string, string>
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = values
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined || AWS_REGION === undefined) {
    throw new Error(`stowage env printed no key or no region: ${printed()}`)
  }
  return { ...values, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION }
}

/** The last of what a process prints; reading on keeps it from blocking. */
function tail(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (piece: Buffer) => {
    text = (text + piece.toString()).slice(-8000)
  })
  return () => text
}
