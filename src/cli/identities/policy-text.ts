// Texts of policies in a file beside those of the server.

import { isDeepStrictEqual } from 'node:util'

import { CommandError } from '../command-error.ts'
import type { DocumentText } from './read-identity-file.ts'

export function documentText(document: DocumentText): string {
  return typeof document === 'string' ? document : JSON.stringify(document)
}

/** The order of members and white space say nothing. */
export function isSameDocument(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other))
  } catch {
    return false // the server says what is wrong with it
  }
}

/** Throws a CommandError: the path is part of the ARN, which others may name. */
export function refuseMove(what: string, path: string, wanted: string | undefined): void {
  if (wanted === undefined || wanted === path) return
  throw new CommandError(`nothing was sent: the path of ${what} is ${path} and can not become ${wanted}`, 2)
}
