// Registries that `stowage login --credential-helper` was told of, so that docker's helper, which knows nothing but a host, can log in. No
// secret is in it: keys stay where they are.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

import { CommandError } from '../command-error.ts'
import { errorCode } from '../../lib/error-code.ts'

/** How a registry is logged in to. */
export interface KnownRegistry {
  readonly kind: 'private' | 'public'
  /** The data directory of a Stowage on this machine, whose first key is used. */
  readonly data?: string | undefined
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** Of AWS's own files of configuration. */
  readonly profile?: string | undefined
}

/** By `host:port`. */
export type KnownRegistries = Readonly<Record<string, KnownRegistry>>

/** `$XDG_CONFIG_HOME/stowage/registries.json`: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function registriesFile(env: NodeJS.ProcessEnv): string {
  const config = env['XDG_CONFIG_HOME']
  return join(
    config !== undefined && config.startsWith('/') ? config : join(homedir(), '.config'),
    'stowage',
    'registries.json',
  )
}

/** Throws a CommandError when the file is there and of no use. */
export function readRegistries(env: NodeJS.ProcessEnv): KnownRegistries {
  const file = registriesFile(env)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return {}
    throw new CommandError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, 1, error)
  }
  const registries = registriesIn(text)
  if (registries === undefined)
    throw new CommandError(`${file} is not a list of registries: remove it, and log in again`, 1)
  return registries
}

/** Writes all of them; none removes the file. */
export function writeRegistries(env: NodeJS.ProcessEnv, registries: KnownRegistries): void {
  const file = registriesFile(env)
  try {
    if (Object.keys(registries).length === 0) return rmSync(file, { force: true })
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const partial = `${file}.${process.pid}`
    writeFileSync(partial, `${JSON.stringify({ registries }, undefined, 2)}\n`, { mode: 0o600 })
    renameSync(partial, file)
  } catch (error) {
    throw new CommandError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, 1, error)
  }
}

function registriesIn(text: string): KnownRegistries | undefined {
  const json = parse(text)
  if (!isRecord(json) || !isRecord(json['registries'])) return undefined
  const entries = Object.entries(json['registries'])
  return entries.every(([, entry]) => isRegistry(entry)) ? (json['registries'] as KnownRegistries) : undefined // just seen
}

function isRegistry(entry: unknown): boolean {
  if (!isRecord(entry) || (entry['kind'] !== 'private' && entry['kind'] !== 'public')) return false
  return ['data', 'endpoint', 'region', 'profile'].every((name) => ['string', 'undefined'].includes(typeof entry[name]))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
