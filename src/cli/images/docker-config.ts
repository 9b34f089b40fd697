// Docker's config.json, as far as it says who knows the password of a registry. Everything else in it stays as it is.
// https://docs.docker.com/reference/cli/docker/login/#credential-helpers

import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

import { CommandError } from '../command-error.ts'
import { errorCode } from '../../lib/error-code.ts'

/** What docker and podman put after `docker-credential-` to find the program. */
export const helperName = 'stowage'

export interface DockerConfig {
  readonly file: string
  readonly json: Readonly<Record<string, unknown>>
}

/** `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`; empty when it is not there. Throws a CommandError. */
export function readDockerConfig(env: NodeJS.ProcessEnv): DockerConfig {
  const file = join(env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { file, json: {} }
    throw failed('read', file, error)
  }
  const json = text.trim() === '' ? {} : parse(text)
  if (json === undefined) throw new CommandError(`${file} is not a JSON object: it was left alone`, 1)
  return { file, json }
}

/** Written whole or not at all, with the rights that it has. Throws a CommandError. */
export function writeDockerConfig({ file, json }: DockerConfig): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const real = realPathOf(file)
    const partial = `${real}.${process.pid}`
    writeFileSync(partial, textOf(json), { mode: modeOf(real) })
    renameSync(partial, real)
  } catch (error) {
    throw failed('write', file, error)
  }
}

/** As docker itself prints it. */
export function textOf(json: DockerConfig['json']): string {
  return `${JSON.stringify(json, undefined, '\t')}\n`
}

/** The same with our helper for these hosts. */
export function withHelper({ file, json }: DockerConfig, hosts: readonly string[]): DockerConfig {
  const credHelpers = {
    ...recordOf(json['credHelpers']),
    ...Object.fromEntries(hosts.map((host) => [host, helperName])),
  }
  return { file, json: { ...json, credHelpers } }
}

/** The same without our helper for these hosts; others' helpers stay. */
export function withoutHelper({ file, json }: DockerConfig, hosts: readonly string[]): DockerConfig {
  const { credHelpers: before, ...rest } = json
  const kept = Object.entries(recordOf(before)).filter(([host, name]) => !(hosts.includes(host) && name === helperName))
  return { file, json: kept.length > 0 ? { ...rest, credHelpers: Object.fromEntries(kept) } : rest }
}

/** The helper that docker asks about this host alone. */
export function helperOf({ json }: DockerConfig, host: string): string | undefined {
  const name = recordOf(json['credHelpers'])[host]
  return typeof name === 'string' ? name : undefined
}

/** Whether docker keeps a password of this host, or may do so in a store. */
export function mayHoldLogin({ json }: DockerConfig, host: string): boolean {
  return recordOf(json['auths'])[host] !== undefined || typeof json['credsStore'] === 'string'
}

/** A link is written through: it may lead into somebody's repository of dot files. */
function realPathOf(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}

function modeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? recordOf(json) : undefined
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {} // members are looked at one by one
}

function failed(what: string, file: string, error: unknown): CommandError {
  return new CommandError(`cannot ${what} ${file}: ${error instanceof Error ? error.message : String(error)}`, 1, error)
}
