// The statements behind images.ts. Pages go by key; every one of them walks an index in the order it returns.

import { sql } from 'kysely'
import { statement } from './statement.ts'
import type { ManifestBlobRow, ManifestChildRow, ManifestRow } from './tables.ts'

type Plain<R> = { readonly [C in keyof R]: R[C] }
type OfImage = { readonly repositoryId: string; readonly digest: string }

const summaryColumns = [
  'manifest.digest',
  'manifest.media_type',
  'manifest.artifact_type',
  'manifest.subject',
  'manifest.manifest_bytes',
  'manifest.image_bytes',
  'manifest.pushed_at_ms',
  'manifest.last_pulled_at_ms',
] as const

export const findImage = statement((db, is: OfImage) =>
  db
    .selectFrom('manifest')
    .select([...summaryColumns, 'manifest.body'])
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

export const findImageByTag = statement((db, is: { readonly repositoryId: string; readonly tag: string }) =>
  db
    .selectFrom('tag')
    .innerJoin('manifest', (join) =>
      join.onRef('manifest.repository_id', '=', 'tag.repository_id').onRef('manifest.digest', '=', 'tag.digest'),
    )
    .select([...summaryColumns, 'manifest.body'])
    .where('tag.repository_id', '=', is.repositoryId)
    .where('tag.name', '=', is.tag),
)

export const findSummaries = statement(
  (db, is: { readonly repositoryId: string; readonly digests: readonly string[] }) =>
    db
      .selectFrom('manifest')
      .select(summaryColumns)
      .where('repository_id', '=', is.repositoryId)
      .where('digest', 'in', is.digests),
)

export const pageImages = statement(
  (db, is: { readonly repositoryId: string; readonly after: string; readonly limit: number }) =>
    db
      .selectFrom('manifest')
      .select(summaryColumns)
      .where('repository_id', '=', is.repositoryId)
      .where('digest', '>', is.after)
      .orderBy('digest')
      .limit(is.limit),
)

type ByTagged = {
  readonly repositoryId: string
  readonly tagged: number
  readonly after: string
  readonly limit: number
}

export const pageImagesByTagged = statement((db, is: ByTagged) =>
  db
    .selectFrom('manifest')
    .select(summaryColumns)
    .where('repository_id', '=', is.repositoryId)
    .where('tagged', '=', is.tagged)
    .where('digest', '>', is.after)
    .orderBy('digest')
    .limit(is.limit),
)

export const pageDigestsByTagged = statement((db, is: ByTagged) =>
  db
    .selectFrom('manifest')
    .select('digest')
    .where('repository_id', '=', is.repositoryId)
    .where('tagged', '=', is.tagged)
    .where('digest', '>', is.after)
    .orderBy('digest')
    .limit(is.limit),
)

type AfterTag = {
  readonly repositoryId: string
  readonly afterDigest: string
  readonly afterTag: string
  readonly limit: number
}

export const pageTaggedIds = statement((db, is: AfterTag) =>
  db
    .selectFrom('tag')
    .select(['digest', 'name as tag'])
    .where('repository_id', '=', is.repositoryId)
    .where((of) => sql<boolean>`(${of.ref('digest')}, ${of.ref('name')}) > (${is.afterDigest}, ${is.afterTag})`)
    .orderBy('digest')
    .orderBy('name')
    .limit(is.limit),
)

export const pageIdsAfterImage = statement(
  (db, is: { readonly repositoryId: string; readonly after: string; readonly limit: number }) =>
    db
      .selectFrom('manifest')
      .leftJoin('tag', (join) =>
        join.onRef('tag.repository_id', '=', 'manifest.repository_id').onRef('tag.digest', '=', 'manifest.digest'),
      )
      .select(['manifest.digest', 'tag.name as tag'])
      .where('manifest.repository_id', '=', is.repositoryId)
      .where('manifest.digest', '>', is.after)
      .orderBy('manifest.digest')
      .orderBy('tag.name')
      .limit(is.limit),
)

/** The rest of the image in whose tags the last page ended, then the images after it. */
export const pageIdsAfterTag = statement((db, is: AfterTag) =>
  db
    .selectFrom('manifest')
    .leftJoin('tag', (join) =>
      join.onRef('tag.repository_id', '=', 'manifest.repository_id').onRef('tag.digest', '=', 'manifest.digest'),
    )
    .select(['manifest.digest', 'tag.name as tag'])
    .where('manifest.repository_id', '=', is.repositoryId)
    .where('manifest.digest', '>=', is.afterDigest)
    .where((of) => of.or([of('manifest.digest', '>', is.afterDigest), of('tag.name', '>', is.afterTag)]))
    .orderBy('manifest.digest')
    .orderBy('tag.name')
    .limit(is.limit),
)

type Referrers = {
  readonly repositoryId: string
  readonly subject: string
  readonly after: string
  readonly limit: number
}

export const pageReferrers = statement((db, is: Referrers) =>
  db
    .selectFrom('manifest')
    .select(summaryColumns)
    .where('repository_id', '=', is.repositoryId)
    .where('subject', '=', is.subject)
    .where('digest', '>', is.after)
    .orderBy('digest')
    .limit(is.limit),
)

export const pageReferrersOfTypes = statement((db, is: Referrers & { readonly artifactTypes: readonly string[] }) =>
  db
    .selectFrom('manifest')
    .select(summaryColumns)
    .where('repository_id', '=', is.repositoryId)
    .where('subject', '=', is.subject)
    .where('digest', '>', is.after)
    .where('artifact_type', 'in', is.artifactTypes)
    .orderBy('digest')
    .limit(is.limit),
)

export const findParents = statement((db, is: OfImage & { readonly limit: number }) =>
  db
    .selectFrom('manifest_child')
    .select('parent_digest')
    .where('repository_id', '=', is.repositoryId)
    .where('child_digest', '=', is.digest)
    .orderBy('parent_digest')
    .limit(is.limit),
)

export const countImages = statement((db, is: { readonly repositoryId: string }) =>
  db.selectFrom('repository').select('image_count as count').where('id', '=', is.repositoryId),
)

export const findBelow = statement((db, is: { readonly repositoryId: string; readonly limit: number }) =>
  db.selectFrom('repository').select('id').where('id', '=', is.repositoryId).where('image_count', '<', is.limit),
)

/** `by` is 1 for an image added, -1 for one removed. */
export const changeCount = statement((db, is: { readonly repositoryId: string; readonly by: number }) =>
  db
    .updateTable('repository')
    .set((of) => ({ image_count: of('image_count', '+', is.by) }))
    .where('id', '=', is.repositoryId),
)

export const insertImage = statement((db, row: Plain<ManifestRow>) => db.insertInto('manifest').values(row))

// A manifest may name a layer twice; the first mention counts.
export const insertLayers = statement((db, is: { readonly rows: readonly Plain<ManifestBlobRow>[] }) =>
  db
    .insertInto('manifest_blob')
    .values(is.rows)
    .onConflict((on) => on.columns(['repository_id', 'manifest_digest', 'digest']).doNothing()),
)

export const insertChildren = statement((db, is: { readonly rows: readonly Plain<ManifestChildRow>[] }) =>
  db
    .insertInto('manifest_child')
    .values(is.rows)
    .onConflict((on) => on.columns(['repository_id', 'parent_digest', 'child_digest']).doNothing()),
)

/** Lengthens the lease of every layer that the image names. */
export const leaseLayers = statement((db, is: OfImage & { readonly leaseUntilMs: number }) =>
  db
    .updateTable('repo_blob')
    .set({ lease_until_ms: is.leaseUntilMs })
    .where('repository_id', '=', is.repositoryId)
    .where('lease_until_ms', '<', is.leaseUntilMs)
    .where('digest', 'in', (of) =>
      of
        .selectFrom('manifest_blob')
        .select('manifest_blob.digest')
        .where('manifest_blob.repository_id', '=', is.repositoryId)
        .where('manifest_blob.manifest_digest', '=', is.digest),
    ),
)

/** `referenced` is only written when it changes: it stands in the index of what the collector may take. */
export const markReferenced = statement(
  (db, is: { readonly repositoryId: string; readonly digests: readonly string[] }) =>
    db
      .updateTable('repo_blob')
      .set({ referenced: 1 })
      .where('repository_id', '=', is.repositoryId)
      .where('digest', 'in', is.digests)
      .where('referenced', '=', 0),
)

/** Of the layers that these images name: those that no other image of the repository names. */
export const unmarkReferenced = statement(
  (db, is: { readonly repositoryId: string; readonly digests: readonly string[] }) =>
    db
      .updateTable('repo_blob')
      .set({ referenced: 0 })
      .where('repository_id', '=', is.repositoryId)
      .where('digest', 'in', (of) =>
        of
          .selectFrom('manifest_blob')
          .select('manifest_blob.digest')
          .where('manifest_blob.repository_id', '=', is.repositoryId)
          .where('manifest_blob.manifest_digest', 'in', is.digests),
      )
      .where((of) =>
        of.not(
          of.exists(
            of
              .selectFrom('manifest_blob')
              .select('manifest_blob.digest')
              .whereRef('manifest_blob.repository_id', '=', 'repo_blob.repository_id')
              .whereRef('manifest_blob.digest', '=', 'repo_blob.digest')
              .where('manifest_blob.manifest_digest', 'not in', is.digests),
          ),
        ),
      ),
)

export const forgetDeleted = statement((db, is: OfImage) =>
  db.deleteFrom('deleted_image').where('repository_id', '=', is.repositoryId).where('digest', '=', is.digest),
)

export const removeLayers = statement((db, is: OfImage) =>
  db.deleteFrom('manifest_blob').where('repository_id', '=', is.repositoryId).where('manifest_digest', '=', is.digest),
)

export const removeChildren = statement((db, is: OfImage) =>
  db.deleteFrom('manifest_child').where('repository_id', '=', is.repositoryId).where('parent_digest', '=', is.digest),
)

export const removeImage = statement((db, is: OfImage) =>
  db.deleteFrom('manifest').where('repository_id', '=', is.repositoryId).where('digest', '=', is.digest),
)

export const notePull = statement((db, is: OfImage & { readonly atMs: number }) =>
  db
    .updateTable('manifest')
    .set({ last_pulled_at_ms: is.atMs })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)
