// The text of a policy to what is evaluated. Whatever is not understood makes the whole policy invalid, before it is stored: a condition
// that was skipped would be a right that nobody gave.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

import { shapeFault } from '../../../lib/json-shape.ts'
import { compileArnPattern } from './arn-pattern.ts'
import { compileCondition, isOperator, type Condition } from './condition.ts'
import type { ByEffect, Policy, Statement } from './policy.ts'
import { compileNotPrincipal, compilePrincipal, type PrincipalPattern } from './principal-pattern.ts'
import type { AccessRequest } from './request.ts'
import { compileWildcards, type TextMatch } from './wildcard.ts'

/** What a policy of this kind may and must say. */
export interface PolicyKind {
  /** `must` in policies of resources, where identities' have none. */
  readonly principal: 'must' | 'never'
  /** A repository's policy needs none, it is about the repository; ECR's newer samples say `*`. */
  readonly resource: 'must' | 'may' | 'never'
  /** Services whose actions it may name; undefined for any. */
  readonly services: readonly string[] | undefined
}

export const policyKinds = {
  identity: { principal: 'never', resource: 'must', services: undefined },
  repository: { principal: 'must', resource: 'may', services: ['ecr'] },
  publicRepository: { principal: 'must', resource: 'may', services: ['ecr-public'] },
  registry: { principal: 'must', resource: 'must', services: ['ecr'] },
  trust: { principal: 'must', resource: 'never', services: ['sts'] },
} as const satisfies Record<string, PolicyKind>

const depthMax = 8
const listMax = 1_000

/** `undefined` for a text that is no policy of this kind. */
export function compilePolicy(text: string, kind: PolicyKind): Policy | undefined {
  const document = parse(text)
  const policy = document === undefined ? undefined : objectOf(document, ['Version', 'Id', 'Statement'])
  if (!policy) return undefined
  const { Version: version, Id: id, Statement: statement } = policy
  if (version !== undefined && version !== '2008-10-17' && version !== '2012-10-17') return undefined
  if (id !== undefined && typeof id !== 'string') return undefined
  const given: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  if (given.length === 0 || given.length > listMax) return undefined
  const statements: CompiledStatement[] = []
  // Variables came with the version of 2012; before it they are text.
  const variables = version === '2012-10-17'
  const patternOf = sharedPatterns(variables)
  for (const one of given) {
    const compiled = compileStatement(one, kind, variables, patternOf)
    if (!compiled) return undefined
    statements.push(compiled)
  }
  return { statements, about: statementsAbout(statements), readsResourceTags: /:resourcetag\//i.test(text) }
}

type PatternOf = (pattern: string) => TextMatch | undefined

/**
 * Statements of one policy often name the same resources (`repository/${aws:username}/*`): each pattern is compiled once, and matched once in a
 * decision. Measured: 50 statements that share one of their two patterns, refused, take 0.4 of the time.
 */
function sharedPatterns(variables: boolean): PatternOf {
  const known = new Map<string, TextMatch | undefined>()
  return (pattern) => {
    if (!known.has(pattern)) known.set(pattern, matchOnce(compileArnPattern(pattern, variables)))
    return known.get(pattern)
  }
}

/** The answer of the last request at hand. A request is a value: what it says does not change. */
function matchOnce(match: TextMatch | undefined): TextMatch | undefined {
  if (!match) return undefined
  let last: AccessRequest | undefined
  let lastText: string | undefined
  let isMatch = false
  return (text, request) => {
    if (request === last && text === lastText) return isMatch
    isMatch = match(text, request)
    last = request
    lastText = text
    return isMatch
  }
}

/** More than there are actions of one service; whoever explains may ask for any text. */
const actionsMax = 128

/** Most requests are for a few actions, and most statements about others: each is looked for once. */
function statementsAbout(statements: readonly CompiledStatement[]): Policy['about'] {
  const known = new Map<string, ByEffect>()
  return (action) => {
    let found = known.get(action)
    if (!found) {
      const about = statements.filter(({ isAbout }) => isAbout(action))
      const of = (effect: Statement['effect']) => about.filter((statement) => statement.effect === effect)
      found = { Allow: of('Allow'), Deny: of('Deny') }
      if (known.size >= actionsMax) known.clear()
      known.set(action, found)
    }
    return found
  }
}

function parse(text: string): unknown {
  if (shapeFault(text, { depth: depthMax, uniqueKeys: true })) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In the order that a policy is shown in. */
export const statementMembers = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]

type Members = Readonly<Record<string, unknown>>
type Test = (request: AccessRequest) => boolean

interface CompiledStatement extends Statement {
  readonly isAbout: (action: string) => boolean
}

function compileStatement(
  value: unknown,
  kind: PolicyKind,
  variables: boolean,
  patternOf: PatternOf,
): CompiledStatement | undefined {
  const statement = objectOf(value, statementMembers)
  if (!statement) return undefined
  const { Sid: sid, Effect: effect } = statement
  if (sid !== undefined && typeof sid !== 'string') return undefined
  if (effect !== 'Allow' && effect !== 'Deny') return undefined
  const principal = compilePrincipals(statement, kind, effect)
  const isAbout = compileActions(statement, kind)
  const resource = compileResources(statement, kind, patternOf)
  const conditions = compileConditions(statement['Condition'], variables)
  if (!principal || !isAbout || !resource || !conditions) return undefined
  const holds: Test = (request) => {
    for (const condition of conditions) if (!condition(request)) return false
    return true
  }
  const covers: Test = (request) => resource(request) && holds(request)
  return {
    sid,
    effect,
    isAbout,
    names: (request) => principal.names(request.principal),
    exempts: statement['NotPrincipal'] !== undefined,
    applies: (request) => isAbout(request.action) && covers(request),
    covers,
    misses: (request) => {
      if (!isAbout(request.action)) return 'action'
      if (!resource(request)) return 'resource'
      return holds(request) ? undefined : 'condition'
    },
  }
}

const whoever: PrincipalPattern = { names: () => 'self' }

function compilePrincipals(
  { Principal: principal, NotPrincipal: notPrincipal }: Members,
  kind: PolicyKind,
  effect: 'Allow' | 'Deny',
): PrincipalPattern | undefined {
  if (kind.principal === 'never') return principal === undefined && notPrincipal === undefined ? whoever : undefined
  if ((principal === undefined) === (notPrincipal === undefined)) return undefined
  return principal === undefined ? compileNotPrincipal(notPrincipal, effect) : compilePrincipal(principal)
}

function compileActions(
  { Action: action, NotAction: notAction }: Members,
  kind: PolicyKind,
): CompiledStatement['isAbout'] | undefined {
  if ((action === undefined) === (notAction === undefined)) return undefined
  const names = textsOf(action ?? notAction)
  const services = kind.services?.join('|') ?? '[a-z0-9-]{1,64}'
  const form = new RegExp(`^(?:\\*|(?:${services}):[A-Za-z0-9*?]{1,128})$`, 'i')
  if (!names?.every((name) => form.test(name))) return undefined
  const matches = names.map((name) => compileWildcards(name, true))
  const isNamed = (asked: string) => matches.some((match) => match(asked))
  return action === undefined ? (asked) => !isNamed(asked) : isNamed
}

function compileResources(
  { Resource: resource, NotResource: notResource }: Members,
  kind: PolicyKind,
  patternOf: PatternOf,
): Test | undefined {
  const isUnsaid = resource === undefined && notResource === undefined
  if (kind.resource === 'never') return isUnsaid ? () => true : undefined
  if (kind.resource === 'may' && isUnsaid) return () => true
  if ((resource === undefined) === (notResource === undefined)) return undefined
  const matches: TextMatch[] = []
  for (const pattern of textsOf(resource ?? notResource) ?? ['']) {
    const match = patternOf(pattern)
    if (!match) return undefined
    matches.push(match)
  }
  const isNamed: Test = (request) => {
    for (const match of matches) if (match(request.resource, request)) return true
    return false
  }
  return resource === undefined ? (request) => !isNamed(request) : isNamed
}

/** Every operator on every key. */
function compileConditions(value: unknown, variables: boolean): readonly Condition[] | undefined {
  if (value === undefined) return []
  const operators = objectOf(value)
  if (!operators) return undefined
  const conditions: Condition[] = []
  for (const [operator, keys] of Object.entries(operators)) {
    if (!isOperator(operator)) return undefined
    for (const [key, given] of Object.entries(objectOf(keys) ?? { '': undefined })) {
      const values = valuesOf(given)
      const condition = values && compileCondition(operator, key, values, variables)
      if (!condition) return undefined
      conditions.push(condition)
    }
  }
  return conditions
}

/** One value or a list of them; numbers and truths as their text. */
function valuesOf(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || list.length > listMax) return undefined
  const isValue = (one: unknown) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean'
  return list.every(isValue) ? list.map(String) : undefined
}

/** One text, or a list of at least one. */
function textsOf(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.filter((one): one is string => typeof one === 'string' && one !== '')
  return texts.length === 0 || texts.length < list.length || texts.length > listMax ? undefined : texts
}

/** An object with no members but `known`, when that is given. */
function objectOf(value: unknown, known?: readonly string[]): Members | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (known && Object.keys(value).some((key) => !known.includes(key))) return undefined
  return value as Members // just checked
}
