// An input that breaks a constraint, in the words of its service.

import { fail } from '../model/errors.ts'
import type { Violation } from '../model/violation.ts'
import type { Operation } from './operation.ts'

/** STS is of those services that quote the value; row R14 says how much of it. */
const quotedCharactersMax = 256

export function refuseInput({ service }: Pick<Operation, 'service'>, input: unknown, broken: Violation): never {
  if (service.name !== 'sts') return fail('InvalidParameterException', broken)
  const value = valueAt(input, broken.parameter.split('.'))
  const isText = typeof value === 'string' || typeof value === 'number'
  const parameter = broken.parameter.replace(
    /(^|\.)([A-Z])/g,
    (_, dot: string, first: string) => dot + first.toLowerCase(),
  )
  return fail('ValidationError', {
    parameter,
    value: isText ? `'${String(value).slice(0, quotedCharactersMax)}'` : 'null',
    constraint: inWordsOfSts(broken.constraint),
  })
}

/** The sentence says `Member` itself, and a pattern stands without quotes (seen in answers of STS). */
function inWordsOfSts(constraint: string): string {
  return constraint
    .replace(/^Member /, '')
    .replace(/^must satisfy regular expression '(.*)'$/, 'must satisfy regular expression pattern: $1')
}

/** Follows the path of a violation: names, and for lists a number from 1 and `member`. */
function valueAt(input: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined || typeof input !== 'object' || input === null) return input
  if (Array.isArray(input)) return valueAt(input[Number(name) - 1], rest[0] === 'member' ? rest.slice(1) : rest)
  return valueAt((input as Readonly<Record<string, unknown>>)[name], rest) // an object, by its members
}
