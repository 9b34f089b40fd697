// Constraints of a schema against a decoded value: the first one broken, or all of them, in the order of declaration.

import { membersOf, type Schema, type StringSchema } from './schema.ts'

/** A broken constraint: where, and the sentence that ECR quotes. */
export interface Violation {
  /** The member's name; below the first level dotted, list members by their number from 1. */
  readonly parameter: string
  readonly constraint: string
}

/**
 * The first constraint that `value` breaks, or `undefined`. The sentences are ECR's own (observed in public issues for length, pattern,
 * enum and upper range; the others by analogy), see private-api "InvalidParameter" messages in docs/differences.md.
 */
export function violation(schema: Schema, value: unknown, parameter = ''): Violation | undefined {
  let first: Violation | undefined
  visit(schema, value, parameter, (found) => {
    first = found
    return true
  })
  return first
}

/** Every constraint that `value` breaks, in the order of declaration: the first is what the service itself would tell. */
export function violations(schema: Schema, value: unknown): readonly Violation[] {
  const all: Violation[] = []
  visit(schema, value, '', (found) => {
    all.push(found)
    return false
  })
  return all
}

/** Tells `tell` of what is broken, until it says that it has enough. Gives whether it has. */
function visit(schema: Schema, value: unknown, parameter: string, tell: (found: Violation) => boolean): boolean {
  const broken = (constraint: string | undefined) => constraint !== undefined && tell({ parameter, constraint })
  switch (schema.kind) {
    case 'struct': {
      const source = value as Readonly<Record<string, unknown>> // a struct's value is a record of its members
      for (const { name, schema: member, required } of membersOf(schema)) {
        const path = parameter ? `${parameter}.${name}` : name
        const given = source[name]
        if (given === undefined) {
          if (required && tell({ parameter: path, constraint: constraints.present() })) return true
          continue
        }
        if (visit(member, given, path, tell)) return true
      }
      return false
    }
    case 'list': {
      const items = value as readonly unknown[] // a list's value is an array
      if (broken(lengthBroken(schema, items.length))) return true
      for (const [index, item] of items.entries()) {
        if (visit(schema.member, item, `${parameter}.${index + 1}.member`, tell)) return true
      }
      return false
    }
    case 'map':
      for (const [key, item] of Object.entries(value as Readonly<Record<string, unknown>>)) {
        // a map's value is a record
        if (visit(schema.key, key, parameter, tell)) return true
        if (visit(schema.value, item, `${parameter}.${key}.member`, tell)) return true
      }
      return false
    case 'string':
      return broken(stringBroken(schema, value as string)) // decoded as a string
    case 'blob':
      return broken(lengthBroken(schema, (value as Uint8Array).byteLength)) // decoded as bytes
    case 'integer':
    case 'long':
    case 'double': {
      const number = value as number // decoded as a number
      if (schema.min !== undefined && number < schema.min) return broken(constraints.atLeast(schema.min))
      if (schema.max !== undefined && number > schema.max) return broken(constraints.atMost(schema.max))
      return false
    }
    case 'boolean':
    case 'timestamp':
      return false
  }
}

/** ECR's constraint sentences. Observed: minimum length, pattern, enum, upper range. Guessed by analogy: the others. */
const constraints = {
  present: () => 'must not be null',
  minLength: (limit: number) => `must have length greater than or equal to ${limit}`,
  maxLength: (limit: number) => `must have length less than or equal to ${limit}`,
  atLeast: (limit: number) => `Member must have value greater than or equal to ${limit}`,
  atMost: (limit: number) => `Member must have value less than or equal to ${limit}`,
  oneOf: (values: readonly string[]) => `Member must satisfy enum value set: [${values.join(', ')}]`,
  pattern: (pattern: string) => `must satisfy regular expression '${pattern}'`,
}

function stringBroken(schema: StringSchema, text: string): string | undefined {
  if (schema.values && !schema.values.includes(text)) return constraints.oneOf(schema.values)
  const length = lengthBroken(schema, text.length)
  if (length !== undefined) return length
  if (schema.pattern !== undefined && !whole(schema.pattern).test(text)) {
    return constraints.pattern(schema.shownPattern ?? schema.pattern)
  }
  return undefined
}

function lengthBroken(schema: { readonly min?: number; readonly max?: number }, length: number): string | undefined {
  if (schema.min !== undefined && length < schema.min) return constraints.minLength(schema.min)
  if (schema.max !== undefined && length > schema.max) return constraints.maxLength(schema.max)
  return undefined
}

const compiled = new Map<string, RegExp>()

/** The pattern anchored at both ends; patterns come from declarations only, so the map is bounded by them. */
function whole(pattern: string): RegExp {
  let regexp = compiled.get(pattern)
  if (!regexp) {
    // Classes of Unicode (STS's tags) need the flag; some patterns of ECR's models are none with it.
    const flags = pattern.includes('\\p{') ? 'u' : ''
    compiled.set(pattern, (regexp = new RegExp(`^(?:${pattern})$`, flags)))
  }
  return regexp
}
