// The Condition element: operators, each with keys, each with values. All operators and keys have to hold.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html

import { conditionOperators, type ConditionOperator } from './condition-operators.ts'
import type { AccessRequest, KeyValue } from './request.ts'
import type { TextMatch } from './wildcard.ts'

/** Whether a condition holds for a request. */
export type Condition = (request: AccessRequest) => boolean

const operatorPattern = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/
// What follows `aws:ResourceTag/` may be any key of a tag, with its spaces and letters of any language.
const keyPattern = /^[\w-]+:[\p{L}\p{N}\p{Zs}_./:@+=-]{1,300}$/u

/** Whether IAM knows an operator by this name: one without keys asks nothing, but has to be one. */
export function isOperator(operatorName: string): boolean {
  const [, set, name = '', ifExists] = operatorPattern.exec(operatorName) ?? []
  return name === 'Null' ? set === undefined && ifExists === undefined : conditionOperators.has(name)
}

/** One operator on one key; `undefined` when the operator, the key or a value is none that IAM knows. */
export function compileCondition(
  operatorName: string,
  key: string,
  values: readonly string[],
  variables: boolean,
): Condition | undefined {
  const [, set, name = '', ifExists] = operatorPattern.exec(operatorName) ?? []
  if (!keyPattern.test(key)) return undefined
  const wanted = key.toLowerCase()
  if (name === 'Null') return set === undefined && ifExists === undefined ? compileNull(wanted, values) : undefined
  const operator = conditionOperators.get(name)
  if (!operator) return undefined
  const matches: TextMatch[] = []
  for (const value of values) {
    const match = operator.compile(value, variables)
    if (!match) return undefined
    matches.push(match)
  }
  const holds = setRule(set, operator, matches)
  return (request) => {
    const given = listOf(request.key(wanted))
    if (given === undefined)
      return ifExists !== undefined || (set === undefined ? operator.negated : set === 'ForAllValues')
    return holds(given, request)
  }
}

/** `Null`: true asks that the key is absent, false that it is there. */
function compileNull(key: string, values: readonly string[]): Condition | undefined {
  if (!values.every((value) => /^(?:true|false)$/i.test(value))) return undefined
  const wanted = values.map((value) => value.toLowerCase() === 'true')
  return (request) => wanted.includes(listOf(request.key(key)) === undefined)
}

function setRule(
  set: string | undefined,
  { negated }: ConditionOperator,
  matches: readonly TextMatch[],
): (given: readonly string[], request: AccessRequest) => boolean {
  const some = (value: string, request: AccessRequest) => {
    for (const match of matches) if (match(value, request)) return true
    return false
  }
  const one = negated ? (value: string, request: AccessRequest) => !some(value, request) : some
  if (set === 'ForAllValues') return (given, request) => given.every((value) => one(value, request))
  if (set === 'ForAnyValue') return (given, request) => given.some((value) => one(value, request))
  // A key of several values under an operator for one: any of them may match, none may where the operator says Not.
  if (negated) return (given, request) => given.every((value) => one(value, request))
  return (given, request) => given.some((value) => one(value, request))
}

/** An empty list is a key that is not there (AWS, "Multivalued context keys"). */
function listOf(value: KeyValue | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined
  const list = typeof value === 'string' ? [value] : value
  return list.length === 0 ? undefined : list
}
