// What every command of `stowage admin` has: the data directory whose server it operates.

import type { Command } from 'commander'

import { load, withSettings, type Flags } from '../with-settings.ts'
import type { AdminCall } from './admin-call.ts'

/** Options of a command; those that may be given several times are lists. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export const onServer = (command: Command): Command => withSettings(command, ['data'])

export async function connect(flags: Flags): Promise<AdminCall> {
  const { openAdminCall } = await import('./admin-call.ts')
  return openAdminCall(load(flags).config.data)
}

export const text = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined
