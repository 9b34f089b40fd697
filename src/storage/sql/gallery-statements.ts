// The statements behind gallery.ts. A page walks the index of its order and asks of each repository whether it fits, or, where few fit,
// gathers those and sorts them.

import { sql, type ExpressionBuilder, type Kysely } from 'kysely'
import { queryWordsMax, type GalleryOrder } from '../../domain/ports/gallery.ts'
import { wordCharactersMax } from '../../lib/search-words.ts'
import { statement } from './statement.ts'
import type { GalleryRepositoryRow, GalleryWordRow, Tables } from './tables.ts'

type Plain<R> = { readonly [C in keyof R]: R[C] }

/** The words that begin with a term, see `rangeOf`. */
export type Range = { readonly low: string; readonly high: string }

export type Facets = {
  /** 0, 1, or -1 for both. */
  readonly verified: number
  /** Bits of which a repository has to have one; 0 for any. */
  readonly architectures: number
  readonly systems: number
}

type Words = { readonly words: readonly Range[] }
type Shown = Tables & { shown: GalleryRepositoryRow }

const fits = (is: Facets) => sql<boolean>`(
  (cast(${is.verified} as bigint) < 0 or shown.verified = ${is.verified})
  and (cast(${is.architectures} as bigint) = 0 or (shown.architectures & ${is.architectures}) <> 0)
  and (cast(${is.systems} as bigint) = 0 or (shown.systems & ${is.systems}) <> 0))`

const hasAll = (of: ExpressionBuilder<Shown, 'shown'>, { words }: Words) =>
  of.and(
    words.map(({ low, high }) =>
      of.exists(
        of
          .selectFrom('gallery_word')
          .select('gallery_word.word')
          .whereRef('gallery_word.number', '=', 'shown.number')
          .where('gallery_word.word', '>=', low)
          .where('gallery_word.word', '<', high),
      ),
    ),
  )

/** The repositories of the words in a range, once for each word. */
const timesIn = (db: Kysely<Tables>, { low, high }: Range) =>
  db
    .selectFrom('gallery_word')
    .select('gallery_word.number')
    .where('gallery_word.word', '>=', low)
    .where('gallery_word.word', '<', high)

/** The same repositories, each once. */
const numbersIn = (db: Kysely<Tables>, range: Range) => timesIn(db, range).distinct()

/** At most `limit`: only to find the rarest of several words. */
export const countRange = statement((db, is: Range & { readonly limit: number }) =>
  db
    .selectFrom((of) =>
      of
        .selectFrom('gallery_word')
        .select('gallery_word.word')
        .where('gallery_word.word', '>=', is.low)
        .where('gallery_word.word', '<', is.high)
        .limit(is.limit)
        .as('some'),
    )
    .select((of) => of.fn.countAll().as('count')),
)

export const countListed = statement((db, is: Facets) =>
  db
    .selectFrom('gallery_repository as shown')
    .select((of) => of.fn.countAll().as('count'))
    .where('shown.listed', '=', 1)
    .where(fits(is)),
)

/**
 * Where one of the words is rare: from its repositories on. `low` and `high` are those of that word; the cross join keeps the order of the
 * two tables.
 */
export const countAmongFew = statement((db, is: Range & Facets & Words) =>
  db
    .selectFrom(numbersIn(db, is).as('found'))
    .crossJoin('gallery_repository as shown')
    .select((of) => of.fn.countAll().as('count'))
    .whereRef('shown.number', '=', 'found.number')
    .where((of) => hasAll(of, is))
    .where(fits(is)),
)

/** The words as arguments of their own: a list would be padded, and each word counts. */
type Numbered = Facets & { readonly [name: `low${number}` | `high${number}`]: string }

/** Where all words are frequent: repositories of the first, of the second and so on, and, with `filtered`, those that fit. */
const countAmongMany = (words: number, filtered: boolean) =>
  statement((db, is: Numbered) => {
    const range = (at: number) => ({ low: is[`low${at}`] ?? '', high: is[`high${at}`] ?? '' })
    // What is in common is each once: to ask for that in its parts would sort them twice.
    const first = words === 1 && !filtered ? numbersIn(db, range(0)) : timesIn(db, range(0))
    const numbers = Array.from({ length: words - 1 }, (_, at) => timesIn(db, range(at + 1))).reduce(
      (all, some) => all.intersect(some),
      first,
    )
    const fitting = db.selectFrom('gallery_repository as shown').select('shown.number').where('shown.listed', '=', 1)
    return db
      .selectFrom((filtered ? numbers.intersect(fitting.where(fits(is))) : numbers).as('found'))
      .select((of) => of.fn.countAll().as('count'))
  })

/** By the number of words. */
export const countsAmongMany = Array.from({ length: queryWordsMax + 1 }, (_, words) => ({
  all: countAmongMany(words, false),
  filtered: countAmongMany(words, true),
}))

type Page = Facets & {
  readonly key: number
  readonly name: string
  readonly number: number
  readonly limit: number
}

const keys = { POPULARITY: 'negative_downloads', DATE: 'negative_updated_at_ms', NAME: undefined } as const

/** The statements for pages in one order: of all repositories, of those with many or with few others in common. */
function pagesIn(order: GalleryOrder, backwards: boolean) {
  const direction = backwards ? 'desc' : 'asc'
  const key = keys[order]
  const columns = key === undefined ? (['name', 'number'] as const) : ([key, 'name', 'number'] as const)
  const names = sql.join(columns.map((column) => sql.ref(`shown.${column}`)))
  const isAfter = (is: Page) => {
    const values = sql.join(key === undefined ? [is.name, is.number] : [is.key, is.name, is.number])
    return sql<boolean>`(${names}) ${sql.raw(backwards ? '<' : '>')} (${values})`
  }
  const ordered = sql.join(columns.map((column) => sql`${sql.ref(`shown.${column}`)} ${sql.raw(direction)}`))
  const listed = (db: Kysely<Tables>, is: Page) =>
    db
      .selectFrom('gallery_repository as shown')
      .select('shown.number')
      .where('shown.listed', '=', 1)
      .where(isAfter(is))
      .where(fits(is))
      .orderBy(ordered)
      .limit(is.limit)
  const cards = (db: Kysely<Tables>, numbers: ReturnType<typeof listed>) =>
    db
      .selectFrom('gallery_repository as shown')
      .innerJoin('public_registry', 'public_registry.account_id', 'shown.account_id')
      .innerJoin('registry_alias', (join) =>
        join.onRef('registry_alias.account_id', '=', 'shown.account_id').on('registry_alias.is_primary', '=', 1),
      )
      .select([
        'shown.number',
        'shown.account_id',
        'shown.name',
        'shown.verified',
        'shown.negative_downloads',
        'shown.negative_updated_at_ms',
        'shown.card',
        'public_registry.display_name',
        'registry_alias.name as alias',
      ])
      .where('shown.number', 'in', numbers)
      .orderBy(ordered)
  return {
    /** Whatever they are called. */
    all: statement((db, is: Page) => cards(db, listed(db, is))),
    /** Where many have the words: walks the order. */
    walk: statement((db, is: Page & Words) =>
      cards(
        db,
        listed(db, is).where((of) => hasAll(of, is)),
      ),
    ),
    /** Where few have them: sorts them. `low` and `high` are those of the rarest word. */
    gather: statement((db, is: Page & Range & Words) =>
      cards(
        db,
        db
          .selectFrom(numbersIn(db, is).as('found'))
          .crossJoin('gallery_repository as shown')
          .select('shown.number')
          .whereRef('shown.number', '=', 'found.number')
          .where(isAfter(is))
          .where(fits(is))
          .where((of) => hasAll(of, is))
          .orderBy(ordered)
          .limit(is.limit),
      ),
    ),
  }
}

export const pages = {
  POPULARITY: { forwards: pagesIn('POPULARITY', false), backwards: pagesIn('POPULARITY', true) },
  NAME: { forwards: pagesIn('NAME', false), backwards: pagesIn('NAME', true) },
  DATE: { forwards: pagesIn('DATE', false), backwards: pagesIn('DATE', true) },
} as const

type OfRepository = { readonly repositoryId: string }

export const findEntry = statement((db, is: OfRepository) =>
  db
    .selectFrom('gallery_repository')
    .select(['number', 'listed', 'negative_downloads'])
    .where('repository_id', '=', is.repositoryId),
)

export const findLastNumber = statement((db, _is: Record<string, never>) =>
  db.selectFrom('gallery_repository').select('number').where('number', '>', 0).orderBy('number', 'desc').limit(1),
)

export const upsertEntry = statement((db, row: Plain<GalleryRepositoryRow>) =>
  db
    .insertInto('gallery_repository')
    .values(row)
    .onConflict((on) =>
      on.column('repository_id').doUpdateSet({
        listed: row.listed,
        verified: row.verified,
        negative_updated_at_ms: row.negative_updated_at_ms,
        architectures: row.architectures,
        systems: row.systems,
        card: row.card,
      }),
    ),
)

export const describeEntry = statement(
  (db, is: OfRepository & { readonly architectures: number; readonly systems: number; readonly card: string }) =>
    db
      .updateTable('gallery_repository')
      .set({ architectures: is.architectures, systems: is.systems, card: is.card })
      .where('repository_id', '=', is.repositoryId),
)

export const notePush = statement((db, is: OfRepository & { readonly negativeAtMs: number }) =>
  db
    .updateTable('gallery_repository')
    .set({ negative_updated_at_ms: is.negativeAtMs })
    .where('repository_id', '=', is.repositoryId)
    .where('listed', '=', 1)
    .returning('number'),
)

export const hideEntry = statement((db, is: OfRepository) =>
  db.updateTable('gallery_repository').set({ listed: 0 }).where('repository_id', '=', is.repositoryId),
)

export const verifyAccount = statement((db, is: { readonly accountId: string; readonly verified: number }) =>
  db.updateTable('gallery_repository').set({ verified: is.verified }).where('account_id', '=', is.accountId),
)

export const addDownloads = statement((db, is: OfRepository & { readonly count: number }) =>
  db
    .updateTable('gallery_repository')
    .set((of) => ({ negative_downloads: of('negative_downloads', '-', is.count) }))
    .where('repository_id', '=', is.repositoryId),
)

export const insertWords = statement((db, is: { readonly rows: readonly Plain<GalleryWordRow>[] }) =>
  db
    .insertInto('gallery_word')
    .values(is.rows)
    .onConflict((on) => on.columns(['word', 'number', 'source']).doNothing()),
)

/** All words of a repository, whatever it is found by. */
export const removeWords = statement((db, is: OfRepository) =>
  db
    .deleteFrom('gallery_word')
    .where('number', 'in', (of) =>
      of
        .selectFrom('gallery_repository')
        .select('gallery_repository.number')
        .where('repository_id', '=', is.repositoryId),
    ),
)

export const removeOwnWords = statement((db, is: { readonly number: number }) =>
  db.deleteFrom('gallery_word').where('number', '=', is.number).where('source', '=', ''),
)

export const insertAliasWords = statement(
  (db, is: { readonly accountId: string; readonly alias: string; readonly beginning: string }) =>
    db
      .insertInto('gallery_word')
      .columns(['word', 'number', 'source'])
      .expression((of) =>
        of
          .selectFrom('gallery_repository')
          .select((column) => [
            sql<string>`substr(${is.beginning} || '/' || ${column.ref('name')}, 1, ${sql.lit(wordCharactersMax)})`.as(
              'word',
            ),
            'number',
            column.cast<string>(column.val(is.alias), 'text').as('source'),
          ])
          .where('account_id', '=', is.accountId)
          .where('listed', '=', 1),
      )
      .onConflict((on) => on.columns(['word', 'number', 'source']).doNothing()),
)

export const removeAliasWords = statement((db, is: { readonly accountId: string; readonly alias: string }) =>
  db
    .deleteFrom('gallery_word')
    .where('source', '=', is.alias)
    .where('number', 'in', (of) =>
      of.selectFrom('gallery_repository').select('gallery_repository.number').where('account_id', '=', is.accountId),
    ),
)
