// Between JSON and the values that a schema describes. `decode` knows types only; constraints are `violation`'s.

import { membersOf, type Infer, type NumberSchema, type Schema, type StructSchema } from './schema.ts'

/** A JSON value that is not of the type its member has: AWS's `SerializationException`. The text is ours, for people. */
export class WireTypeError extends Error {
  override readonly name = 'WireTypeError'
}

/** A blob in a document that was decoded while it was received; it has no bytes where it was a string, and not base64. */
export class DecodedBase64 {
  readonly bytes: Uint8Array | undefined
  constructor(bytes: Uint8Array | undefined) {
    this.bytes = bytes
  }
}

/** The typed value of a JSON document. Throws `WireTypeError`. Members may still be missing or break constraints. */
export function decode<S extends Schema>(schema: S, json: unknown): Infer<S> {
  // `decodeValue` follows the schema, whose type is by construction the inferred one.
  return decodeValue(schema, json, '') as Infer<S>
}

/** The JSON value of a typed value: members in the schema's order, absent ones left out. */
export function encode(schema: Schema, value: unknown): unknown {
  switch (schema.kind) {
    case 'struct': {
      const source = value as Readonly<Record<string, unknown>> // a struct's value is a record of its members
      const target: Record<string, unknown> = {}
      for (const member of membersOf(schema)) {
        const given = source[member.name]
        if (given !== undefined) target[member.name] = encode(member.schema, given)
      }
      return target
    }
    case 'list':
      return (value as readonly unknown[]).map((item) => encode(schema.member, item)) // a list's value is an array
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, unknown>>).map(([key, item]) => [
          key,
          encode(schema.value, item),
        ]), // a map's value is a record
      )
    case 'timestamp':
      return (value as number) / 1000 // a time is milliseconds on our side
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64') // a blob's value is bytes
    default:
      return value
  }
}

function decodeValue(schema: Schema, json: unknown, path: string): unknown {
  switch (schema.kind) {
    case 'string':
      if (typeof json !== 'string') throw wrongType(path, 'a string')
      if (!json.isWellFormed()) throw new WireTypeError(`${path || 'value'} holds a lone surrogate`)
      return json
    case 'boolean':
      if (typeof json !== 'boolean') throw wrongType(path, 'a boolean')
      return json
    case 'integer':
    case 'long':
    case 'double':
      return decodeNumber(schema, json, path)
    case 'timestamp':
      if (typeof json !== 'number' || !Number.isFinite(json)) throw wrongType(path, 'a number of seconds')
      return Math.round(json * 1000)
    case 'blob':
      return decodeBlob(json, path)
    case 'list':
      if (!Array.isArray(json)) throw wrongType(path, 'a list')
      return json
        .filter((item) => item !== null)
        .map((item, index) => decodeValue(schema.member, item, `${path}.${index + 1}`))
    case 'map':
      return Object.fromEntries(
        Object.entries(asObject(json, path))
          .filter(([, item]) => item !== null)
          .map(([key, item]) => [key, decodeValue(schema.value, item, `${path}.${key}`)]),
      )
    case 'struct':
      return decodeStruct(schema, json, path)
  }
}

function decodeStruct(schema: StructSchema, json: unknown, path: string): unknown {
  const source = asObject(json, path)
  const target: Record<string, unknown> = {}
  for (const { name, schema: member } of membersOf(schema)) {
    const given = Object.hasOwn(source, name) ? source[name] : undefined
    if (given === undefined || given === null) continue
    target[name] = decodeValue(member, given, path ? `${path}.${name}` : name)
  }
  return target
}

function decodeNumber(schema: NumberSchema, json: unknown, path: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json)) throw wrongType(path, 'a number')
  if (schema.kind !== 'double' && !Number.isSafeInteger(json)) throw wrongType(path, 'a whole number')
  return json === 0 ? 0 : json // -0 is 0
}

function decodeBlob(json: unknown, path: string): Uint8Array {
  if (json instanceof DecodedBase64) {
    if (!json.bytes) throw wrongType(path, 'base64')
    return json.bytes
  }
  if (typeof json !== 'string' || json.length % 4 !== 0) throw wrongType(path, 'base64')
  const padding = json.endsWith('==') ? 2 : json.endsWith('=') ? 1 : 0
  const bytes = Buffer.from(json, 'base64')
  // Node skips what is not base64 and stops at a padding: then bytes are missing. Cheaper than a pattern over 28 million characters.
  if (bytes.byteLength !== (json.length / 4) * 3 - padding) throw wrongType(path, 'base64')
  // And it reads the letters of base64url, which AWS JSON does not have.
  if (json.includes('-') || json.includes('_')) throw wrongType(path, 'base64')
  return bytes
}

function asObject(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrongType(path, 'an object')
  return json as Readonly<Record<string, unknown>> // just checked
}

function wrongType(path: string, expected: string): WireTypeError {
  return new WireTypeError(`${path || 'The request body'} must be ${expected}`)
}
