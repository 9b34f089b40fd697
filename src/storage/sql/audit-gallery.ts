// What fsck asks about the gallery's tables: whether they say of a repository what its own rows say.

import { sql, type Kysely } from 'kysely'
import type { GalleryEntry } from '../../domain/ports/gallery.ts'
import type { AuditReads } from '../../domain/ports/store-audit.ts'
import { toCardRow } from './gallery.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function galleryAudit(
  db: Kysely<Tables>,
): Pick<AuditReads, 'galleryRepositories' | 'galleryRepository' | 'galleryFaults' | 'registryPolicies'> {
  return {
    galleryRepositories: async (after, limit) => {
      const { rows } = await pageRepositories(db, { after: after ?? '', limit })
      return rows.map(({ id }) => id)
    },
    galleryRepository: async (repositoryId) => {
      const [row] = (await findRepository(db, { repositoryId })).rows
      return (
        row && {
          repositoryId,
          isPublic: row.kind === 'public',
          accountId: row.account_id,
          name: row.name,
          createdAtMs: row.created_at_ms,
          updatedAtMs: row.updated_at_ms ?? undefined,
        }
      )
    },
    galleryFaults: (repositoryId, expected) => faultsOf(db, repositoryId, expected),
    registryPolicies: async (after, limit) => {
      const from = { kind: after?.kind ?? '', accountId: after?.accountId ?? '', region: after?.region ?? '' }
      const { rows } = await pageRegistryPolicies(db, { ...from, limit })
      return rows.map((row) => ({ kind: row.kind, accountId: row.account_id, region: row.region, text: row.body }))
    },
  }
}

async function faultsOf(
  db: Kysely<Tables>,
  repositoryId: string,
  expected: GalleryEntry | undefined,
): Promise<readonly string[]> {
  const [row] = (await findRow(db, { repositoryId })).rows
  if (!row) return expected === undefined ? [] : ['it is not shown']
  const words = (await wordsOf(db, { number: row.number })).rows
  const downloads = row.negative_downloads > 0 ? ['its downloads are fewer than none'] : []
  if (expected === undefined) {
    const shown = row.listed === 0 ? [] : ['it is shown']
    return [...shown, ...(words.length === 0 ? [] : ['it is found by words']), ...downloads]
  }
  const { accountId, name, verified, card } = expected
  const said = { listed: 1, account_id: accountId, name, verified: verified ? 1 : 0, ...toCardRow(card) }
  const wrong = Object.entries(said).filter(([column, value]) => row[column as keyof typeof said] !== value)
  const wanted = new Set(expected.words.map(({ word, alias = '' }) => JSON.stringify([word, alias])))
  const kept = new Set(words.map(({ word, source }) => JSON.stringify([word, source])))
  const differ =
    [...wanted].filter((word) => !kept.has(word)).length + [...kept].filter((word) => !wanted.has(word)).length
  return [
    ...wrong.map(([column]) => `the column ${column} is wrong`),
    ...(differ === 0 ? [] : [`${differ} of its words are missing or too many`]),
    ...downloads,
  ]
}

const pageRepositories = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db
    .selectFrom('repository')
    .leftJoin('gallery_repository', 'gallery_repository.repository_id', 'repository.id')
    .select('repository.id')
    .where('repository.id', '>', is.after)
    .where((of) => of.or([of('repository.kind', '=', 'public'), of('gallery_repository.number', 'is not', null)]))
    .orderBy('repository.id')
    .limit(is.limit),
)

const findRepository = statement((db, is: { readonly repositoryId: string }) =>
  db
    .selectFrom('repository')
    .leftJoin('gallery_repository', 'gallery_repository.repository_id', 'repository.id')
    .select(['repository.kind', 'repository.account_id', 'repository.name', 'repository.created_at_ms'])
    .select(sql<number | null>`0 - gallery_repository.negative_updated_at_ms`.as('updated_at_ms'))
    .where('repository.id', '=', is.repositoryId),
)

const findRow = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('gallery_repository').selectAll().where('repository_id', '=', is.repositoryId),
)

const wordsOf = statement((db, is: { readonly number: number }) =>
  db.selectFrom('gallery_word').select(['word', 'source']).where('number', '=', is.number),
)

const pageRegistryPolicies = statement(
  (db, is: { readonly kind: string; readonly accountId: string; readonly region: string; readonly limit: number }) =>
    db
      .selectFrom('registry_policy')
      .selectAll()
      .where(
        (of) =>
          sql<boolean>`(${of.ref('kind')}, ${of.ref('account_id')}, ${of.ref('region')}) > (${is.kind}, ${is.accountId}, ${is.region})`,
      )
      .orderBy('kind')
      .orderBy('account_id')
      .orderBy('region')
      .limit(is.limit),
)
