// The Condition element as AWS's pages on operators, multiple values and set operators describe it, operator by operator. Slow on purpose.

import { BlockList, isIP } from 'node:net'

import type { AccessRequest } from '../../../src/domain/authorisation/policies/request.ts'
import { arnParts, fits, literally, textOf, withVariables, withWildcards, type Place } from './reference-pattern.ts'

export type ConditionText = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Whether a value of the request is equal to, like, or less than … a value of the policy; a negated operator is the plain one denied. */
type Comparison = (value: string, policyValue: string, reading: Reading) => boolean

/** What the policy's version makes of its texts. */
interface Reading {
  readonly request: AccessRequest
  readonly variables: boolean
}

/** All operators and all keys have to hold: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html */
export function conditionHolds(condition: ConditionText, request: AccessRequest, variables: boolean): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) =>
      holds(operator, request.key(key.toLowerCase()), textsOf(values), { request, variables }),
    ),
  )
}

export function textsOf(values: unknown): readonly string[] {
  return (Array.isArray(values) ? values : [values]).map(String)
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function holds(
  operator: string,
  found: string | readonly string[] | undefined,
  policyValues: readonly string[],
  reading: Reading,
): boolean {
  const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/.exec(operator) ?? []
  // An empty list is a key without a value, which is a key that is not there.
  const values = typeof found === 'string' ? [found] : (found ?? [])
  const present = values.length > 0
  if (base === 'Null') return policyValues.some((value) => value.toLowerCase() === String(!present))
  // Said of every operator but Null, and so with ForAnyValue too.
  if (ifExists !== undefined && !present) return true

  const [comparison, negated] = comparisonOf(base)
  const matches = (value: string): boolean =>
    // Several values of the policy: OR, and NOR for a negated operator.
    policyValues.some((policyValue) => comparison(value, policyValue, reading)) !== negated
  // Of every value of the request, and so true of none; of at least one, and so false of none.
  if (set === 'ForAllValues') return values.every(matches)
  if (set === 'ForAnyValue') return values.some(matches)
  // A key that is not there is not equal and not like anything.
  if (!present) return negated
  // Several values want a set operator; AWS does not say what comes without one. Read as: one that is like the policy's is enough.
  return negated ? values.every(matches) : values.some(matches)
}

function comparisonOf(base: string): readonly [comparison: Comparison, negated: boolean] {
  const positive = comparisons[base]
  if (positive !== undefined) return [positive, false]
  const negative = comparisons[negations[base] ?? '']
  if (negative === undefined) throw new Error(`no operator ${base}`)
  return [negative, true]
}

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
  NotIpAddress: 'IpAddress',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
}

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: (value, text, reading) => {
    const places = replaced(text, literally, reading)
    return places !== undefined && fits(places, value)
  },
  StringEqualsIgnoreCase: (value, text, reading) => {
    const places = replaced(text, literally, reading)
    return places !== undefined && fits(literally(textOf(places).toLowerCase()), value.toLowerCase())
  },
  StringLike: (value, text, reading) => {
    const places = replaced(text, withWildcards, reading)
    return places !== undefined && fits(places, value)
  },
  NumericEquals: numeric((left, right) => left === right),
  NumericLessThan: numeric((left, right) => left < right),
  NumericLessThanEquals: numeric((left, right) => left <= right),
  NumericGreaterThan: numeric((left, right) => left > right),
  NumericGreaterThanEquals: numeric((left, right) => left >= right),
  DateEquals: dated((left, right) => left === right),
  DateLessThan: dated((left, right) => left < right),
  DateLessThanEquals: dated((left, right) => left <= right),
  DateGreaterThan: dated((left, right) => left > right),
  DateGreaterThanEquals: dated((left, right) => left >= right),
  Bool: (value, text) => value.toLowerCase() === text.toLowerCase(),
  // Byte for byte; the request's value is base64 as the policy's is, because a key's value is text here.
  BinaryEquals: (value, text) => Buffer.from(value, 'base64').equals(Buffer.from(text, 'base64')),
  IpAddress: (value, text) => isInRange(value, text),
  ArnEquals: isLikeArn,
  ArnLike: isLikeArn,
}

function replaced(
  text: string,
  plain: (text: string) => readonly Place[],
  { request, variables }: Reading,
): readonly Place[] | undefined {
  return variables ? withVariables(text, request, plain) : plain(text)
}

/** The six parts are compared one by one, once the variables are replaced. */
function isLikeArn(value: string, text: string, reading: Reading): boolean {
  const places = replaced(text, withWildcards, reading)
  const patterns = places && arnParts(places)
  const parts = arnParts(literally(value))
  if (parts === undefined || patterns === undefined) return false
  return patterns.every((pattern, index) => fits(pattern, textOf(parts[index] ?? [])))
}

/** Whole or decimal; what is no number compares with nothing. */
function numeric(compare: (left: number, right: number) => boolean): Comparison {
  const isNumber = /^-?\d+(\.\d+)?$/
  return (value, text) => isNumber.test(value) && isNumber.test(text) && compare(Number(value), Number(text))
}

/** https://www.w3.org/TR/NOTE-datetime, or seconds since 1970. */
function dated(compare: (left: number, right: number) => boolean): Comparison {
  const isDate = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/
  const toMs = (text: string): number => {
    // Four digits are a year, by the first of the formats.
    if (isDate.test(text)) return Date.parse(text)
    return /^\d+$/.test(text) ? Number(text) * 1000 : Number.NaN
  }
  return (value, text) => compare(toMs(value), toMs(text))
}

/** A CIDR block, or one address. */
function isInRange(value: string, text: string): boolean {
  const [address = '', prefix] = text.split('/')
  if (isIP(value) === 0 || isIP(value) !== isIP(address)) return false
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  const range = new BlockList()
  range.addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family)
  return range.check(value, family)
}
