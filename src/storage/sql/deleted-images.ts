import type { Kysely } from 'kysely'
import type { DeletedImageReads, DeletedImageSummary, DeletedImageWrites } from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import { toSummary } from './images.ts'
import { statement } from './statement.ts'
import type { DeletedImageRow, Tables } from './tables.ts'

export function deletedImageReads(db: Kysely<Tables>): DeletedImageReads {
  return {
    find: async (repositoryId, digest) => {
      const { rows } = await findDeleted(db, { repositoryId, digest })
      return rows[0] && { ...toDeletedSummary(rows[0]), manifest: rows[0].body }
    },
    page: async (repositoryId, after, limit) =>
      (await pageDeleted(db, { repositoryId, after: after ?? '', limit })).rows.map(toDeletedSummary),
    ended: async (nowMs, limit) =>
      (await findEnded(db, { nowMs, limit })).rows.map((row) => ({
        repositoryId: row.repository_id,
        digest: row.digest as Digest, // Only digests are ever written to the column.
      })),
  }
}

export function deletedImageWrites(db: Kysely<Tables>): DeletedImageWrites {
  return {
    ...deletedImageReads(db),
    keep: async (repositoryId, digest, { tags, deletedAtMs, untilMs }) => {
      await copyImage(db, { repositoryId, digest, tags: JSON.stringify(tags), deletedAtMs, untilMs })
    },
    removeEnded: async (images, nowMs) => {
      let removed = 0
      for (const { repositoryId, digest } of images)
        removed += (await removeEnded(db, { repositoryId, digest, nowMs })).rows.length
      return removed
    },
  }
}

const imageColumns = [
  'repository_id',
  'digest',
  'media_type',
  'artifact_type',
  'subject',
  'manifest_bytes',
  'image_bytes',
  'pushed_at_ms',
  'last_pulled_at_ms',
] as const
const summaryColumns = [...imageColumns, 'tags', 'deleted_at_ms', 'until_ms'] as const

type OfImage = { readonly repositoryId: string; readonly digest: string }

const findDeleted = statement((db, is: OfImage) =>
  db
    .selectFrom('deleted_image')
    .select([...summaryColumns, 'body'])
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

const pageDeleted = statement(
  (db, is: { readonly repositoryId: string; readonly after: string; readonly limit: number }) =>
    db
      .selectFrom('deleted_image')
      .select(summaryColumns)
      .where('repository_id', '=', is.repositoryId)
      .where('digest', '>', is.after)
      .orderBy('digest')
      .limit(is.limit),
)

const findEnded = statement((db, is: { readonly nowMs: number; readonly limit: number }) =>
  db
    .selectFrom('deleted_image')
    .select(['repository_id', 'digest'])
    .where('until_ms', '<', is.nowMs)
    .orderBy('until_ms')
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

/** The manifest's text stays inside the database on its way. */
const copyImage = statement(
  (db, is: OfImage & { readonly tags: string; readonly deletedAtMs: number; readonly untilMs: number }) =>
    db
      .insertInto('deleted_image')
      .columns([...summaryColumns, 'body'])
      .expression((of) =>
        of
          .selectFrom('manifest')
          .select(imageColumns)
          .select((column) => [
            column.cast<string>(column.val(is.tags), 'text').as('tags'),
            column.cast<number>(column.val(is.deletedAtMs), 'bigint').as('deleted_at_ms'),
            column.cast<number>(column.val(is.untilMs), 'bigint').as('until_ms'),
            'body',
          ])
          .where('repository_id', '=', is.repositoryId)
          .where('digest', '=', is.digest),
      ),
)

const removeEnded = statement((db, is: OfImage & { readonly nowMs: number }) =>
  db
    .deleteFrom('deleted_image')
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest)
    .where('until_ms', '<', is.nowMs)
    .returning('digest'),
)

const toDeletedSummary = (row: Omit<DeletedImageRow, 'body'>): DeletedImageSummary => ({
  ...toSummary(row),
  tags: JSON.parse(row.tags) as string[], // Only `keep` writes the column.
  deletedAtMs: row.deleted_at_ms,
  untilMs: row.until_ms,
})
