// The operators of conditions: what one value of the request and one value of the policy have to do with each other.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

import { parseIpRange } from '../../../lib/ip-range.ts'
import { rememberLast } from '../../../lib/remember-last.ts'
import { compileArnPattern } from './arn-pattern.ts'
import { compilePattern, compileText, type TextMatch } from './wildcard.ts'

export interface ConditionOperator {
  /** Compiles a value of the policy; `undefined` when it is none that this operator knows. */
  readonly compile: (value: string, variables: boolean) => TextMatch | undefined
  /** `…Not…`: holds when no value of the policy matches, and when the request has no such key. */
  readonly negated: boolean
}

const text = (options: {
  readonly wildcards: boolean
  readonly ignoresCase?: boolean
}): ConditionOperator['compile'] => {
  return (value, variables) => compilePattern(value, { ...options, variables })
}

/** Compares what both values stand for; a value of the request that stands for nothing matches nothing. */
function compared(
  parse: (value: string) => number | undefined,
  holds: (given: number, wanted: number) => boolean,
): ConditionOperator['compile'] {
  return (value, variables) => {
    if (variables && value.includes('${')) {
      const textOf = compileText(value)
      return (given, request) => {
        const left = parse(given)
        const wanted = textOf(request)
        const right = wanted === undefined ? undefined : parse(wanted)
        return left !== undefined && right !== undefined && holds(left, right)
      }
    }
    const right = parse(value)
    if (right === undefined) return undefined
    return (given) => {
      const left = parse(given)
      return left !== undefined && holds(left, right)
    }
  }
}

function parseNumber(value: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(value) ? Number(value) : undefined
}

const isoDate = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)?)?$/

/** Milliseconds of a W3C date (UTC unless it says otherwise), or of epoch seconds. Many statements ask for the one time of a request. */
const parseDate = rememberLast(readDate)

function readDate(value: string): number | undefined {
  if (/^\d{5,12}$/.test(value)) return Number(value) * 1000
  if (!isoDate.test(value)) return undefined
  const hasTime = value.includes('T')
  const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value)
  const ms = Date.parse(hasTime && !isZoned ? `${value}Z` : value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(ms) ? undefined : ms
}

const equal = (given: number, wanted: number) => given === wanted
const order = {
  Equals: { holds: equal, negated: false },
  NotEquals: { holds: equal, negated: true },
  LessThan: { holds: (given: number, wanted: number) => given < wanted, negated: false },
  LessThanEquals: { holds: (given: number, wanted: number) => given <= wanted, negated: false },
  GreaterThan: { holds: (given: number, wanted: number) => given > wanted, negated: false },
  GreaterThanEquals: { holds: (given: number, wanted: number) => given >= wanted, negated: false },
} as const

const ordered = (prefix: string, parse: (value: string) => number | undefined) =>
  Object.entries(order).map(
    ([suffix, { holds, negated }]) => [`${prefix}${suffix}`, { compile: compared(parse, holds), negated }] as const,
  )

const isTruth = (value: string) => /^(?:true|false)$/i.test(value)

const bool: ConditionOperator['compile'] = (value, variables) => {
  if (!isTruth(value) && !(variables && value.includes('${'))) return undefined
  return compilePattern(value, { wildcards: false, variables, ignoresCase: true })
}

const inRange: ConditionOperator['compile'] = (value) => parseIpRange(value)

const exact = text({ wildcards: false })
const exactIgnoringCase = text({ wildcards: false, ignoresCase: true })
const like = text({ wildcards: true })
// ArnEquals and ArnLike behave alike (AWS, "Amazon Resource Name (ARN) condition operators").
const arn: ConditionOperator['compile'] = compileArnPattern

export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map<string, ConditionOperator>([
  ['StringEquals', { compile: exact, negated: false }],
  ['StringNotEquals', { compile: exact, negated: true }],
  ['StringEqualsIgnoreCase', { compile: exactIgnoringCase, negated: false }],
  ['StringNotEqualsIgnoreCase', { compile: exactIgnoringCase, negated: true }],
  ['StringLike', { compile: like, negated: false }],
  ['StringNotLike', { compile: like, negated: true }],
  ...ordered('Numeric', parseNumber),
  ...ordered('Date', parseDate),
  ['Bool', { compile: bool, negated: false }],
  ['BinaryEquals', { compile: (value) => (given) => given === value, negated: false }],
  ['IpAddress', { compile: inRange, negated: false }],
  ['NotIpAddress', { compile: inRange, negated: true }],
  ['ArnEquals', { compile: arn, negated: false }],
  ['ArnLike', { compile: arn, negated: false }],
  ['ArnNotEquals', { compile: arn, negated: true }],
  ['ArnNotLike', { compile: arn, negated: true }],
])
