// Programs that are not ours: those of Debian. What is missing is installed where this is allowed, and else its column says why it is empty.

import { spawnSync } from 'node:child_process'

import { findProgram } from '../test/support/client.ts'

const packages: Readonly<Record<string, string>> = {
  'docker-registry': 'docker-registry',
  nginx: 'nginx',
  wrk: 'wrk',
  skopeo: 'skopeo',
}

export type Program =
  | { readonly path: string; readonly version: string }
  | { readonly path: undefined; readonly why: string }

const found = new Map<string, Program>()

/** Looks for it, installs it once when `mayInstall`, and says what came of it. */
export function provide(name: string, mayInstall: boolean, say: (text: string) => void): Program {
  const known = found.get(name)
  if (known) return known
  const program = lookFor(name) ?? (mayInstall ? install(name, say) : missing(`${name} is not installed`))
  found.set(name, program)
  return program
}

/** The path of a program that was provided. */
export function pathOf(name: string): string {
  const program = found.get(name)
  if (program?.path === undefined) throw new Error(program?.why ?? `${name} was not looked for`)
  return program.path
}

export const isThere = (name: string): boolean => found.get(name)?.path !== undefined

export function versions(): readonly string[] {
  return [...found].map(([name, program]) =>
    program.path === undefined ? `${name}: ${program.why}` : `${name} ${program.version}`,
  )
}

function lookFor(name: string): Program | undefined {
  const path = findProgram(name)
  return path === undefined ? undefined : { path, version: versionOf(name) }
}

/** Debian's policy-rc.d keeps it from being started; a server that started all the same has a port of its own. */
function install(name: string, say: (text: string) => void): Program {
  if (process.getuid?.() !== 0) return missing(`${name} is not installed, and only root can install it`)
  say(`installing ${packages[name] ?? name}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const command of [
    ['update', '-qq'],
    ['install', '-qq', '-y', '--no-install-recommends', packages[name] ?? name],
  ]) {
    const { status, error } = spawnSync('apt-get', command, { env, timeout: 300_000, stdio: 'ignore' })
    if (error || status !== 0) return missing(`apt-get ${command[0]} failed, so there is no ${name}`)
  }
  return lookFor(name) ?? missing(`${name} was installed and is not found`)
}

function versionOf(name: string): string {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', packages[name] ?? name], { encoding: 'utf8' })
  return stdout === null || stdout === '' ? '(version unknown)' : stdout
}

const missing = (why: string): Program => ({ path: undefined, why })
