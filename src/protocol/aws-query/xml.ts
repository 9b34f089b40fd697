import { escapeXml } from '../../lib/escape-xml.ts'
import { memberOf, type Schema } from '../../model/schema.ts'

/** A value as XML elements, by its schema: the answer form of the Query protocol. */
export function toXml(schema: Schema, value: unknown): string {
  switch (schema.kind) {
    case 'struct': {
      const source = value as Readonly<Record<string, unknown>> // a struct's value is a record of its members
      return Object.entries(schema.members)
        .filter(([name]) => source[name] !== undefined)
        .map(([name, member]) => element(name, toXml(memberOf(member).schema, source[name])))
        .join('')
    }
    case 'list':
      return (value as readonly unknown[]).map((item) => element('member', toXml(schema.member, item))).join('') // a list's value is an array
    case 'map':
      return Object.entries(value as Readonly<Record<string, unknown>>) // a map's value is a record
        .map(([key, item]) =>
          element('entry', element('key', escapeXml(key)) + element('value', toXml(schema.value, item))),
        )
        .join('')
    case 'timestamp':
      return new Date(value as number).toISOString() // a time is milliseconds on our side
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64') // a blob's value is bytes
    default:
      return escapeXml(String(value))
  }
}

export function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}
