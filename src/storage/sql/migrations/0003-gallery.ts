// The gallery: what public repositories are found by, and their downloads. Repositories that are there already are found as well.

import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { markOf, wordCharactersMax, wordsOf } from '../../../lib/search-words.ts'
import type { SchemaDialect } from './schema-dialect.ts'

export const gallery = (dialect: SchemaDialect): Migration => ({
  up: async (db: Kysely<unknown>) => {
    for (const statement of [...tables(dialect), ...indexes]) await sql.raw(statement).execute(db)
    await fill(db)
  },
})

const tables = ({ textType: text, clusteredTable }: SchemaDialect): readonly string[] => [
  `create table gallery_repository (
    number bigint not null primary key,
    repository_id ${text} not null unique references repository (id),
    account_id ${text} not null,
    name ${text} not null,
    listed bigint not null,
    verified bigint not null,
    negative_downloads bigint not null,
    negative_updated_at_ms bigint not null,
    architectures bigint not null,
    systems bigint not null,
    card ${text} not null
  ) ${clusteredTable}`,

  `create table gallery_word (
    word ${text} not null,
    number bigint not null references gallery_repository (number),
    source ${text} not null,
    primary key (word, number, source)
  ) ${clusteredTable}`,
]

/** One for each order, with what a filter asks for, so that a page and a count read the index alone. */
const indexes: readonly string[] = [
  ...['negative_downloads, name', 'name', 'negative_updated_at_ms, name'].map(
    (order, at) =>
      `create index gallery_repository_by_${['downloads', 'name', 'date'][at]} on gallery_repository (listed, ${order}, number, verified, architectures, systems)`,
  ),
  'create index gallery_repository_by_account on gallery_repository (account_id)',
  'create index gallery_word_by_number on gallery_word (number, word, source)',
]

interface Found {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly created_at_ms: number
  readonly verified: number | null
  readonly data: string | null
}

/** What of the catalog data counts here. */
interface Card {
  readonly description?: string
  readonly architectures?: readonly string[]
  readonly operatingSystems?: readonly string[]
  readonly logo?: string
}

/** Shows every public repository that holds an image. What is written must stay as it is: later migrations begin from it. */
async function fill(db: Kysely<unknown>): Promise<void> {
  let number = 0
  let after = ''
  for (;;) {
    const { rows } = await sql<Found>`
      select repository.id, repository.account_id, repository.name, repository.created_at_ms,
        public_registry.verified, catalog_data.data
      from repository
      left join public_registry on public_registry.account_id = repository.account_id
      left join catalog_data on catalog_data.repository_id = repository.id
      where repository.kind = 'public' and repository.image_count > 0 and repository.id > ${after}
      order by repository.id limit 100`.execute(db)
    for (const found of rows) await show(db, ++number, found)
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.id
  }
}

async function show(db: Kysely<unknown>, number: number, found: Found): Promise<void> {
  // Only the port's `put` wrote the column.
  const { description, architectures, operatingSystems, logo } = JSON.parse(found.data ?? '{}') as Card
  const card = JSON.stringify({ description, architectures, operatingSystems, logo })
  const { rows: pushed } = await sql<{ readonly at_ms: number | null }>`
    select max(pushed_at_ms) as at_ms from manifest where repository_id = ${found.id}`.execute(db)
  const updatedAtMs = pushed[0]?.at_ms ?? found.created_at_ms
  await sql`insert into gallery_repository
    (number, repository_id, account_id, name, listed, verified, negative_downloads, negative_updated_at_ms, architectures, systems, card)
    values (${number}, ${found.id}, ${found.account_id}, ${found.name}, 1, ${found.verified ?? 0}, 0, ${-updatedAtMs},
      ${bits(architectures, ['ARM', 'ARM 64', 'x86', 'x86-64'])}, ${bits(operatingSystems, ['Linux', 'Windows'])}, ${card})`.execute(
    db,
  )
  const { rows: aliases } = await sql<{ readonly name: string }>`
    select name from registry_alias where account_id = ${found.account_id} and status = 'ACTIVE'`.execute(db)
  const own = new Set([markOf(found.account_id), ...wordsOf(found.name), ...wordsOf(description ?? '')])
  const words = [
    ...[...own].map((word) => ({ word, source: '' })),
    ...aliases.flatMap(({ name: alias }) =>
      wordsOf(alias).map((start) => ({ word: `${start}/${found.name}`.slice(0, wordCharactersMax), source: alias })),
    ),
  ]
  for (let at = 0; at < words.length; at += 500) {
    const values = words.slice(at, at + 500).map(({ word, source }) => sql`(${word}, ${number}, ${source})`)
    await sql`insert into gallery_word (word, number, source) values ${sql.join(values)}
      on conflict (word, number, source) do nothing`.execute(db)
  }
}

function bits(given: readonly string[] | undefined, known: readonly string[]): number {
  return known.reduce((sum, name, at) => sum + (given?.includes(name) === true ? 2 ** at : 0), 0)
}
