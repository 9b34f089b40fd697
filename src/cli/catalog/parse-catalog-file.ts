// `catalog.yaml`: what a repository is, but for its texts and its logo.

import { parseDocument } from 'yaml'

import { checkResourceTags } from '../../domain/check-resource-tags.ts'
import { ecrPublicLimits } from '../../domain/limits.ts'
import { EcrError } from '../../model/errors.ts'
import { type Infer, map, optional, string, struct } from '../../model/schema.ts'
import { architectures, description, operatingSystems } from '../../model/shapes/public/catalog.ts'
import { violation } from '../../model/violation.ts'
import { decode, WireTypeError } from '../../model/wire.ts'
import { printable } from './printable.ts'
import { FileFault } from './read-member-file.ts'

const catalogFile = struct({
  description: optional(description),
  architectures: optional(architectures),
  operatingSystems: optional(operatingSystems),
  tags: optional(map(string(), string())),
})

export type CatalogFile = Infer<typeof catalogFile>

/** What the file says, and every fault in it: a sentence each, with the key. */
export function parseCatalogFile(text: string): { readonly file: CatalogFile; readonly faults: readonly string[] } {
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (error) {
    return { file: {}, faults: [error instanceof Error ? printable(error.message) : String(error)] }
  }
  // An empty file is one that says nothing: the directory is a repository.
  if (document === null) return { file: {}, faults: [] }
  if (typeof document !== 'object' || Array.isArray(document)) {
    return { file: {}, faults: ['must be keys and their values'] }
  }
  const faults = Object.entries(document).flatMap(([key, value]) => memberFaults(key, value))
  return { file: faults.length > 0 ? {} : decode(catalogFile, document), faults }
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true })
  // A warning is of a tag that this program does not know, whose value would be taken for text.
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) throw new FileFault(fault.message.split('\n', 1)[0]?.replace(/:$/, ''))
  return document.toJS({ maxAliasCount: 100 })
}

function memberFaults(key: string, value: unknown): readonly string[] {
  if (!Object.hasOwn(catalogFile.members, key)) {
    return [`unknown key "${printable(key)}"; there are ${Object.keys(catalogFile.members).join(', ')}`]
  }
  // As AWS JSON has it, an empty item would be no item.
  if (typeof value === 'object' && value !== null && Object.values(value).includes(null))
    return [`${key} holds an empty item`]
  try {
    const file: CatalogFile = decode(catalogFile, { [key]: value })
    const broken = violation(catalogFile, file)
    if (broken) return [`${broken.parameter} ${broken.constraint}`]
    return file.tags === undefined ? [] : tagFaults(file.tags)
  } catch (error) {
    if (!(error instanceof WireTypeError)) throw error
    const hint = error.message.endsWith('a string') ? ' (what YAML reads as a number or a truth needs quotes)' : ''
    return [`${printable(error.message)}${hint}`]
  }
}

function tagFaults(tags: Readonly<Record<string, string | undefined>>): readonly string[] {
  const faults = Object.entries(tags).flatMap(([key, value = '']) => tagFault(key, value))
  const { resourceTags: limit } = ecrPublicLimits
  return Object.keys(tags).length > limit ? [...faults, `tags: there may be at most ${limit}`] : faults
}

function tagFault(key: string, value: string): readonly string[] {
  try {
    checkResourceTags([{ key, value }])
    return []
  } catch (error) {
    if (error instanceof EcrError) return [`tags."${printable(key)}": ${printable(error.message)}`]
    throw error
  }
}
