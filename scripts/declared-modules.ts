// The modules of the client that are made from the server's declarations: inputs and errors by operation, without the handlers and all that
// they bring along. Operations of AWS's model that the server does not offer yet come from `declared-drafts.ts`.

import { memberOf, type OptionalSchema, type Schema, type StructSchema } from '../src/model/schema.ts'
import type { Operation } from '../src/operations/operation.ts'
import { privateOperations } from '../src/operations/private/index.ts'
import { publicOperations } from '../src/operations/public/index.ts'
import { privateDrafts } from './declared-drafts.ts'

/** What a client has to know of an operation. */
export interface Declared {
  readonly input: StructSchema
  readonly errors: readonly string[]
}

const note = '// Made by `npm run docs` from the declarations of the operations; changes here are lost.\n'

/** The generated modules, by their path in the project. */
export function declaredModules(): Readonly<Record<string, string>> {
  return {
    ...modulesOf('ecr', 'Ecr', '@aws-sdk/client-ecr', { ...privateDrafts, ...byName(privateOperations) }),
    ...modulesOf('ecr-public', 'EcrPublic', '@aws-sdk/client-ecr-public', byName(publicOperations)),
  }
}

function byName(operations: readonly Operation[]): Readonly<Record<string, Declared>> {
  return Object.fromEntries(operations.map((operation) => [operation.name, operation]))
}

function modulesOf(
  file: string,
  prefix: string,
  sdk: string,
  all: Readonly<Record<string, Declared>>,
): Readonly<Record<string, string>> {
  const declared = Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const variable = prefix[0]?.toLowerCase() + prefix.slice(1)
  const folder = `src/client/declared/${file}`
  return {
    [`${folder}-errors.ts`]: errorsModule(variable, declared),
    [`${folder}-inputs.ts`]: inputsModule(file, variable, declared),
    [`${folder}-types.ts`]: typesModule(prefix, sdk, Object.keys(declared)),
  }
}

function errorsModule(variable: string, declared: Readonly<Record<string, Declared>>): string {
  const lines = Object.entries(declared).map(
    ([name, { errors }]) => `  ${name}: [${errors.map((error) => `'${error}'`).join(', ')}],`,
  )
  return `${note}
/** The errors that AWS's model declares, by operation. */
export const ${variable}Errors = {
${lines.join('\n')}
} as const
`
}

function typesModule(prefix: string, sdk: string, names: readonly string[]): string {
  const lines = names.map((name) => `  ${name}: { input: sdk.${name}CommandInput; output: sdk.${name}CommandOutput }`)
  return `${note}
import type * as sdk from '${sdk}'

/** Inputs and outputs by operation, as the official SDK types them. */
export interface ${prefix}Types {
${lines.join('\n')}
}
`
}

function inputsModule(file: string, variable: string, declared: Readonly<Record<string, Declared>>): string {
  const shared = createSharedShapes(Object.values(declared).map(({ input }) => input))
  const lines = Object.entries(declared).map(([name, { input }]) => `  ${name}: ${shared.codeOf(input)},`)
  const body = `${shared.constants().join('\n')}

/** What may be sent, by operation. */
export const ${variable}Inputs: Readonly<Record<keyof typeof ${variable}Errors, StructSchema>> = {
${lines.join('\n')}
}
`
  const kit = [
    'blob',
    'boolean',
    'double',
    'integer',
    'list',
    'long',
    'map',
    'optional',
    'string',
    'struct',
    'timestamp',
  ]
  const used = kit.filter((name) => body.includes(`${name}(`))
  return `${note}
import { ${used.join(', ')}, type StructSchema } from '../../model/schema.ts'
import type { ${variable}Errors } from './${file}-errors.ts'

${body}`
}

/** Shapes that stand in several places get a name: that of the member where they stand first. */
function createSharedShapes(inputs: readonly StructSchema[]) {
  const uses = new Map<string, number>()
  const names = new Map<string, string>()
  const constants: string[] = []
  const count = (schema: Schema) => {
    const key = JSON.stringify(schema)
    uses.set(key, (uses.get(key) ?? 0) + 1)
    for (const inner of innerOf(schema)) count(inner)
  }
  const codeOf = (schema: Schema, member?: string): string => {
    const key = JSON.stringify(schema)
    const isPlain = Object.keys(schema).length === 1
    if (member === undefined || isPlain || (uses.get(key) ?? 0) < 2) return plainCode(schema, codeOf, member)
    const known = names.get(key)
    if (known !== undefined) return known
    const code = plainCode(schema, codeOf, member)
    const name = unusedName(`${member[0]?.toLowerCase()}${member.slice(1)}`, new Set(names.values()))
    names.set(key, name)
    constants.push(`const ${name} = ${code}`)
    return name
  }
  for (const input of inputs) count(input)
  return { codeOf: (input: StructSchema) => codeOf(input), constants: () => constants }
}

type CodeOf = (schema: Schema, member?: string) => string

function plainCode(schema: Schema, codeOf: CodeOf, member = 'member'): string {
  switch (schema.kind) {
    case 'struct': {
      const members = Object.entries(schema.members).map(
        ([name, member]) => `${name}: ${memberCode(name, member, codeOf)}`,
      )
      return members.length === 0 ? 'struct({})' : `struct({ ${members.join(', ')} })`
    }
    case 'list':
      return `list(${[codeOf(schema.member, member.endsWith('s') ? member.replace(/(?<=i)es$|s$/, '') : `${member}Item`), ...constraintsOf(schema)].join(', ')})`
    case 'map':
      return `map(${plainCode(schema.key, codeOf)}, ${codeOf(schema.value, `${member}Value`)})`
    default:
      return `${schema.kind}(${constraintsOf(schema).join('')})`
  }
}

function memberCode(name: string, member: Schema | OptionalSchema, codeOf: CodeOf): string {
  const { schema, required } = memberOf(member)
  const code = codeOf(schema, name)
  return required ? code : `optional(${code})`
}

function constraintsOf(schema: Schema): readonly string[] {
  const { kind: _kind, member: _member, ...constraints } = { member: undefined, ...schema }
  const entries = Object.entries(constraints).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return entries.length === 0 ? [] : [`{ ${entries.join(', ')} }`]
}

function innerOf(schema: Schema): readonly Schema[] {
  if (schema.kind === 'struct') return Object.values(schema.members).map((member) => memberOf(member).schema)
  if (schema.kind === 'list') return [schema.member]
  return schema.kind === 'map' ? [schema.value] : []
}

function unusedName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  for (let number = 2; ; number++) if (!taken.has(`${wanted}${number}`)) return `${wanted}${number}`
}
