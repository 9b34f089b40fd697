// Settings of the server as options of a command: a command that works on a data directory takes `--data` as `serve` does.

import { readFileSync } from 'node:fs'

import type { Command } from 'commander'

import { loadConfig, type LoadedConfig } from '../config.ts'
import { flagOf, type SettingName, settings, variableOf } from '../settings.ts'

/** Options as commander gives them to an action. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Adds an option for each of these settings, and `--config`. */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { placeholder, description, default: value, defaultText } = settings[name]
    const isShown = value !== undefined && value !== false && typeof value !== 'function'
    const shownDefault = defaultText ?? (isShown ? String(value) : undefined)
    const help = `${description.replaceAll('`', '')}${shownDefault === undefined ? '' : ` (default: ${shownDefault.replaceAll('`', '')})`}`
    command.option(placeholder === '' ? flagOf(name) : `${flagOf(name)} <${placeholder}>`, help)
  }
  return command
    .option(`${flagOf('config')} <FILE>`, 'Settings in YAML; flags and environment variables come before it')
    .allowExcessArguments(false)
    .addHelpText('after', `\nEach setting may also stand in the environment, such as ${variableOf('data')}.\n`)
}

/** Every setting, from the flags, the environment and the file. Throws ConfigError. */
export function load(flags: Flags): LoadedConfig {
  return loadConfig({ flags, environment: process.env, readFile: (file) => readFileSync(file, 'utf8') })
}
