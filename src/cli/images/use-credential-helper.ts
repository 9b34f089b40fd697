// `stowage login --credential-helper`: docker asks our helper about these hosts from now on, so that nobody has to log in again.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

import { packageRoot } from '../package-root.ts'
import { readDockerConfig, helperName, textOf, withHelper, writeDockerConfig } from './docker-config.ts'
import { say } from './print.ts'
import { type KnownRegistries, readRegistries, registriesFile, writeRegistries } from './registries.ts'

/** Says what it does, or with `dryRun` what it would do. Throws a CommandError. */
export function useCredentialHelper(
  registries: KnownRegistries,
  dryRun: boolean,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const hosts = Object.keys(registries)
  const config = withHelper(readDockerConfig(env), hosts)
  const all = { ...readRegistries(env), ...registries }
  if (dryRun) {
    say(`${config.file} would be:`)
    process.stdout.write(textOf(config.json))
    say(`${registriesFile(env)} would be:`)
    return say(JSON.stringify({ registries: all }, undefined, 2))
  }
  // The other way round docker would ask for a host that the helper does not know yet.
  writeRegistries(env, all)
  writeDockerConfig(config)
  say(
    `docker asks docker-credential-${helperName} for the password of ${hosts.join(' and ')}: no "docker login" is needed`,
  )
  const program = `docker-credential-${helperName}`
  if (isOnPath(program, env)) return
  const script = join(packageRoot, 'bin', `${program}.mjs`)
  process.stderr.write(
    `stowage: ${program} is not on the PATH, where docker looks for it: install the package, or link it, as with ln -s ${script} /usr/local/bin/${program}\n`,
  )
}

function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return directory !== ''
    } catch {
      return false
    }
  })
}
