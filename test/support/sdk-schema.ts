// The SDK's runtime schemas and ours, brought to one outline that can be compared. The SDK writes a schema as a number for a simple kind, as
// `[1, .., member]` for a list, `[2, .., key, value]` for a map, `[3, .., names, schemas, requiredCount]` for a structure.

import { memberOf, type Schema } from '../../src/model/schema.ts'

/** Members by name; `!` marks a required one. A kind, `list of`, `map of`, or nested members. */
export type Outline = string | { readonly [member: string]: Outline }

/** The outline of one of our schemas. */
export function outlineOf(schema: Schema): Outline {
  switch (schema.kind) {
    case 'struct':
      return sorted(
        Object.entries(schema.members).map(([name, member]) => {
          const { schema: inner, required } = memberOf(member)
          return [required ? `${name}!` : name, outlineOf(inner)]
        }),
      )
    case 'list':
      return { 'list of': outlineOf(schema.member) }
    case 'map':
      return { 'map of': outlineOf(schema.value) }
    case 'integer':
    case 'long':
    case 'double':
      return 'number'
    default:
      return schema.kind
  }
}

/** The outlines of an operation's input and output as the SDK declares them. */
export function sdkOutline(
  sdk: Readonly<Record<string, unknown>>,
  name: string,
): { readonly input: Outline; readonly output: Outline } {
  const operation = sdk[`${name}$`]
  if (!Array.isArray(operation)) throw new Error(`the SDK has no operation ${name}`)
  const [, , , , input, output]: readonly unknown[] = operation
  return { input: fromSdk(input), output: fromSdk(output) }
}

function fromSdk(reference: unknown): Outline {
  const schema: unknown = typeof reference === 'function' ? reference() : reference
  if (typeof schema === 'number') return simple(schema)
  if (!Array.isArray(schema)) throw new Error(`unknown schema ${String(schema)}`)
  const parts: readonly unknown[] = schema
  // A schema with traits of the member it is of (STS's secrets).
  if (typeof parts[0] === 'function') return fromSdk(parts[0])
  switch (parts[0]) {
    case 0:
      return fromSdk(parts[4])
    case 1:
      return { 'list of': fromSdk(parts[4]) }
    case 2:
      return { 'map of': fromSdk(parts[5]) }
    case 3: {
      // By the form above; a change of it breaks every comparison at once.
      const [names, members, required] = [
        parts[4] as readonly string[],
        parts[5] as readonly unknown[],
        (parts[6] as number | undefined) ?? 0,
      ]
      return sorted(names.map((name, index) => [index < required ? `${name}!` : name, fromSdk(members[index])]))
    }
    default:
      throw new Error(`unknown schema kind ${String(parts[0])}`)
  }
}

function simple(code: number): Outline {
  if (code >= 128) return { 'map of': simple(code - 128) }
  if (code >= 64) return { 'list of': simple(code - 64) }
  const kinds: Readonly<Record<number, string>> = { 0: 'string', 1: 'number', 2: 'boolean', 4: 'timestamp', 21: 'blob' }
  const kind = kinds[code]
  if (kind === undefined) throw new Error(`unknown simple schema ${code}`)
  return kind
}

function sorted(entries: readonly (readonly [string, Outline])[]): Outline {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
