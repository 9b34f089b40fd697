// What commands about identities read from their options, and how they print.

import { readFileSync } from 'node:fs'

import { CommandError } from '../command-error.ts'
import type { AdminCall } from './admin-call.ts'
import type { Options } from './connect.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Prints the answer as it is, or the sentence for a reader. */
export function answer({ json }: Options, value: unknown, sentence: string): void {
  say(json === true ? JSON.stringify(value, undefined, 2) : sentence)
}

export const textOption = (options: Options, name: string): string | undefined => {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export const listOption = (options: Options, name: string): readonly string[] => {
  const value = options[name]
  return Array.isArray(value) ? (value as readonly string[]) : []
}

/** `--account`, or the account of the server. */
export const accountOf = ({ account }: AdminCall, options: Options): string => textOption(options, 'account') ?? account

/** A managed policy by its ARN, or by the name of one without a path. */
export function toPolicyArn(accountId: string, nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:iam::${accountId}:policy/${nameOrArn}`
}

/** `KEY=VALUE`; the value may hold more of `=`. Throws a CommandError. */
export function parsePair(pair: string): { readonly key: string; readonly value: string } {
  const at = pair.indexOf('=')
  if (at < 1) throw new CommandError(`"${pair}" is not of the form KEY=VALUE`, 2)
  return { key: pair.slice(0, at), value: pair.slice(at + 1) }
}

/** Throws a CommandError. */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`, 2, error)
  }
}

/** A whole number of seconds. Throws a CommandError. */
export function secondsOption(options: Options, name: string): number | undefined {
  const value = textOption(options, name)
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new CommandError(`"${value}" is not a number of seconds`, 2)
  return Number(value)
}

/** Every page of a listing. */
export async function everyPage<P extends { readonly nextToken?: string | undefined }, T>(
  load: (nextToken: string | undefined) => Promise<P>,
  itemsOf: (page: P) => readonly T[],
): Promise<readonly T[]> {
  const items: T[] = []
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken !== undefined; isFirst = false) {
    const page = await load(nextToken)
    items.push(...itemsOf(page))
    nextToken = page.nextToken
  }
  return items
}
