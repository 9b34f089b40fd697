// Patterns of policies: `*` for any characters, `?` for one, and `${...}` for what the request says. What a variable stands for is text:
// a user named `*` matches nothing but itself (row P6). Patterns are cut up once, and nothing is built while one is matched: a decision
// may ask hundreds.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

import type { AccessRequest } from './request.ts'

/** A piece of a pattern. All have all members: the machine knows one shape faster than three. */
interface Segment {
  /** How many characters, whatever they are; 0 for a text or a variable. */
  readonly any: number
  /** `undefined` in a variable. */
  readonly text: string | undefined
  /** Of a variable, in lower case. */
  readonly key: string
  readonly otherwise: string | undefined
}

/** What stands between two `*`. */
type Run = readonly Segment[]

/** Whether a text matches, given the request that variables are about. */
export type TextMatch = (text: string, request: AccessRequest) => boolean

export interface PatternOptions {
  /** `*` and `?` stand for characters; otherwise for themselves. */
  readonly wildcards: boolean
  readonly variables: boolean
  readonly ignoresCase?: boolean
}

/** Compiles a pattern once; matching takes time linear in the text for each `*`, whatever the pattern. */
export function compilePattern(pattern: string, options: PatternOptions): TextMatch {
  const { ignoresCase = false } = options
  const fold = (text: string) => (ignoresCase ? text.toLowerCase() : text)
  const runs = parsePattern(pattern, options).map((run) =>
    run.map((segment) => (segment.text === undefined ? segment : { ...segment, text: fold(segment.text) })),
  )
  const [first = [], ...middle] = runs
  const last = middle.pop()
  if (last && runs.every((run) => run.length === 0)) return () => true
  const begin = first.length === 0 ? '' : first.length === 1 ? first[0]?.text : undefined
  if (begin !== undefined && middle.length === 0) {
    if (!last) return ignoresCase ? (text) => text.toLowerCase() === begin : (text) => text === begin
    if (last.length === 0)
      return ignoresCase ? (text) => standsAt(text.toLowerCase(), begin, 0) : (text) => standsAt(text, begin, 0)
  }
  const match = last ? matchRuns(first, middle, last, ignoresCase) : matchRun(first, ignoresCase)
  return ignoresCase ? (text, request) => match(text.toLowerCase(), request) : match
}

/** A pattern that knows no variables, and needs no request. */
export function compileWildcards(pattern: string, ignoresCase: boolean): (text: string) => boolean {
  const match = compilePattern(pattern, { wildcards: true, variables: false, ignoresCase })
  return (text) => match(text, noRequest)
}

const noRequest: AccessRequest = {
  principal: { kind: 'anonymous', accountId: '', arn: '' },
  action: '',
  resource: '',
  resourceAccountId: '',
  key: () => undefined,
}

/** Compiles a text with variables in it, for comparisons that know no wildcards (numbers, dates); `undefined` where one has no value. */
export function compileText(pattern: string): (request: AccessRequest) => string | undefined {
  const [run = []] = parsePattern(pattern, { wildcards: false, variables: true })
  return (request) => {
    let text = ''
    for (const segment of run) {
      const value = textOf(segment, request, false)
      if (value === undefined) return undefined
      text += value
    }
    return text
  }
}

/** `${key}`, `${key, 'otherwise'}`, and `${*}`, `${?}`, `${$}` for the characters themselves. */
const variablePattern = /\$\{(?:([*?$])|([\w-]+:[\p{L}\p{N}\p{Zs}_./:@+=-]+|\w+)(?:\s*,\s*'([^'}]*)')?)\}/uy

/** At least one run; `**` is `*`. */
function parsePattern(pattern: string, { wildcards, variables }: PatternOptions): readonly Run[] {
  const runs: Segment[][] = []
  let run: Segment[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') run.push({ any: 0, text: literal, key: '', otherwise: undefined })
    literal = ''
  }
  for (let at = 0; at < pattern.length;) {
    const character = pattern.charAt(at)
    variablePattern.lastIndex = at
    const found = variables && character === '$' ? variablePattern.exec(pattern) : undefined
    if (found) {
      const [whole, itself, key, otherwise] = found
      if (itself !== undefined) literal += itself
      else {
        flush()
        run.push({ any: 0, text: undefined, key: (key ?? '').trimEnd().toLowerCase(), otherwise })
      }
      at += whole.length
      continue
    }
    at += 1
    if (!wildcards || (character !== '*' && character !== '?')) {
      literal += character
      continue
    }
    flush()
    if (character === '?') {
      run.push({ any: 1, text: '', key: '', otherwise: undefined })
    } else if (runs.length === 0 || run.length > 0) {
      runs.push(run)
      run = []
    }
  }
  flush()
  return [...runs, run]
}

function matchRun(run: Run, ignoresCase: boolean): TextMatch {
  return (text, request) => endOf(text, run, 0, request, ignoresCase) === text.length
}

function matchRuns(first: Run, middle: readonly Run[], last: Run, ignoresCase: boolean): TextMatch {
  return (text, request) => {
    let at = endOf(text, first, 0, request, ignoresCase)
    if (at < 0) return false
    // The leftmost place of each run leaves the most room for those after it.
    for (const run of middle) {
      at = endOfLeftmost(text, run, at, request, ignoresCase)
      if (at < 0) return false
    }
    if (last.length === 0) return true
    const start = text.length - lengthOf(last, request, ignoresCase)
    return start >= at && endOf(text, last, start, request, ignoresCase) === text.length
  }
}

/** Where the run ends that begins at `at`; -1 when it does not stand there, or a variable of it has no value. */
function endOf(text: string, run: Run, at: number, request: AccessRequest, ignoresCase: boolean): number {
  let end = at
  for (const segment of run) {
    const wanted = textOf(segment, request, ignoresCase)
    if (wanted === undefined || !standsAt(text, wanted, end)) return -1
    end += wanted.length + segment.any
  }
  return end <= text.length ? end : -1
}

/** The last character first: patterns of one policy begin alike (`repository/team-`), and `startsWith` costs several times as much. */
function standsAt(text: string, wanted: string, at: number): boolean {
  const last = wanted.length - 1
  if (last < 0) return at <= text.length
  return text.charCodeAt(at + last) === wanted.charCodeAt(last) && text.startsWith(wanted, at)
}

function endOfLeftmost(text: string, run: Run, from: number, request: AccessRequest, ignoresCase: boolean): number {
  const [first] = run
  const wanted = first && textOf(first, request, ignoresCase)
  if (wanted === undefined) return -1
  for (let at = text.indexOf(wanted, from); at >= 0 && at < text.length; at = text.indexOf(wanted, at + 1)) {
    const end = endOf(text, run, at, request, ignoresCase)
    if (end >= 0) return end
  }
  // Only a run of variables that stand for nothing ends where the text does.
  return endOf(text, run, text.length, request, ignoresCase)
}

/** Endless where a variable has no value: such a run stands nowhere. */
function lengthOf(run: Run, request: AccessRequest, ignoresCase: boolean): number {
  let length = 0
  for (const segment of run) length += segment.any + (textOf(segment, request, ignoresCase)?.length ?? Infinity)
  return length
}

function textOf({ text, key, otherwise }: Segment, request: AccessRequest, ignoresCase: boolean): string | undefined {
  if (text !== undefined) return text
  const value = request.key(key)
  // Keys of several values can not be variables (AWS, "Request information that you can use for policy variables").
  const own = typeof value === 'string' ? value : otherwise
  return ignoresCase ? own?.toLowerCase() : own
}
