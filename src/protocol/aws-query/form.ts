import { memberOf, type Schema, type StructSchema } from '../../model/schema.ts'

/**
 * A form as the JSON that `decode` takes, by the schema: `Tags.member.1.Key` is the member `Key` of the first of the list `Tags`. What the
 * schema does not know is left out; lists are counted from 1 and end at the first number that is missing.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function documentOf(schema: StructSchema, form: URLSearchParams): Readonly<Record<string, unknown>> {
  return structAt(schema, form, '') ?? {}
}

function structAt(
  schema: StructSchema,
  form: URLSearchParams,
  prefix: string,
): Readonly<Record<string, unknown>> | undefined {
  const members = Object.entries(schema.members).flatMap(([name, member]) => {
    const value = valueAt(memberOf(member).schema, form, `${prefix}${name}`)
    return value === undefined ? [] : [[name, value] as const]
  })
  return members.length > 0 ? Object.fromEntries(members) : undefined
}

function valueAt(schema: Schema, form: URLSearchParams, path: string): unknown {
  switch (schema.kind) {
    case 'struct':
      return structAt(schema, form, `${path}.`)
    case 'list': {
      const items: unknown[] = []
      for (;;) {
        const item = valueAt(schema.member, form, `${path}.member.${items.length + 1}`)
        if (item === undefined) return items.length > 0 ? items : undefined
        items.push(item)
      }
    }
    case 'integer':
    case 'long': {
      const text = form.get(path) ?? undefined
      // What is no number stays text, for `decode` to refuse.
      return text !== undefined && /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text
    }
    default:
      return form.get(path) ?? undefined
  }
}
