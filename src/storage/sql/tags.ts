import type { Kysely } from 'kysely'
import type { TagReads, TagWrites } from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import { listsOf, statement } from './statement.ts'
import type { TagRow, Tables } from './tables.ts'

export function tagReads(db: Kysely<Tables>): TagReads {
  return {
    find: async (repositoryId, tag) => {
      const { rows } = await findTag(db, { repositoryId, tag })
      return rows[0] && asDigest(rows[0].digest)
    },
    page: async (repositoryId, after, limit) => {
      const { rows } = await pageTags(db, { repositoryId, after: after ?? '', limit })
      return rows.map((row) => ({ digest: asDigest(row.digest), tag: row.name, updatedAtMs: row.updated_at_ms }))
    },
    of: async (repositoryId, digests) => {
      const found = new Map<Digest, string[]>()
      for (const some of listsOf(digests))
        for (const row of (await tagsOf(db, { repositoryId, digests: some })).rows) {
          const digest = asDigest(row.digest)
          const tags = found.get(digest)
          if (tags === undefined) found.set(digest, [row.name])
          else tags.push(row.name)
        }
      return found
    },
    countOf: async (repositoryId, digest) =>
      Number((await countTagsOf(db, { repositoryId, digest })).rows[0]?.count ?? 0),
  }
}

export function tagWrites(db: Kysely<Tables>): TagWrites {
  return {
    ...tagReads(db),
    put: async (repositoryId, tag, digest, atMs) => {
      // In this order, and without a look: what the tag named before may have no other one.
      await Promise.all([
        unmarkFormer(db, { repositoryId, tag, digest }),
        upsertTag(db, { repository_id: repositoryId, name: tag, digest, updated_at_ms: atMs }),
        markTagged(db, { repositoryId, digest }),
      ])
    },
    remove: async (repositoryId, tag) => {
      const { rows } = await removeTag(db, { repositoryId, tag })
      if (rows[0]) await unmarkTagged(db, { repositoryId, digest: rows[0].digest })
    },
    removeOf: async (repositoryId, digest) => {
      // In byte order whatever the locale: the names are ASCII.
      const names = (await removeTagsOf(db, { repositoryId, digest })).rows.map((row) => row.name).toSorted()
      await unmarkTagged(db, { repositoryId, digest })
      return names
    },
  }
}

const findTag = statement((db, is: { readonly repositoryId: string; readonly tag: string }) =>
  db.selectFrom('tag').select('digest').where('repository_id', '=', is.repositoryId).where('name', '=', is.tag),
)

const pageTags = statement(
  (db, is: { readonly repositoryId: string; readonly after: string; readonly limit: number }) =>
    db
      .selectFrom('tag')
      .select(['digest', 'name', 'updated_at_ms'])
      .where('repository_id', '=', is.repositoryId)
      .where('name', '>', is.after)
      .orderBy('name')
      .limit(is.limit),
)

const tagsOf = statement((db, is: { readonly repositoryId: string; readonly digests: readonly string[] }) =>
  db
    .selectFrom('tag')
    .select(['digest', 'name'])
    .where('repository_id', '=', is.repositoryId)
    .where('digest', 'in', is.digests)
    .orderBy('digest')
    .orderBy('name'),
)

type OfImage = { readonly repositoryId: string; readonly digest: string }

const countTagsOf = statement((db, is: OfImage) =>
  db
    .selectFrom('tag')
    .select((of) => of.fn.countAll().as('count'))
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

const upsertTag = statement((db, row: { readonly [C in keyof TagRow]: TagRow[C] }) =>
  db
    .insertInto('tag')
    .values(row)
    .onConflict((on) =>
      on.columns(['repository_id', 'name']).doUpdateSet({ digest: row.digest, updated_at_ms: row.updated_at_ms }),
    ),
)

const removeTag = statement((db, is: { readonly repositoryId: string; readonly tag: string }) =>
  db.deleteFrom('tag').where('repository_id', '=', is.repositoryId).where('name', '=', is.tag).returning('digest'),
)

const removeTagsOf = statement((db, is: OfImage) =>
  db.deleteFrom('tag').where('repository_id', '=', is.repositoryId).where('digest', '=', is.digest).returning('name'),
)

// `tagged` is only written when it changes: the row carries the manifest's text.
const markTagged = statement((db, is: OfImage) =>
  db
    .updateTable('manifest')
    .set({ tagged: 1 })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest)
    .where('tagged', '=', 0),
)

/** The image that the tag names is about to lose it to the image `digest`. */
const unmarkFormer = statement((db, is: OfImage & { readonly tag: string }) =>
  db
    .updateTable('manifest')
    .set({ tagged: 0 })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', 'in', (of) =>
      of
        .selectFrom('tag as former')
        .select('former.digest')
        .where('former.repository_id', '=', is.repositoryId)
        .where('former.name', '=', is.tag)
        .where('former.digest', '<>', is.digest),
    )
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('tag as other')
            .select('other.name')
            .where('other.repository_id', '=', is.repositoryId)
            .whereRef('other.digest', '=', 'manifest.digest')
            .where('other.name', '<>', is.tag),
        ),
      ),
    ),
)

const unmarkTagged = statement((db, is: OfImage) =>
  db
    .updateTable('manifest')
    .set({ tagged: 0 })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest)
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('tag')
            .select('tag.name')
            .where('tag.repository_id', '=', is.repositoryId)
            .where('tag.digest', '=', is.digest),
        ),
      ),
    ),
)

// Only digests are ever written to these columns.
const asDigest = (text: string): Digest => text as Digest
