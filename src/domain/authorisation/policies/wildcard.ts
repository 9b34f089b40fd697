// Patterns of policies: `*` for any characters, `?` for one, and `${...}` for what the request says. What a variable stands for is text:
// a user named `*` matches nothing but itself (row P6).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

import type { AccessRequest } from './request.ts'

/** A piece of a pattern. */
type Piece = string | typeof anything | typeof anyOne | Variable
const anything = Symbol('*')
const anyOne = Symbol('?')
interface Variable {
  /** In lower case. */
  readonly key: string
  readonly otherwise: string | undefined
}

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
  const pieces = parsePattern(pattern, options)
  if (!pieces.some((piece) => typeof piece === 'object')) {
    const only = pieces.length === 1 ? pieces[0] : undefined
    if (pieces.length === 0) return (text) => text === ''
    if (only === anything) return () => true
    if (typeof only === 'string') {
      const wanted = fold(only)
      return (text) => fold(text) === wanted
    }
    const match = compilePieces(pieces.map((piece) => (typeof piece === 'string' ? fold(piece) : piece)))
    return (text) => match(fold(text))
  }
  return (text, request) => {
    const resolved = pieces.map((piece) => (typeof piece === 'object' ? valueOf(piece, request) : piece))
    // A variable that the request has no value for matches nothing.
    if (resolved.includes(undefined)) return false
    return compilePieces(resolved.map((piece) => (typeof piece === 'string' ? fold(piece) : piece)))(fold(text))
  }
}

/** The pattern as a text, for comparisons that know no wildcards (numbers, dates); `undefined` where a variable has no value. */
export function resolveText(pattern: string, variables: boolean, request: AccessRequest): string | undefined {
  const pieces = parsePattern(pattern, { wildcards: false, variables })
  const resolved = pieces.map((piece) => (typeof piece === 'object' ? valueOf(piece, request) : piece))
  return resolved.every((piece) => typeof piece === 'string') ? resolved.join('') : undefined
}

function valueOf({ key, otherwise }: Variable, request: AccessRequest): string | undefined {
  const value = request.key(key)
  // Keys of several values can not be variables (AWS, "Request information that you can use for policy variables").
  return typeof value === 'string' ? value : otherwise
}

/** `${key}`, `${key, 'otherwise'}`, and `${*}`, `${?}`, `${$}` for the characters themselves. */
const variablePattern = /\$\{(?:([*?$])|([\w-]+:[\p{L}\p{N}\p{Zs}_./:@+=-]+|\w+)(?:\s*,\s*'([^'}]*)')?)\}/uy

function parsePattern(pattern: string, { wildcards, variables }: PatternOptions): readonly Piece[] {
  const pieces: Piece[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') pieces.push(literal)
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
        pieces.push({ key: (key ?? '').trimEnd().toLowerCase(), otherwise })
      }
      at += whole.length
      continue
    }
    if (wildcards && (character === '*' || character === '?')) {
      flush()
      const piece = character === '*' ? anything : anyOne
      // `**` is `*`.
      if (piece === anyOne || pieces.at(-1) !== anything) pieces.push(piece)
    } else literal += character
    at += 1
  }
  flush()
  return pieces
}

type Plain = string | typeof anything | typeof anyOne | Variable | undefined

/** A run between two `*`: characters, and `undefined` for any one. */
type Run = readonly (string | undefined)[]

function compilePieces(pieces: readonly Plain[]): (text: string) => boolean {
  const runs: (string | undefined)[][] = [[]]
  for (const piece of pieces) {
    const run = runs.at(-1) ?? []
    if (piece === anything) runs.push([])
    else if (typeof piece === 'string') run.push(...Array.from({ length: piece.length }, (_, index) => piece[index]))
    else run.push(undefined)
  }
  const [first = [], ...others] = runs
  const last = others.pop()
  if (!last) return (text) => text.length === first.length && matchesAt(text, first, 0)
  const lengthMin = runs.reduce((sum, run) => sum + run.length, 0)
  return (text) => {
    if (text.length < lengthMin || !matchesAt(text, first, 0)) return false
    let at = first.length
    const end = text.length - last.length
    // The leftmost place of each run leaves the most room for those after it.
    for (const run of others) {
      at = placeOf(text, run, at, end)
      if (at < 0) return false
      at += run.length
    }
    return at <= end && matchesAt(text, last, end)
  }
}

function matchesAt(text: string, run: Run, at: number): boolean {
  for (let index = 0; index < run.length; index++) {
    const wanted = run[index]
    if (wanted !== undefined && text[at + index] !== wanted) return false
  }
  return true
}

function placeOf(text: string, run: Run, from: number, end: number): number {
  if (!run.includes(undefined)) {
    const at = text.indexOf(run.join(''), from)
    return at + run.length <= end ? at : -1
  }
  for (let at = from; at + run.length <= end; at++) if (matchesAt(text, run, at)) return at
  return -1
}
