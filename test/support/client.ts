// Running real clients: finding the program, giving it a home of its own, and bounding how long it runs and how much it says.

import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const outputBytesMax = 1024 * 1024

const debianPath = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/bin', '/sbin']

/** Debian's own programs come before what a machine may ship in front of them in PATH (pyenv's `aws`, a newer `docker`). */
const searchPath = [
  ...(process.env['STOWAGE_CLIENTS_DIR'] ?? '').split(delimiter),
  ...debianPath,
  ...(process.env['PATH'] ?? '').split(delimiter),
].filter((directory) => directory !== '')

/** Where a program is, or undefined. `$STOWAGE_CLIENTS_DIR` (a list like PATH) is looked through first. */
export function findProgram(name: string): string | undefined {
  return findPrograms(name)[0]
}

/** Every program of that name, in the order of preference. */
export function findPrograms(name: string): readonly string[] {
  return searchPath.map((directory) => join(directory, name)).filter(isExecutable)
}

/** What to give node:test as `skip`: the reason when one of the programs is missing, else false. */
export function skipUnless(...programs: readonly string[]): string | false {
  const missing = programs.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return false
  return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`
}

/** For clients that mount, unpack as root, or change namespaces. */
export function skipUnlessRoot(...programs: readonly string[]): string | false {
  if (process.getuid?.() !== 0) return `needs root to run ${programs[0] ?? 'its programs'}`
  return skipUnless(...programs)
}

export type RunResult = {
  /** The exit code; undefined when a signal ended the program. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  readonly timeoutMs?: number
}

/** A home of its own for clients: nothing of the developer's configuration is read and nothing is left behind. */
export type Sandbox = {
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a program; any exit code is an answer. */
  readonly run: (program: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>
  /** Runs a program that must succeed, and gives what it printed. */
  readonly succeed: (program: string, args: readonly string[], options?: RunOptions) => Promise<string>
  readonly path: (...parts: readonly string[]) => string
  readonly remove: () => void
}

export function createSandbox(env: Readonly<Record<string, string>> = {}): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-client-'))
  const all = { ...isolatedEnv(directory), ...env }
  mkdirSync(join(directory, 'home'))
  mkdirSync(join(directory, 'tmp'))
  mkdirSync(join(directory, 'docker-config'))
  writeFileSync(join(directory, 'auth.json'), '{}') // buildah wants the file that it is told of to exist
  const run = (program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
    runProgram(program, args, { cwd: directory, ...options, env: { ...all, ...options.env } })
  return {
    directory,
    env: all,
    run,
    succeed: async (program, args, options) => {
      const { code, stdout, stderr } = await run(program, args, options)
      if (code !== 0) throw new Error(`${program} ${args.join(' ')}\nended with ${code}\n${stdout}\n${stderr}`)
      return stdout
    },
    path: (...parts) => join(directory, ...parts),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** Nothing is inherited but the locale and PATH: a developer's keys, proxies and certificate bundles change what a client does. */
function isolatedEnv(directory: string): Record<string, string> {
  return {
    PATH: searchPath.join(delimiter),
    LANG: 'C.UTF-8',
    HOME: join(directory, 'home'),
    TMPDIR: join(directory, 'tmp'),
    XDG_RUNTIME_DIR: join(directory, 'tmp'),
    DOCKER_CONFIG: join(directory, 'docker-config'),
    REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
    AWS_CONFIG_FILE: join(directory, 'aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'aws-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  }
}

/** Each variable by which some client finds its certificate authorities; a single one left over wins over the others. */
export function trustEnv(caFile: string): Record<string, string> {
  const names = ['SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE']
  return { ...Object.fromEntries(names.map((name) => [name, caFile])), SSL_CERT_DIR: '/nonexistent' }
}

function runProgram(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
  const child = spawn(program.includes('/') ? program : (findProgram(program) ?? program), args, {
    env: options.env,
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const stdout = keepOutput(child.stdout)
  const stderr = keepOutput(child.stderr)
  child.stdin.on('error', () => undefined) // a program may end before it has read its input
  child.stdin.end(options.input ?? '')
  child.on('error', reject)
  child.on('close', (code) => resolve({ code: code ?? undefined, stdout: stdout(), stderr: stderr() }))
  return promise
}

/** The first MiB of what a program prints; the rest is read and dropped, so that it never blocks. */
function keepOutput(stream: NodeJS.ReadableStream): () => string {
  const pieces: Buffer[] = []
  let bytes = 0
  stream.on('data', (piece: Buffer) => {
    if (bytes < outputBytesMax) pieces.push(piece)
    bytes += piece.length
  })
  return () => Buffer.concat(pieces).toString().trim()
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
