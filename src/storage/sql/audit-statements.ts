// The statements behind audit.ts. Those that look for contradictions read every row of a table, of its narrowest index where there is one.

import { sql } from 'kysely'
import { statement } from './statement.ts'
import type { UpkeepRow } from './tables.ts'

type Limit = { readonly limit: number }
type After = Limit & { readonly after: string }
type AfterImage = Limit & { readonly afterId: string; readonly afterDigest: string }
type OfImage = { readonly repositoryId: string; readonly digest: string }

export const countAll = statement((db, _is: Record<string, never>) =>
  db.selectNoFrom((of) => [
    of
      .selectFrom('repository')
      .select((column) => column.fn.countAll().as('count'))
      .as('repositories'),
    of
      .selectFrom('manifest')
      .select((column) => column.fn.countAll().as('count'))
      .as('images'),
    of
      .selectFrom('blob')
      .select((column) => column.fn.countAll().as('count'))
      .as('layers'),
    of
      .selectFrom('blob')
      .select((column) => column.fn.sum('size').as('sum'))
      .as('layer_bytes'),
    of
      .selectFrom('deleted_image')
      .select((column) => column.fn.countAll().as('count'))
      .as('deleted_images'),
  ]),
)

export const findRepository = statement((db, is: { readonly id: string }) =>
  db.selectFrom('repository').select(['account_id', 'region', 'name']).where('id', '=', is.id),
)

export const pageImages = statement((db, is: AfterImage) =>
  db
    .selectFrom('manifest')
    .select(['repository_id', 'digest'])
    .where((of) => sql<boolean>`(${of.ref('repository_id')}, ${of.ref('digest')}) > (${is.afterId}, ${is.afterDigest})`)
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

export const pageDeleted = statement((db, is: AfterImage) =>
  db
    .selectFrom('deleted_image')
    .select(['repository_id', 'digest'])
    .where((of) => sql<boolean>`(${of.ref('repository_id')}, ${of.ref('digest')}) > (${is.afterId}, ${is.afterDigest})`)
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

export const findImage = statement((db, is: OfImage) =>
  db
    .selectFrom('manifest')
    .select(['media_type', 'artifact_type', 'subject', 'manifest_bytes', 'image_bytes', 'body'])
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

export const layersOf = statement((db, is: OfImage) =>
  db
    .selectFrom('manifest_blob')
    .leftJoin('blob', 'blob.digest', 'manifest_blob.digest')
    .select(['manifest_blob.digest', 'manifest_blob.media_type', 'blob.size'])
    .where('manifest_blob.repository_id', '=', is.repositoryId)
    .where('manifest_blob.manifest_digest', '=', is.digest),
)

export const childrenOf = statement((db, is: OfImage) =>
  db
    .selectFrom('manifest_child')
    .leftJoin('manifest', (join) =>
      join
        .onRef('manifest.repository_id', '=', 'manifest_child.repository_id')
        .onRef('manifest.digest', '=', 'manifest_child.child_digest'),
    )
    .select(['manifest_child.child_digest', 'manifest.manifest_bytes', 'manifest.image_bytes'])
    .where('manifest_child.repository_id', '=', is.repositoryId)
    .where('manifest_child.parent_digest', '=', is.digest),
)

const blobColumns = ['digest', 'phys', 'size', 'bad'] as const

export const pageBlobs = statement((db, is: After) =>
  db.selectFrom('blob').select(blobColumns).where('phys', '>', is.after).orderBy('phys').limit(is.limit),
)

export const findBlob = statement((db, is: { readonly phys: string }) =>
  db.selectFrom('blob').select(blobColumns).where('phys', '=', is.phys),
)

export const namesInTrash = statement((db, is: Limit) =>
  db
    .selectFrom('trash')
    .innerJoin('blob', 'blob.phys', 'trash.phys')
    .select('blob.phys')
    .orderBy('blob.phys')
    .limit(is.limit),
)

export const namesOfUploads = statement((db, is: Limit) =>
  db
    .selectFrom('upload')
    .innerJoin('blob', 'blob.phys', 'upload.phys')
    .select('blob.phys')
    .orderBy('blob.phys')
    .limit(is.limit),
)

export const wrongCounts = statement((db, is: Limit) =>
  db
    .with('counted', (of) =>
      of.selectFrom('repository').select((column) => [
        'id',
        'image_count',
        column
          .selectFrom('manifest')
          .select((counted) => counted.fn.countAll<number>().as('count'))
          .whereRef('manifest.repository_id', '=', 'repository.id')
          .as('actual'),
      ]),
    )
    .selectFrom('counted')
    .selectAll()
    .whereRef('image_count', '<>', 'actual')
    .orderBy('id')
    .limit(is.limit),
)

/** 1 when a tag names the manifest of the row. */
const hasTag = sql<number>`case when exists (
  select 1 from tag where tag.repository_id = manifest.repository_id and tag.digest = manifest.digest
) then 1 else 0 end`

/** 1 when a manifest of the repository names the layer of the row. */
const isReferenced = sql<number>`case when exists (
  select 1 from manifest_blob
  where manifest_blob.repository_id = repo_blob.repository_id and manifest_blob.digest = repo_blob.digest
) then 1 else 0 end`

export const wrongTagged = statement((db, is: Limit) =>
  db
    .selectFrom('manifest')
    .select(['repository_id', 'digest', 'tagged'])
    .where('tagged', '<>', hasTag)
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

export const wrongReferenced = statement((db, is: Limit) =>
  db
    .selectFrom('repo_blob')
    .select(['repository_id', 'digest', 'referenced'])
    .where('referenced', '<>', isReferenced)
    .orderBy('repository_id')
    .orderBy('digest')
    .limit(is.limit),
)

export const unreleased = statement((db, is: Limit) =>
  db
    .selectFrom('blob')
    .select('digest')
    .where((of) =>
      of.not(
        of.or([
          of.exists(
            of.selectFrom('repo_blob').select('repo_blob.digest').whereRef('repo_blob.digest', '=', 'blob.digest'),
          ),
          of.exists(
            of
              .selectFrom('released_blob')
              .select('released_blob.digest')
              .whereRef('released_blob.digest', '=', 'blob.digest'),
          ),
        ]),
      ),
    )
    .orderBy('digest')
    .limit(is.limit),
)

export const recount = statement((db, is: { readonly repositoryId: string }) =>
  db
    .updateTable('repository')
    .set((of) => ({
      image_count: of
        .selectFrom('manifest')
        .select((column) => column.fn.countAll<number>().as('count'))
        .where('repository_id', '=', is.repositoryId),
    }))
    .where('id', '=', is.repositoryId),
)

export const remarkTagged = statement((db, is: OfImage) =>
  db
    .updateTable('manifest')
    .set({ tagged: hasTag })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

export const remarkReferenced = statement((db, is: OfImage) =>
  db
    .updateTable('repo_blob')
    .set({ referenced: isReferenced })
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest),
)

// A blob that got a membership or went meanwhile is none of the collector's business.
export const release = statement((db, is: { readonly digest: string }) =>
  db
    .insertInto('released_blob')
    .columns(['digest'])
    .expression((of) => of.selectFrom('blob').select('digest').where('digest', '=', is.digest))
    .onConflict((on) => on.column('digest').doNothing()),
)

export const pagePolicies = statement((db, is: After) =>
  db
    .selectFrom('repository_policy')
    .select(['repository_id', 'body as text'])
    .where('repository_id', '>', is.after)
    .orderBy('repository_id')
    .limit(is.limit),
)

export const pageCatalogs = statement((db, is: After) =>
  db
    .selectFrom('catalog_data')
    .select(['repository_id', 'data as text'])
    .where('repository_id', '>', is.after)
    .orderBy('repository_id')
    .limit(is.limit),
)

export const pageFilters = statement((db, is: After) =>
  db
    .selectFrom('repository')
    .select(['id as repository_id', 'exclusion_filters as text'])
    .where('id', '>', is.after)
    .orderBy('id')
    .limit(is.limit),
)

// The literal 0 is what makes the index of those to check fit.
export const pageUnchecked = statement(
  (db, is: Limit & { readonly beforeMs: number; readonly afterMs: number; readonly afterPhys: string }) =>
    db
      .selectFrom('blob')
      .select([
        ...blobColumns,
        'verified_at_ms',
        sql<number>`case when checksums is null then 0 else 1 end`.as('has_checksums'),
      ])
      .where('bad', '=', (of) => of.lit(0))
      .where('verified_at_ms', '<', is.beforeMs)
      .where((of) => sql<boolean>`(${of.ref('verified_at_ms')}, ${of.ref('phys')}) > (${is.afterMs}, ${is.afterPhys})`)
      .orderBy('verified_at_ms')
      .orderBy('phys')
      .limit(is.limit),
)

// The literal 1 is what makes the index of damaged ones fit.
export const countBad = statement((db, _is: Record<string, never>) =>
  db
    .selectFrom('blob')
    .select((of) => of.fn.countAll().as('count'))
    .where('bad', '=', (of) => of.lit(1))
    // Every name is after the empty one.
    .where('phys', '>', ''),
)

export const noteChecked = statement((db, is: { readonly phys: string; readonly atMs: number }) =>
  db.updateTable('blob').set({ verified_at_ms: is.atMs }).where('phys', '=', is.phys),
)

export const keepChecksums = statement(
  (db, is: { readonly phys: string; readonly atMs: number; readonly checksums: string | null }) =>
    db.updateTable('blob').set({ verified_at_ms: is.atMs, checksums: is.checksums }).where('phys', '=', is.phys),
)

export const findUpkeep = statement((db, is: { readonly name: string }) =>
  db.selectFrom('upkeep').select('done_at_ms').where('name', '=', is.name),
)

export const noteUpkeep = statement((db, row: { readonly [C in keyof UpkeepRow]: UpkeepRow[C] }) =>
  db
    .insertInto('upkeep')
    .values(row)
    .onConflict((on) => on.column('name').doUpdateSet({ done_at_ms: row.done_at_ms })),
)
