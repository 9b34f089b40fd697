// What a caller wrote, turned into what the SDK sends: text into numbers, seconds and ISO 8601 into times, text and streams into bytes. What cannot
// be turned is a fault. Constraints are checked afterwards (`violations`).

import { memberOf, type NumberSchema, type Schema, type StructSchema } from '../model/schema.ts'
import type { InputFault } from './errors.ts'
import { readBytes } from './read-bytes.ts'

export interface Coerced {
  /** What cannot be turned stands in it as it was written. */
  readonly value: Readonly<Record<string, unknown>>
  readonly faults: readonly InputFault[]
}

/** Streams in it are read to their end, or to one byte more than the member may hold. Fails as such a stream does. */
export async function coerceInput(schema: StructSchema, input: unknown): Promise<Coerced> {
  const faults: InputFault[] = []
  const value = await coerce(schema, input, '', faults)
  return { value: isRecord(value) ? value : {}, faults }
}

async function coerce(schema: Schema, value: unknown, path: string, faults: InputFault[]): Promise<unknown> {
  const refuse = (expected: string) => {
    faults.push({ parameter: path, message: `${path || 'The input'} ${expected}` })
    return value
  }
  switch (schema.kind) {
    case 'string':
      if (typeof value !== 'string') return refuse('must be a string')
      return value.isWellFormed() ? value : refuse('holds a lone surrogate')
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('must be a boolean')
    case 'integer':
    case 'long':
    case 'double':
      return toNumber(schema, value) ?? refuse(schema.kind === 'double' ? 'must be a number' : 'must be a whole number')
    case 'timestamp':
      return toDate(value) ?? refuse('must be a Date, a number of seconds or ISO 8601 text')
    case 'blob':
      return (await toBytes(value, schema.max)) ?? refuse('must be bytes, text or a stream of bytes')
    case 'list':
      if (!Array.isArray(value)) return refuse('must be a list')
      return coerceList(schema.member, value, path, faults)
    case 'map': {
      if (!isRecord(value)) return refuse('must be an object')
      const entries: [string, unknown][] = []
      for (const [key, item] of Object.entries(value)) {
        if (item === undefined || item === null) continue
        entries.push([key, await coerce(schema.value, item, `${path}.${key}.member`, faults)])
      }
      return Object.fromEntries(entries)
    }
    case 'struct':
      return isRecord(value) ? coerceStruct(schema, value, path, faults) : refuse('must be an object')
  }
}

async function coerceList(
  member: Schema,
  items: readonly unknown[],
  path: string,
  faults: InputFault[],
): Promise<readonly unknown[]> {
  const values: unknown[] = []
  for (const [index, item] of items.entries()) {
    values.push(await coerce(member, item, `${path}.${index + 1}.member`, faults))
  }
  return values
}

async function coerceStruct(
  schema: StructSchema,
  value: Readonly<Record<string, unknown>>,
  path: string,
  faults: InputFault[],
): Promise<Readonly<Record<string, unknown>>> {
  const target: Record<string, unknown> = {}
  const at = (name: string) => (path ? `${path}.${name}` : name)
  for (const [name, member] of Object.entries(schema.members)) {
    const given = value[name]
    if (given === undefined || given === null) continue
    target[name] = await coerce(memberOf(member).schema, given, at(name), faults)
  }
  // The wire drops what it does not know: a misspelt member would be lost without a word.
  for (const name of Object.keys(value)) {
    if (value[name] !== undefined && !Object.hasOwn(schema.members, name)) {
      target[name] = value[name]
      faults.push({ parameter: at(name), message: `${at(name)} is not a member of this input` })
    }
  }
  return target
}

function toNumber(schema: NumberSchema, value: unknown): number | undefined {
  const number =
    typeof value === 'string' && value.trim() !== '' ? Number(value) : typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return schema.kind === 'double' || Number.isSafeInteger(number) ? number : undefined
}

function toDate(value: unknown): Date | undefined {
  const date =
    value instanceof Date
      ? value
      : typeof value === 'number'
        ? new Date(value * 1000)
        : typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)
          ? new Date(value)
          : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date
}

async function toBytes(value: unknown, limit: number | undefined): Promise<Uint8Array | undefined> {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return Buffer.from(value, 'utf8')
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return undefined
  // The chunks are checked one by one.
  return readBytes(value as AsyncIterable<unknown>, limit === undefined ? undefined : limit + 1)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
