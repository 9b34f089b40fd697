// `docker-credential-stowage`: docker, podman and containerd ask it for the password of a registry, and get one that was just made. It
// keeps no password. https://github.com/docker/docker-credential-helpers#development

import { CommandError } from '../command-error.ts'
import { version } from '../version.ts'
import { fetchRegistryPassword } from './fetch-registry-password.ts'
import { imageFailure } from './image-failure.ts'
import { readRegistries, writeRegistries } from './registries.ts'
import { openSession } from './session.ts'
import { errorCode } from '../../lib/error-code.ts'

/** Clients know this sentence: they then try without a login. */
const notFound = 'credentials not found in native keychain'
const inputBytesMax = 64 * 1024

/** Gives the exit code. Errors go to standard output, where clients read them. */
export async function credentialHelper(
  verb: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  try {
    const answer = await answerTo(verb, env)
    if (answer !== undefined) process.stdout.write(`${answer}\n`)
    return 0
  } catch (error) {
    const told = imageFailure(error)
    if (!(told instanceof CommandError)) throw told
    process.stdout.write(`${told.message}\n`)
    return 1
  }
}

async function answerTo(verb: string | undefined, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  switch (verb) {
    case 'get':
      return get(hostOf(await readInput()), env)
    case 'store':
      return store(await readInput(), env)
    case 'erase':
      return erase(hostOf(await readInput()), env)
    case 'list':
      return JSON.stringify(Object.fromEntries(Object.keys(readRegistries(env)).map((host) => [host, 'AWS'])))
    case 'version':
      return `docker-credential-stowage ${version}`
    default:
      throw new CommandError('docker-credential-stowage takes get, store, erase, list or version', 2)
  }
}

async function get(host: string, env: NodeJS.ProcessEnv): Promise<string> {
  using session = openSession({}, env)
  const registry = await session.findRegistry(host)
  if (registry === undefined) throw new CommandError(notFound)
  try {
    return JSON.stringify({ ServerURL: host, Username: 'AWS', Secret: await fetchRegistryPassword(session, registry) })
  } catch (error) {
    // Anyone may pull from a public registry: then without a login, as if we were not there.
    if (registry.kind === 'public' && hasNoCredentials(error)) throw new CommandError(notFound, 1, error)
    throw error
  }
}

/** Docker stores what a login was made with. A password of user AWS is made anew for each get; any other could not be given back. */
async function store(input: string, env: NodeJS.ProcessEnv): Promise<undefined> {
  const { ServerURL, Username } = parseStored(input)
  const host = hostOf(ServerURL)
  using session = openSession({}, env)
  if (Username === 'AWS' && (await session.findRegistry(host)) !== undefined) return undefined
  throw new CommandError(
    `docker-credential-stowage keeps no passwords, and does not know how to log in to ${host} as ${Username}: "stowage login --credential-helper" tells it`,
  )
}

/** Forgets how to log in. Hosts of Amazon's need nothing that could be forgotten. */
async function erase(host: string, env: NodeJS.ProcessEnv): Promise<undefined> {
  const { [host]: entry, ...others } = readRegistries(env)
  if (entry !== undefined) {
    writeRegistries(env, others)
    return undefined
  }
  throw new CommandError(
    `nothing is kept for ${host}: "stowage logout ${host}" takes the helper out of docker's config.json`,
  )
}

function hasNoCredentials(error: unknown): boolean {
  return errorCode(error) === 'CredentialsProviderError'
}

/** Clients send a host, or a URL of its registry. */
function hostOf(text: string): string {
  return text
    .trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/s, '')
}

function parseStored(input: string): { readonly ServerURL: string; readonly Username: string } {
  try {
    const { ServerURL, Username }: Record<string, unknown> = Object(JSON.parse(input))
    if (typeof ServerURL === 'string' && typeof Username === 'string') return { ServerURL, Username }
  } catch {
    // Said below.
  }
  throw new CommandError('what is to be stored must be JSON with ServerURL, Username and Secret', 2)
}

async function readInput(): Promise<string> {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += String(piece)
    if (text.length > inputBytesMax) throw new CommandError('the input is too long', 2)
  }
  return text
}
