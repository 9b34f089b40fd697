// `stowage login`: docker's login at a registry of ECR, or at the server that runs here.

import type { ConnectionFlags } from './access.ts'
import { CommandError } from '../command-error.ts'
import { getServer } from '../get-server.ts'
import { fetchRegistryPassword } from './fetch-registry-password.ts'
import { exitCodes, imageFailure } from './image-failure.ts'
import { say } from './print.ts'
import type { KnownRegistries } from './registries.ts'
import { runDocker } from './run-docker.ts'
import { openSession } from './session.ts'
import { useCredentialHelper } from './use-credential-helper.ts'

export interface LogInOptions {
  readonly printPassword: boolean
  readonly credentialHelper: boolean
  readonly dryRun: boolean
}

/** The registries of the server that runs on this data directory; then nothing needs to be in the environment. Gives the exit code. */
export async function logInHere(data: string, options: LogInOptions): Promise<number> {
  const server = getServer(data)
  if (options.credentialHelper) {
    const registries: KnownRegistries = {
      [server.registryHost]: { kind: 'private', data },
      [server.publicHost]: { kind: 'public', data },
    }
    useCredentialHelper(registries, options.dryRun)
    return 0
  }
  if (options.dryRun) return sayPlan(server.registryHost)
  // They know the server's own files and its declarations.
  const [{ fetchPassword }, { keyFor }] = await Promise.all([import('../fetch-password.ts'), import('../env.ts')])
  return use(server.registryHost, await fetchPassword(server, keyFor(data, server.account)), options)
}

/** A registry of ECR by its host, with or without ecr:// or ecr-public:// before it. Gives the exit code. Throws a CommandError. */
export async function logInAt(text: string, flags: ConnectionFlags, options: LogInOptions): Promise<number> {
  try {
    using session = openSession(flags)
    const registry = await session.findRegistry(text)
    if (registry === undefined)
      throw new CommandError(
        `'${text}' is not an ECR registry as far as is known: give its --endpoint, write ecr-public://${text} if it is a public one, or use "docker login" for any other`,
        exitCodes.usage,
      )
    const { kind, host } = registry
    if (!options.credentialHelper)
      return options.dryRun ? sayPlan(host) : await use(host, await fetchRegistryPassword(session, registry), options)
    // What docker would fail with later is found now.
    await fetchRegistryPassword(session, registry)
    const { endpoint } = session
    useCredentialHelper({ [host]: { kind, endpoint, region: flags.region, profile: flags.profile } }, options.dryRun)
    return 0
  } catch (error) {
    throw imageFailure(error)
  }
}

/** Throws a CommandError for options that contradict each other. */
export function checkLogInOptions({ printPassword, credentialHelper, dryRun }: LogInOptions): void {
  if (printPassword && (credentialHelper || dryRun))
    throw new CommandError('--print-password changes nothing: give it alone', exitCodes.usage)
}

function sayPlan(host: string): number {
  say(`would run: docker login --username AWS --password-stdin ${host}`)
  return 0
}

async function use(host: string, password: string, { printPassword }: LogInOptions): Promise<number> {
  if (printPassword) {
    say(password)
    return 0
  }
  return runDocker(
    ['login', '--username', 'AWS', '--password-stdin', host],
    password,
    `docker is not installed: "stowage login --print-password" prints the password of user AWS at ${host} for another client`,
  )
}
