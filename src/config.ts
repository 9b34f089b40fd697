// Merges the settings: flags over environment over file over defaults, and remembers where each value came from.

import { resolve } from 'node:path'

import { parse } from 'yaml'
import type { z } from 'zod'

import {
  type Config,
  type Environment,
  type Kind,
  type SettingName,
  flagOf,
  settingNames,
  settings,
  variableOf,
} from './settings.ts'

/** Where a value came from, most important last. */
export type Origin = 'default' | 'file' | 'environment' | 'flag'

export interface LoadedConfig {
  readonly config: Config
  readonly origins: Readonly<Record<SettingName, Origin>>
  /** The configuration file, when there was one. */
  readonly file: string | undefined
}

/** A setting that cannot be used, in one sentence that names where it stands. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface ConfigSources {
  /** By setting name, as the command line gives them; `config` names the file. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  readonly environment: Environment
  readonly readFile: (path: string) => string
  /** What a program says in place of a file; `name` stands in messages. */
  readonly document?: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> }
}

/** Merges flags over environment over file over defaults. Throws `ConfigError` for the first setting that is wrong. */
export function loadConfig({ flags, environment, readFile, document }: ConfigSources): LoadedConfig {
  const file = document?.name ?? textOf(flags['config']) ?? textOf(environment[variableOf('config')])
  const fromFile = settingsIn(file, readFile, document?.settings)
  const values: Record<string, unknown> = {}
  const origins: Partial<Record<SettingName, Origin>> = {}
  for (const name of settingNames) {
    const found = find(name, flags, environment, fromFile)
    origins[name] = found.origin
    values[name] = check(name, found.value, placeOf(name, found.origin, file))
  }
  if (origins.publicPort === 'default') values['publicPort'] = portAfter(Number(values['port']))
  // Each value has just passed the schema of its name.
  const config = values as Config
  checkTogether(config)
  return {
    config: withPaths(config),
    origins: origins as Record<SettingName, Origin>,
    file: document ? undefined : file,
  } // every name was visited
}

function find(
  name: SettingName,
  flags: ConfigSources['flags'],
  environment: Environment,
  fromFile: Readonly<Record<string, unknown>>,
): { readonly value: unknown; readonly origin: Origin } {
  const flag = flags[name]
  if (flag !== undefined) return { value: fromText(name, flag), origin: 'flag' }
  // An empty variable counts as unset: it is how shells and compose files clear one.
  const variable = textOf(environment[variableOf(name)])
  if (variable !== undefined) return { value: fromText(name, variable), origin: 'environment' }
  const written = fromFile[name]
  if (written !== undefined && written !== null) return { value: written, origin: 'file' }
  return { value: defaultOf(name, environment), origin: 'default' }
}

function defaultOf(name: SettingName, environment: Environment): unknown {
  const { default: value } = settings[name]
  return typeof value === 'function' ? value(environment) : value
}

/** Flags and variables are text; what does not look like the setting's kind stays text, for the schema to refuse. */
function fromText(name: SettingName, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text
  switch (settings[name].kind) {
    case 'text':
      return text
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text
    case 'decimal':
      return /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : text
    case 'switch':
      return { 1: true, true: true, yes: true, 0: false, false: false, no: false }[text.toLowerCase()] ?? text
  }
}

function check(name: SettingName, value: unknown, place: string): unknown {
  const result = settings[name].schema().safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new ConfigError(`${place} ${describe(issue, settings[name].kind)}, not ${shown(value)}`)
}

function describe(issue: z.core.$ZodIssue | undefined, kind: Kind): string {
  if (issue === undefined) return 'is wrong'
  if (issue.code !== 'invalid_type') return issue.message
  return {
    text: 'must be text (in quotes)',
    number: 'must be a whole number',
    decimal: 'must be a number',
    switch: 'must be true or false',
  }[kind]
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100)
}

function placeOf(name: SettingName, origin: Origin, file: string | undefined): string {
  switch (origin) {
    case 'flag':
      return flagOf(name)
    case 'environment':
      return variableOf(name)
    case 'file':
      return `${name} in ${file}`
    case 'default':
      return `the default of ${name}`
  }
}

function settingsIn(
  file: string | undefined,
  readFile: ConfigSources['readFile'],
  given: unknown,
): Readonly<Record<string, unknown>> {
  if (file === undefined) return {}
  const document = given ?? parseYaml(file, readFile)
  if (document === null || document === undefined) return {}
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ConfigError(`the configuration file ${file} must hold settings, one "name: value" a line`)
  }
  for (const name of Object.keys(document)) {
    if (!Object.hasOwn(settings, name))
      throw new ConfigError(`the configuration file ${file} has an unknown setting: ${name.slice(0, 100)}`)
  }
  return Object.fromEntries(Object.entries(document))
}

function parseYaml(file: string, readFile: ConfigSources['readFile']): unknown {
  try {
    return parse(readFile(file), { prettyErrors: true, maxAliasCount: 100 })
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new ConfigError(`cannot read the configuration file ${file}: ${reason}`, { cause: error })
  }
}

/** Two servers on one machine get along when each is given a `port`. */
function portAfter(port: number): number {
  if (port === 0) return 0
  return port === 65_535 ? 65_534 : port + 1
}

/** What no setting can say alone. */
function checkTogether(config: Config): void {
  if (config.dev && !isLoopback(config.listen)) {
    throw new ConfigError(
      `--dev accepts any key and therefore listens on loopback only: remove ${flagOf('listen')} ${config.listen}, or remove --dev`,
    )
  }
  if (config.port === config.publicPort && config.port !== 0) {
    throw new ConfigError(`${flagOf('port')} and ${flagOf('publicPort')} must not be the same`)
  }
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    throw new ConfigError(`${flagOf('tlsCert')} and ${flagOf('tlsKey')} need each other`)
  }
  if (config.domain !== undefined && config.registryHost !== undefined) {
    throw new ConfigError(`${flagOf('domain')} and ${flagOf('registryHost')} say the same thing: give one of them`)
  }
}

/** Whether only this machine can reach the address. Other names are not looked up: what they mean may change. */
export function isLoopback(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || address === '::1' || address === 'localhost'
}

function withPaths(config: Config): Config {
  const { tlsCert, tlsKey } = config
  return {
    ...config,
    data: resolve(config.data),
    tlsCert: tlsCert === undefined ? undefined : resolve(tlsCert),
    tlsKey: tlsKey === undefined ? undefined : resolve(tlsKey),
  }
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
