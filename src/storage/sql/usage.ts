import { sql, type Kysely } from 'kysely'
import type { RegistryKey, UsageReads } from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import { statement } from './statement.ts'
import type { Tables } from './tables.ts'

export function usageReads(db: Kysely<Tables>): UsageReads {
  return {
    repositories: async (after, limit) => {
      // No kind is empty, so that all come after it.
      const { kind = '', accountId = '', region = '' } = after?.registry ?? {}
      const { rows } = await pageRepositories(db, { kind, accountId, region, name: after?.name ?? '', limit })
      return rows.map((row) => ({
        id: row.id,
        registry: {
          kind: row.kind as RegistryKey['kind'], // Only the repositories' `toRow` writes the column.
          accountId: row.account_id,
          region: row.region,
        },
        name: row.name,
        images: row.image_count,
      }))
    },
    layersOf: async (repositoryId, after, limit) =>
      (await pageLayers(db, { repositoryId, after: after ?? '', limit })).rows.map(toSize),
    manifestsOf: async (repositoryId, after, limit) =>
      (await pageManifests(db, { repositoryId, after: after ?? '', limit })).rows.map(toSize),
    blobs: async (after, limit) =>
      (await pageBlobs(db, { after: after ?? '', limit })).rows.map((row) => ({
        ...toSize(row),
        referenced: row.referenced === 1,
        leaseUntilMs: row.lease_until_ms ?? undefined,
      })),
    uploads: async (after, limit) => (await pageUploads(db, { after: after ?? '', limit })).rows.map((row) => row.id),
  }
}

type AfterRepository = {
  readonly kind: string
  readonly accountId: string
  readonly region: string
  readonly name: string
  readonly limit: number
}

const pageRepositories = statement((db, is: AfterRepository) =>
  db
    .selectFrom('repository')
    .select(['id', 'kind', 'account_id', 'region', 'name', 'image_count'])
    .where(
      (of) =>
        sql<boolean>`(${of.ref('kind')}, ${of.ref('account_id')}, ${of.ref('region')}, ${of.ref('name')}) > (${is.kind}, ${is.accountId}, ${is.region}, ${is.name})`,
    )
    // Those that are being removed are nobody's.
    .where('kind', '!=', 'removed')
    .orderBy('kind')
    .orderBy('account_id')
    .orderBy('region')
    .orderBy('name')
    .limit(is.limit),
)

type OfRepository = { readonly repositoryId: string; readonly after: string; readonly limit: number }

const pageLayers = statement((db, is: OfRepository) =>
  db
    .selectFrom('repo_blob')
    .innerJoin('blob', 'blob.digest', 'repo_blob.digest')
    .select(['repo_blob.digest', 'blob.size as bytes'])
    .where('repo_blob.repository_id', '=', is.repositoryId)
    .where('repo_blob.digest', '>', is.after)
    .orderBy('repo_blob.digest')
    .limit(is.limit),
)

const pageManifests = statement((db, is: OfRepository) =>
  db
    .selectFrom('manifest')
    .select(['digest', 'manifest_bytes as bytes'])
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '>', is.after)
    .orderBy('digest')
    .limit(is.limit),
)

const pageBlobs = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db
    .selectFrom('blob')
    .select((of) => [
      'blob.digest',
      'blob.size as bytes',
      of
        .selectFrom('repo_blob')
        .select((column) => column.fn.max<number | null>('repo_blob.referenced').as('most'))
        .whereRef('repo_blob.digest', '=', 'blob.digest')
        .as('referenced'),
      of
        .selectFrom('repo_blob')
        .select((column) => column.fn.max<number | null>('repo_blob.lease_until_ms').as('last'))
        .whereRef('repo_blob.digest', '=', 'blob.digest')
        .as('lease_until_ms'),
    ])
    .where('blob.digest', '>', is.after)
    .orderBy('blob.digest')
    .limit(is.limit),
)

const pageUploads = statement((db, is: { readonly after: string; readonly limit: number }) =>
  db.selectFrom('upload').select('id').where('id', '>', is.after).orderBy('id').limit(is.limit),
)

const toSize = (row: { readonly digest: string; readonly bytes: number }) => ({
  digest: row.digest as Digest, // Only digests are ever written to the column.
  bytes: row.bytes,
})
