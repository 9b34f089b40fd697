// `stowage logout`: docker forgets a login, and no longer asks our helper about the host.

import {
  helperName,
  helperOf,
  mayHoldLogin,
  readDockerConfig,
  withoutHelper,
  writeDockerConfig,
} from './docker-config.ts'
import { say } from './print.ts'
import { readRegistries, writeRegistries } from './registries.ts'
import { runDocker } from './run-docker.ts'

/** Gives the exit code: docker's own when it ran. Throws a CommandError. */
export async function logOut(
  hosts: readonly string[],
  dryRun: boolean,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  let code = 0
  for (const host of hosts) code = Math.max(code, await logOutOf(host, dryRun, env))
  return code
}

async function logOutOf(host: string, dryRun: boolean, env: NodeJS.ProcessEnv): Promise<number> {
  const config = readDockerConfig(env)
  const { [host]: known, ...others } = readRegistries(env)
  const isHelped = helperOf(config, host) === helperName
  if (isHelped || known !== undefined) {
    const sentence = `docker-credential-${helperName} no longer logs in to ${host}`
    if (dryRun) {
      say(`would: ${sentence}`)
    } else {
      // The other way round docker would ask for a host that the helper does not know any more.
      if (isHelped) writeDockerConfig(withoutHelper(config, [host]))
      if (known !== undefined) writeRegistries(env, others)
      say(sentence)
    }
  }
  if (mayHoldLogin(config, host)) {
    if (!dryRun)
      return runDocker(
        ['logout', host],
        '',
        `docker is not installed: ${config.file} may still hold the password of ${host}`,
      )
    say(`would run: docker logout ${host}`)
    return 0
  }
  if (!isHelped && known === undefined) say(`nobody is logged in to ${host}`)
  return 0
}
