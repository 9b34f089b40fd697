// AWS's model files as one form: the older one of botocore, and Smithy's JSON (https://smithy.io/2.0/spec/json-ast.html), turned into it.

import { readFileSync } from 'node:fs'

export interface ModelShape {
  readonly type: string
  readonly required?: readonly string[]
  readonly members?: Readonly<Record<string, { readonly shape: string }>>
  readonly member?: { readonly shape: string }
  readonly key?: { readonly shape: string }
  readonly value?: { readonly shape: string }
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
}

export interface Model {
  readonly operations: Readonly<
    Record<string, { readonly input: { readonly shape: string }; readonly output?: { readonly shape: string } }>
  >
  readonly shapes: Readonly<Record<string, ModelShape>>
}

/** The model in a file of either form. */
export function readModel(file: URL): Model {
  // Checked data of AWS; only the members named above and below are read.
  const document = JSON.parse(readFileSync(file, 'utf8')) as Model | Smithy
  return 'smithy' in document ? fromSmithy(document) : document
}

interface Target {
  readonly target: string
  readonly traits?: Traits
}
interface Traits {
  readonly 'smithy.api#required'?: unknown
  readonly 'smithy.api#length'?: { readonly min?: number; readonly max?: number }
  readonly 'smithy.api#range'?: { readonly min?: number; readonly max?: number }
  readonly 'smithy.api#pattern'?: string
  readonly 'smithy.api#enumValue'?: string
}
interface SmithyShape {
  readonly type: string
  readonly traits?: Traits
  readonly input?: Target
  readonly output?: Target
  readonly members?: Readonly<Record<string, Target>>
  readonly member?: Target
  readonly key?: Target
  readonly value?: Target
}
interface Smithy {
  readonly smithy: string
  readonly shapes: Readonly<Record<string, SmithyShape>>
}

function fromSmithy({ shapes }: Smithy): Model {
  const entries = Object.entries(shapes).map(([id, shape]) => [nameOf(id), shape] as const)
  const operations = entries.flatMap(([name, { type, input, output }]) =>
    type === 'operation' && input
      ? [[name, { input: referenceTo(input), ...(output && { output: referenceTo(output) }) }] as const]
      : [],
  )
  return {
    operations: Object.fromEntries(operations),
    shapes: Object.fromEntries(entries.map(([name, shape]) => [name, shapeOf(shape)])),
  }
}

function shapeOf(shape: SmithyShape): ModelShape {
  const { traits, members, member, key, value } = shape
  const limits = { ...traits?.['smithy.api#length'], ...traits?.['smithy.api#range'] }
  const pattern = traits?.['smithy.api#pattern']
  const all = Object.entries(members ?? {})
  if (shape.type === 'enum')
    return { type: 'string', enum: all.map(([name, { traits: own }]) => own?.['smithy.api#enumValue'] ?? name) }
  return {
    type: shape.type,
    ...limits,
    ...(pattern !== undefined && { pattern }),
    ...(members && {
      members: Object.fromEntries(all.map(([name, target]) => [name, referenceTo(target)])),
      required: all.filter(([, target]) => target.traits?.['smithy.api#required'] !== undefined).map(([name]) => name),
    }),
    ...(member && { member: referenceTo(member) }),
    ...(key && { key: referenceTo(key) }),
    ...(value && { value: referenceTo(value) }),
  }
}

const referenceTo = ({ target }: Target) => ({ shape: nameOf(target) })

/** `com.amazonaws.ecrpublic#Image`: the part after the namespace. */
const nameOf = (id: string) => id.slice(id.indexOf('#') + 1)
