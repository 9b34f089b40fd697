import type { Kysely } from 'kysely'
import {
  shownArchitectures,
  shownOperatingSystems,
  type GalleryCard,
  type GalleryPosition,
  type GalleryQuery,
  type GalleryReads,
  type GalleryRow,
  type GalleryWrites,
} from '../../domain/ports/gallery.ts'
import { rangeOf } from '../../lib/search-words.ts'
import * as statements from './gallery-statements.ts'
import { listsOf } from './statement.ts'
import type { GalleryRepositoryRow, GalleryWordRow, Tables } from './tables.ts'

/** Up to so many repositories are sorted for a page; among more, a page is filled sooner by walking the order. */
const sortedMax = 1000

export function galleryReads(db: Kysely<Tables>): GalleryReads {
  return {
    count: async (query) => Number((await count(db, query)).rows[0]?.count ?? 0),
    page: async (query, total, after, limit) => {
      const { all, walk, gather } = statements.pages[query.order][query.backwards ? 'backwards' : 'forwards']
      const from = { ...facetsOf(query), ...(after ?? (query.backwards ? end : beginning)), limit }
      const words = query.words.map(rangeOf)
      if (words.length === 0) return (await all(db, from)).rows.map((row) => toRow(row, query))
      const { rows } =
        total > sortedMax
          ? await walk(db, { ...from, words })
          : await gather(db, { ...from, ...(await rarest(db, words)).range, words })
      return rows.map((row) => toRow(row, query))
    },
    downloads: async (repositoryId) => {
      const { rows } = await statements.findEntry(db, { repositoryId })
      return rows[0] ? countOf(rows[0]) : 0
    },
  }
}

export function galleryWrites(db: Kysely<Tables>): GalleryWrites {
  const putWords = async (rows: readonly Plain<GalleryWordRow>[]) => {
    await Promise.all([...listsOf(rows)].map((some) => statements.insertWords(db, { rows: some })))
  }
  return {
    ...galleryReads(db),
    put: async ({ repositoryId, accountId, name, verified, updatedAtMs, card, words }) => {
      const number = (await statements.findEntry(db, { repositoryId })).rows[0]?.number ?? (await nextNumber(db))
      const row = {
        number,
        repository_id: repositoryId,
        account_id: accountId,
        name,
        listed: 1,
        verified: verified ? 1 : 0,
        negative_downloads: 0,
        negative_updated_at_ms: -updatedAtMs,
        ...toCardRow(card),
      }
      await Promise.all([
        statements.upsertEntry(db, row),
        statements.removeWords(db, { repositoryId }),
        putWords(words.map(({ word, alias }) => ({ word, number, source: alias ?? '' }))),
      ])
    },
    notePush: async (repositoryId, atMs) =>
      (await statements.notePush(db, { repositoryId, negativeAtMs: -atMs })).rows.length > 0,
    describe: async (repositoryId, card, words) => {
      const entry = (await statements.findEntry(db, { repositoryId })).rows[0]
      if (entry?.listed !== 1) return false
      await Promise.all([
        statements.describeEntry(db, { repositoryId, ...toCardRow(card) }),
        statements.removeOwnWords(db, { number: entry.number }),
        putWords(words.map((word) => ({ word, number: entry.number, source: '' }))),
      ])
      return true
    },
    hide: async (repositoryId) => {
      await Promise.all([statements.removeWords(db, { repositoryId }), statements.hideEntry(db, { repositoryId })])
    },
    verify: async (accountId, verified) => {
      await statements.verifyAccount(db, { accountId, verified: verified ? 1 : 0 })
    },
    putAlias: async (accountId, alias, beginnings) => {
      for (const beginning of beginnings) await statements.insertAliasWords(db, { accountId, alias, beginning })
    },
    removeAlias: async (accountId, alias) => {
      await statements.removeAliasWords(db, { accountId, alias })
    },
    addDownloads: async (repositoryId, count) => {
      await statements.addDownloads(db, { repositoryId, count })
    },
  }
}

type Plain<R> = { readonly [C in keyof R]: R[C] }

async function count(db: Kysely<Tables>, query: GalleryQuery) {
  const words = query.words.map(rangeOf)
  const facets = facetsOf(query)
  if (words.length === 0) return statements.countListed(db, facets)
  const { range, rows } = await rarest(db, words)
  if (rows < sortedMax) return statements.countAmongFew(db, { ...facets, ...range, words })
  const counts = statements.countsAmongMany[words.length]
  if (!counts) throw new Error(`a search for ${words.length} words`)
  // Words are those of listed repositories: without a filter the repositories need not be looked at.
  const any = facets.verified < 0 && facets.architectures === 0 && facets.systems === 0
  const numbered = words.flatMap(({ low, high }, at) => [
    [`low${at}`, low],
    [`high${at}`, high],
  ])
  return (any ? counts.all : counts.filtered)(db, { ...facets, ...Object.fromEntries(numbered) })
}

/** The word from which the fewest repositories have to be looked at, as far as a short look can tell, and how often it is there. */
async function rarest(
  db: Kysely<Tables>,
  words: readonly statements.Range[],
): Promise<{ readonly range: statements.Range; readonly rows: number }> {
  let best = { range: words[0] ?? rangeOf(''), rows: Infinity }
  for (const range of words) {
    const { rows } = await statements.countRange(db, { ...range, limit: sortedMax })
    const found = Number(rows[0]?.count ?? 0)
    if (found < best.rows) best = { range, rows: found }
  }
  return best
}

/** One more than any; a number that was the last and is gone may be given again, for its words went with it. */
async function nextNumber(db: Kysely<Tables>): Promise<number> {
  return ((await statements.findLastNumber(db, {})).rows[0]?.number ?? 0) + 1
}

const beginning: GalleryPosition = { key: Number.MIN_SAFE_INTEGER, name: '', number: 0 }
const end: GalleryPosition = { key: Number.MAX_SAFE_INTEGER, name: '\u{10FFFF}', number: Number.MAX_SAFE_INTEGER }

function facetsOf({ verified, architectures, operatingSystems }: GalleryQuery): statements.Facets {
  return {
    verified: verified === undefined ? -1 : Number(verified),
    architectures: bitsOf(architectures, shownArchitectures),
    systems: bitsOf(operatingSystems, shownOperatingSystems),
  }
}

/** The places of a list in these must never change: rows hold them. */
function bitsOf(given: readonly string[], known: readonly string[]): number {
  return known.reduce((sum, name, at) => sum + (given.includes(name) ? 2 ** at : 0), 0)
}

export function toCardRow(card: GalleryCard): {
  readonly architectures: number
  readonly systems: number
  readonly card: string
} {
  return {
    architectures: bitsOf(card.architectures ?? [], shownArchitectures),
    systems: bitsOf(card.operatingSystems ?? [], shownOperatingSystems),
    card: JSON.stringify(card),
  }
}

// Not `-n`: zero would be negative.
const countOf = (row: Pick<GalleryRepositoryRow, 'negative_downloads'>): number => 0 - row.negative_downloads

type ShownRow = Omit<GalleryRepositoryRow, 'repository_id' | 'listed' | 'architectures' | 'systems'> & {
  readonly alias: string
  readonly display_name: string | null
}

function toRow(row: ShownRow, { order }: GalleryQuery): GalleryRow {
  const keys = { POPULARITY: row.negative_downloads, DATE: row.negative_updated_at_ms, NAME: 0 }
  return {
    name: row.name,
    accountId: row.account_id,
    alias: row.alias,
    displayName: row.display_name ?? undefined,
    verified: row.verified === 1,
    downloads: countOf(row),
    card: JSON.parse(row.card) as GalleryCard, // Only `toCardRow` writes the column.
    position: { key: keys[order], name: row.name, number: row.number },
  }
}
