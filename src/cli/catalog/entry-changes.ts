// The difference between a directory's entry and the server's, as lines for people and as what has to be sent.

import { countLineChanges } from './count-line-changes.ts'
import type { CatalogEntry } from './catalog-entry.ts'
import { printable } from './printable.ts'
import type { ServerEntry } from './server-catalog.ts'

/** Of what is quoted in a line. */
const shownCharacters = 60

export interface EntryChanges {
  /** One for each member that differs. */
  readonly lines: readonly string[]
  readonly hasNewData: boolean
  readonly tagsToPut: readonly (readonly [key: string, value: string])[]
  readonly tagKeysToRemove: readonly string[]
}

type Data = CatalogEntry['catalogData']

/** `undefined` when nothing differs. What the entry does not say of tags is no difference. */
export function entryChanges(wanted: CatalogEntry, present: ServerEntry): EntryChanges | undefined {
  const dataLines = members.flatMap(([name, difference]) => {
    const text = difference(present.catalogData, wanted.catalogData)
    return text === undefined ? [] : [line(name, text)]
  })
  const tags = tagChanges(wanted.tags ?? present.tags ?? new Map(), present.tags ?? new Map())
  const lines = [...dataLines, ...tags.lines]
  return lines.length === 0 ? undefined : { ...tags, lines, hasNewData: dataLines.length > 0 }
}

/** How a member differs. The API does not tell an empty member from an absent one apart, and neither do these. */
type Difference = (before: Data, after: Data) => string | undefined

const members: readonly (readonly [string, Difference])[] = [
  ['description', short((data) => quoted(data.description))],
  ['architectures', short((data) => listed(data.architectures))],
  ['operatingSystems', short((data) => listed(data.operatingSystems))],
  ['aboutText', long((data) => data.aboutText)],
  ['usageText', long((data) => data.usageText)],
  ['logo', logoDifference],
]

function short(show: (data: Data) => string): Difference {
  return (before, after) => (show(before) === show(after) ? undefined : `${clip(show(before))} -> ${clip(show(after))}`)
}

const none = '(none)'
const quoted = (text: string | undefined): string => (text ? JSON.stringify(text) : none)
const listed = (items: readonly string[] | undefined): string => items?.map(quoted).join(', ') || none

function clip(text: string): string {
  return printable(text.slice(0, shownCharacters)) + (text.length > shownCharacters ? '...' : '')
}

function long(textOf: (data: Data) => string | undefined): Difference {
  return (before, after) => {
    const [old = '', now = ''] = [textOf(before), textOf(after)]
    if (old === now) return undefined
    const { added, removed } = countLineChanges(old, now)
    return added + removed === 0 ? 'lines in another order' : `+${added} -${removed} lines`
  }
}

function logoDifference({ logoImageBlob: before }: Data, { logoImageBlob: after }: Data): string | undefined {
  const isSame = before && after ? Buffer.from(before).equals(after) : before === after
  return isSame ? undefined : `${bytesOf(before)} -> ${bytesOf(after)}`
}

const bytesOf = (logo: Uint8Array | undefined): string => (logo ? `${logo.byteLength} bytes` : none)

function tagChanges(wanted: ReadonlyMap<string, string>, present: ReadonlyMap<string, string>) {
  const keys = [...new Set([...present.keys(), ...wanted.keys()])].toSorted()
  const changed = keys.filter((key) => wanted.get(key) !== present.get(key))
  const show = (value: string | undefined) => (value === undefined ? none : clip(JSON.stringify(value)))
  return {
    lines: changed.map((key) => line(`tag ${clip(key)}`, `${show(present.get(key))} -> ${show(wanted.get(key))}`)),
    tagsToPut: [...wanted].filter(([key]) => changed.includes(key)),
    tagKeysToRemove: changed.filter((key) => !wanted.has(key)),
  }
}

const line = (what: string, how: string): string => `${what.padEnd(16)} ${how}`
