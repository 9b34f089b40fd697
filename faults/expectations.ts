// What must be readable now, and what may be, read off the journal. Each image and each tag is a register: what it holds is what some
// operation wrote that no acknowledged one followed. An operation without an answer may be that one, or may not have happened.

import type { BlobAttempt, DeleteAttempt, Entry, ImageAttempt } from './journal.ts'

export interface ExpectedImage {
  readonly attempt: ImageAttempt
  readonly mayExist: boolean
  readonly mayBeAbsent: boolean
  /** The last line of the journal that has to do with it. */
  readonly touchedAt: number
  /** When it may have been pushed, by the clock of this machine. */
  readonly pushedMs: { readonly from: number; readonly to: number }
}

export interface ExpectedTag {
  readonly repository: string
  readonly tag: string
  /** Digests that it may name; undefined stands for a tag that does not exist. */
  readonly allowed: ReadonlySet<string | undefined>
  readonly touchedAt: number
}

export interface Expectations {
  readonly images: ReadonlyMap<string, ExpectedImage>
  readonly tags: ReadonlyMap<string, ExpectedTag>
  /** Acknowledged layers and configs. */
  readonly blobs: readonly Entry<BlobAttempt>[]
}

type Put = Entry<ImageAttempt>
type Delete = Entry<DeleteAttempt>

/** The key of an image or a tag of a repository. */
export const keyOf = (repository: string, name: string): string => `${repository} ${name}`

export function expectationsFrom(entries: readonly Entry[]): Expectations {
  const happened = entries.filter((entry) => entry.outcome !== 'fail')
  const puts = happened.filter((entry): entry is Put => entry.attempt.kind === 'image')
  const deletes = happened.filter((entry): entry is Delete => entry.attempt.kind === 'delete')
  const deletesOf = Map.groupBy(deletes, ({ attempt }) => keyOf(attempt.repository, attempt.digest))
  const images = new Map<string, ExpectedImage>()
  for (const [key, same] of Map.groupBy(puts, ({ attempt }) => keyOf(attempt.repository, attempt.digest))) {
    const expected = expectImage(same, deletesOf.get(key) ?? [])
    if (expected) images.set(key, expected)
  }
  const tags = new Map<string, ExpectedTag>()
  const tagged = puts.filter(({ attempt }) => attempt.tag !== undefined)
  for (const [key, same] of Map.groupBy(tagged, ({ attempt }) => keyOf(attempt.repository, attempt.tag ?? ''))) {
    const expected = expectTag(same, deletesOf)
    if (expected) tags.set(key, expected)
  }
  const blobs = happened.filter(
    (entry): entry is Entry<BlobAttempt> => entry.attempt.kind === 'blob' && entry.outcome === 'ack',
  )
  return { images, tags, blobs }
}

function expectImage(puts: readonly Put[], deletes: readonly Delete[]): ExpectedImage | undefined {
  const [first] = puts
  if (first === undefined) return undefined
  const all = [...puts, ...deletes]
  const last = lastAckedStart(all)
  const standing = (entry: Entry): boolean => entry.endedAt > last
  return {
    attempt: first.attempt,
    mayExist: puts.some(standing),
    mayBeAbsent: deletes.some(standing) || !all.some((entry) => entry.outcome === 'ack'),
    touchedAt: touchedAt(all),
    pushedMs: {
      from: Math.min(...puts.map((put) => put.startedAtMs)),
      to: Math.max(...puts.map((put) => put.endedAtMs)),
    },
  }
}

function expectTag(puts: readonly Put[], deletesOf: ReadonlyMap<string, readonly Delete[]>): ExpectedTag | undefined {
  const [first] = puts
  const { repository, tag } = first?.attempt ?? {}
  if (repository === undefined || tag === undefined) return undefined
  const last = lastAckedStart(puts)
  const allowed = new Set<string | undefined>()
  let touched = touchedAt(puts)
  if (!puts.some((put) => put.outcome === 'ack')) allowed.add(undefined)
  for (const put of puts.filter((each) => each.endedAt > last)) {
    // A delete takes the tags that name its image at that moment, and no others.
    const deletes = deletesOf.get(keyOf(repository, put.attempt.digest)) ?? []
    if (!deletes.some((each) => each.outcome === 'ack' && each.startedAt > put.endedAt)) allowed.add(put.attempt.digest)
    if (deletes.some((each) => each.endedAt > put.startedAt)) allowed.add(undefined)
    touched = Math.max(touched, touchedAt(deletes))
  }
  return { repository, tag, allowed, touchedAt: touched }
}

/** Whatever ended before this was followed by something that is known to have happened. */
function lastAckedStart(entries: readonly Entry[]): number {
  return Math.max(0, ...entries.filter((entry) => entry.outcome === 'ack').map((entry) => entry.startedAt))
}

function touchedAt(entries: readonly Entry[]): number {
  return Math.max(0, ...entries.map((entry) => (entry.endedAt === Infinity ? entry.startedAt : entry.endedAt)))
}
