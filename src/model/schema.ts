// The schema kit: the ten kinds that AWS's models use, nothing more. A schema states a shape and its constraints once; `decode`,
// `encode` and `violation` read it at run time, `Infer` at compile time, the model test and the generated pages as data.
// Wire rules are those of AWS JSON 1.1: unknown members are dropped, `null` is absence, blobs are base64, times are epoch seconds.

/** Carries the TypeScript type of a schema; never present at run time. */
declare const inferred: unique symbol
interface Typed<T> {
  readonly [inferred]?: T
}

export interface StringSchema<T extends string = string> extends Typed<T> {
  readonly kind: 'string'
  readonly min?: number
  readonly max?: number
  /** As AWS's model writes it; it has to match the whole value. */
  readonly pattern?: string
  /** The pattern that ECR's error text shows where it is not the model's (the live service still prints an older one). */
  readonly shownPattern?: string
  readonly values?: readonly T[]
}
export interface NumberSchema extends Typed<number> {
  readonly kind: 'integer' | 'long' | 'double'
  readonly min?: number
  readonly max?: number
}
export interface BooleanSchema extends Typed<boolean> {
  readonly kind: 'boolean'
}
export interface BlobSchema extends Typed<Uint8Array> {
  readonly kind: 'blob'
  readonly min?: number
  readonly max?: number
}
/** Epoch milliseconds on our side, epoch seconds with a fraction on the wire. */
export interface TimestampSchema extends Typed<number> {
  readonly kind: 'timestamp'
}
export interface ListSchema<T = unknown> extends Typed<readonly T[]> {
  readonly kind: 'list'
  readonly member: Schema
  readonly min?: number
  readonly max?: number
}
export interface MapSchema<T = unknown> extends Typed<T> {
  readonly kind: 'map'
  readonly key: StringSchema
  readonly value: Schema
}
export interface StructSchema<T = unknown> extends Typed<T> {
  readonly kind: 'struct'
  readonly members: Readonly<Record<string, Schema | OptionalSchema>>
}
export interface OptionalSchema<T = unknown> extends Typed<T> {
  readonly kind: 'optional'
  readonly schema: Schema
}

export type Schema =
  | StringSchema
  | NumberSchema
  | BooleanSchema
  | BlobSchema
  | TimestampSchema
  | ListSchema
  | MapSchema
  | StructSchema

/** The TypeScript type that a schema describes. */
export type Infer<S> = S extends Typed<infer T> ? T : never

type Members = Readonly<Record<string, Schema | OptionalSchema>>
type RequiredNames<M extends Members> = { [K in keyof M]: M[K] extends OptionalSchema ? never : K }[keyof M]
type OptionalNames<M extends Members> = { [K in keyof M]: M[K] extends OptionalSchema ? K : never }[keyof M]
type StructType<M extends Members> = { readonly [K in RequiredNames<M>]: Infer<M[K]> } & {
  readonly [K in OptionalNames<M>]?: Infer<M[K]> | undefined
}

export function string<const T extends string = string>(
  constraints: Omit<StringSchema<T>, 'kind'> = {},
): StringSchema<T> {
  return { kind: 'string', ...constraints }
}
export function integer(constraints: Omit<NumberSchema, 'kind'> = {}): NumberSchema {
  return { kind: 'integer', ...constraints }
}
export function long(constraints: Omit<NumberSchema, 'kind'> = {}): NumberSchema {
  return { kind: 'long', ...constraints }
}
export function double(): NumberSchema {
  return { kind: 'double' }
}
export function boolean(): BooleanSchema {
  return { kind: 'boolean' }
}
export function blob(constraints: Omit<BlobSchema, 'kind'> = {}): BlobSchema {
  return { kind: 'blob', ...constraints }
}
export function timestamp(): TimestampSchema {
  return { kind: 'timestamp' }
}
export function list<S extends Schema>(
  member: S,
  constraints: { min?: number; max?: number } = {},
): ListSchema<Infer<S>> {
  return { kind: 'list', member, ...constraints }
}
export function map<K extends string, S extends Schema>(
  key: StringSchema<K>,
  value: S,
): MapSchema<{ readonly [P in K]?: Infer<S> }> {
  return { kind: 'map', key, value }
}
export function struct<const M extends Members>(members: M): StructSchema<StructType<M>> {
  return { kind: 'struct', members }
}
export function optional<S extends Schema>(schema: S): OptionalSchema<Infer<S>> {
  return { kind: 'optional', schema }
}

/** A member of a structure, resolved. */
export interface NamedMember {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

const resolved = new WeakMap<StructSchema, readonly NamedMember[]>()

/**
 * The members of a structure in the order of declaration. Resolved once: an answer of a hundred images has a thousand, and asking
 * the declaration for each took half of the time of writing it.
 */
export function membersOf(schema: StructSchema): readonly NamedMember[] {
  let members = resolved.get(schema)
  if (!members) {
    members = Object.entries(schema.members).map(([name, member]) => ({ name, ...memberOf(member) }))
    resolved.set(schema, members)
  }
  return members
}

/** The schema of a member, and whether it must be there. */
export function memberOf(member: Schema | OptionalSchema): { readonly schema: Schema; readonly required: boolean } {
  return member.kind === 'optional' ? { schema: member.schema, required: false } : { schema: member, required: true }
}
