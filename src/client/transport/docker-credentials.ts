// Credentials as `docker login` left them: in docker's config.json, or with a helper that it names.
// https://docs.docker.com/reference/cli/docker/login/#credential-stores

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { reasonOf, transportFail } from './transport-error.ts'
import { errorCode } from '../../lib/error-code.ts'

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A token to be exchanged for others at the token service. */
  | { readonly kind: 'identity-token'; readonly token: string }

export interface DockerConfigOptions {
  /** `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. */
  readonly file?: string | undefined
}

const helperTimeoutMs = 30_000
const helperBytesMax = 1024 * 1024

/** What is kept for `host` (`host:port`), or `undefined`. Fails with CredentialsUnreadable. */
export async function findDockerCredentials(
  host: string,
  options: DockerConfigOptions = {},
): Promise<Credentials | undefined> {
  const file = options.file ?? join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json')
  const config = await readConfig(file)
  if (!config) return undefined
  const helper = textOf(recordOf(config['credHelpers'])[host]) ?? textOf(config['credsStore'])
  const kept = helper === undefined ? undefined : await askHelper(helper, host)
  return kept ?? fromAuths(recordOf(config['auths']), host, file)
}

function fromAuths(auths: Json, host: string, file: string): Credentials | undefined {
  // Older clients wrote URLs.
  const keys = [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`]
  const entry = keys.map((key) => auths[key]).find((value) => value !== undefined)
  if (entry === undefined) return undefined
  const { auth, identitytoken, username, password } = recordOf(entry)
  const token = textOf(identitytoken)
  if (token !== undefined && token !== '') return { kind: 'identity-token', token }
  const encoded = textOf(auth)
  if (encoded === undefined || encoded === '') {
    const [name, secret] = [textOf(username), textOf(password)]
    return name === undefined || secret === undefined
      ? undefined
      : { kind: 'password', username: name, password: secret }
  }
  const decoded = Buffer.from(encoded, 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon === -1)
    transportFail('CredentialsUnreadable', { what: file, reason: `those for ${host} are not NAME:PASSWORD` })
  return { kind: 'password', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

/** https://github.com/docker/docker-credential-helpers: the host on standard input, JSON on standard output. */
async function askHelper(name: string, host: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`
  const fail = (reason: string, cause?: unknown) =>
    transportFail('CredentialsUnreadable', { what: program, reason }, cause)
  if (!/^[A-Za-z0-9._-]+$/.test(name)) fail('it cannot be the name of a helper')
  const { code, printed } = await run(program, host).catch((error: unknown) => fail(reasonOf(error), error))
  // Says so in this sentence, with exit code 1.
  if (code !== 0 && /credentials not found/i.test(printed)) return undefined
  if (code !== 0) fail(`it ended with ${String(code)}: ${printed.trim().slice(0, 300)}`)
  const answer = recordOf(parse(printed))
  const [username, secret] = [textOf(answer['Username']), textOf(answer['Secret'])]
  if (username === undefined || secret === undefined) return fail('it printed no user name and secret')
  if (username === '<token>') return { kind: 'identity-token', token: secret }
  return { kind: 'password', username, password: secret }
}

async function run(
  program: string,
  input: string,
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: helperTimeoutMs })
  const ended = Promise.withResolvers<number | null>()
  let printed = ''
  child.once('error', ended.reject)
  child.once('close', ended.resolve)
  child.stdin.on('error', () => undefined) // a helper that does not read is judged by what it prints
  child.stdout.on('data', (piece: Buffer) => {
    if (printed.length < helperBytesMax) printed += piece.toString()
  })
  child.stdin.end(input)
  return { code: await ended.promise, printed }
}

async function readConfig(file: string): Promise<Json | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    return transportFail('CredentialsUnreadable', { what: file, reason: reasonOf(error) }, error)
  })
  if (text === undefined) return undefined
  return recordOf(parse(text) ?? transportFail('CredentialsUnreadable', { what: file, reason: 'it is not JSON' }))
}

type Json = Readonly<Record<string, unknown>>

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {} // members are looked at one by one
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
