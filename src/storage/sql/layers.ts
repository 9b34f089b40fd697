import type { Kysely } from 'kysely'
import type { Layer, LayerReads, LayerWrites, Upload } from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import { fromColumn, toColumn } from './checksums-column.ts'
import { noteReleased } from './collector.ts'
import { listsOf, statement } from './statement.ts'
import type { BlobRow, RepoBlobRow, Tables } from './tables.ts'
import { insertTrash } from './trash.ts'

export function layerReads(db: Kysely<Tables>): LayerReads {
  const findMany = async (repositoryId: string, digests: readonly Digest[]): Promise<readonly Layer[]> => {
    const found: Layer[] = []
    for (const some of listsOf(digests))
      found.push(...(await findLayers(db, { repositoryId, digests: some })).rows.map(toLayer))
    return found
  }
  return {
    findMany,
    find: async (repositoryId, digest) => (await findMany(repositoryId, [digest]))[0],
    checksums: async (phys) => fromColumn((await findChecksums(db, { phys })).rows[0]?.checksums ?? undefined),
  }
}

export function layerWrites(db: Kysely<Tables>): LayerWrites {
  return {
    ...layerReads(db),
    commit: (upload, blob, nowMs, leaseUntilMs) => commit(db, upload, blob, nowMs, leaseUntilMs),
    mount: async (repositoryId, digest, leaseUntilMs) => {
      const { rows } = await findBlob(db, { digest })
      if (rows[0] === undefined || rows[0].bad === 1) return false
      await putMembership(db, membership(repositoryId, digest, leaseUntilMs))
      return true
    },
    lease: async (repositoryId, digests, leaseUntilMs) => {
      for (const some of listsOf(digests)) await lengthenLeases(db, { repositoryId, digests: some, leaseUntilMs })
    },
    remove: async (repositoryId, digest) => {
      const { rows } = await removeMembership(db, { repositoryId, digest })
      if (rows.length > 0) await noteReleased(db, { rows: [{ digest }] })
      return rows.length > 0
    },
    markBad: async (phys) => (await markBad(db, { phys })).rows.length > 0,
  }
}

async function commit(
  db: Kysely<Tables>,
  upload: Upload,
  blob: { readonly digest: Digest; readonly size: number; readonly checksums?: readonly number[] },
  nowMs: number,
  leaseUntilMs: number,
): Promise<void> {
  // The name must come from the upload's own row: one that was discarded meanwhile is in the trash, and its file will be unlinked.
  const row = {
    digest: blob.digest,
    size: blob.size,
    phys: upload.phys,
    created_at_ms: nowMs,
    verified_at_ms: nowMs,
    bad: 0,
    checksums: toColumn(blob.checksums),
  }
  const [open, found] = await Promise.all([
    findUpload(db, { id: upload.id, phys: upload.phys }),
    findBlob(db, { digest: blob.digest }),
  ])
  if (open.rows.length === 0) throw new Error(`upload ${upload.id} ended before its layer was committed`)
  // Sent together, run in order: the blob's row comes before what refers to it.
  await Promise.all([
    removeUpload(db, { id: upload.id }),
    found.rows[0] ? settleSecondFile(db, row, found.rows[0], nowMs) : insertBlob(db, row),
    putMembership(db, membership(upload.repositoryId, blob.digest, leaseUntilMs)),
  ])
}

/** There is a blob of this digest already: keep the good file, put the other one into the trash. */
async function settleSecondFile(
  db: Kysely<Tables>,
  row: Plain<BlobRow>,
  existing: Pick<BlobRow, 'phys' | 'size' | 'bad'>,
  nowMs: number,
): Promise<void> {
  const replace = existing.bad === 1
  const item = {
    phys: replace ? existing.phys : row.phys,
    digest: row.digest,
    reason: replace ? 'damaged, uploaded again' : 'uploaded a second time',
    not_before_ms: nowMs,
    size: replace ? existing.size : row.size,
  }
  await Promise.all([...(replace ? [replaceFile(db, row)] : []), insertTrash(db, { rows: [item] })])
}

/** Of a blob that no image of the repository names yet; of one that is a member already, only the lease is written. */
const membership = (repositoryId: string, digest: Digest, leaseUntilMs: number) => ({
  repository_id: repositoryId,
  digest,
  lease_until_ms: leaseUntilMs,
  referenced: 0,
})

type Plain<R> = { readonly [C in keyof R]: R[C] }

// `media_type` is NULL where no manifest of the repository names the layer; one that does always gives a type.
const findLayers = statement((db, is: { readonly repositoryId: string; readonly digests: readonly string[] }) =>
  db
    .selectFrom('repo_blob')
    .innerJoin('blob', 'blob.digest', 'repo_blob.digest')
    .select((of) => [
      'blob.digest',
      'blob.size',
      'blob.phys',
      'repo_blob.lease_until_ms',
      of
        .selectFrom('manifest_blob')
        .select('manifest_blob.media_type')
        .whereRef('manifest_blob.repository_id', '=', 'repo_blob.repository_id')
        .whereRef('manifest_blob.digest', '=', 'repo_blob.digest')
        .orderBy('manifest_blob.media_type')
        .limit(1)
        .as('media_type'),
    ])
    .where('repo_blob.repository_id', '=', is.repositoryId)
    .where('repo_blob.digest', 'in', is.digests)
    .where('blob.bad', '=', 0),
)

const findBlob = statement((db, is: { readonly digest: string }) =>
  db.selectFrom('blob').select(['phys', 'size', 'bad']).where('digest', '=', is.digest),
)

const findUpload = statement((db, is: { readonly id: string; readonly phys: string }) =>
  db.selectFrom('upload').select('id').where('id', '=', is.id).where('phys', '=', is.phys),
)

const removeUpload = statement((db, is: { readonly id: string }) => db.deleteFrom('upload').where('id', '=', is.id))

const insertBlob = statement((db, row: Plain<BlobRow>) => db.insertInto('blob').values(row))

const replaceFile = statement((db, { digest, ...file }: Plain<BlobRow>) =>
  db.updateTable('blob').set(file).where('digest', '=', digest),
)

const findChecksums = statement((db, is: { readonly phys: string }) =>
  db.selectFrom('blob').select('checksums').where('phys', '=', is.phys),
)

const putMembership = statement((db, row: Plain<RepoBlobRow>) =>
  db
    .insertInto('repo_blob')
    .values(row)
    .onConflict((on) =>
      on
        .columns(['repository_id', 'digest'])
        .doUpdateSet({ lease_until_ms: row.lease_until_ms })
        .where('repo_blob.lease_until_ms', '<', row.lease_until_ms),
    ),
)

const lengthenLeases = statement(
  (db, is: { readonly repositoryId: string; readonly digests: readonly string[]; readonly leaseUntilMs: number }) =>
    db
      .updateTable('repo_blob')
      .set({ lease_until_ms: is.leaseUntilMs })
      .where('repository_id', '=', is.repositoryId)
      .where('digest', 'in', is.digests)
      .where('lease_until_ms', '<', is.leaseUntilMs),
)

const removeMembership = statement((db, is: { readonly repositoryId: string; readonly digest: string }) =>
  db
    .deleteFrom('repo_blob')
    .where('repository_id', '=', is.repositoryId)
    .where('digest', '=', is.digest)
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('manifest_blob')
            .select('manifest_blob.digest')
            .where('manifest_blob.repository_id', '=', is.repositoryId)
            .where('manifest_blob.digest', '=', is.digest),
        ),
      ),
    )
    .returning('digest'),
)

const markBad = statement((db, is: { readonly phys: string }) =>
  db.updateTable('blob').set({ bad: 1 }).where('phys', '=', is.phys).returning('digest'),
)

interface LayerRow {
  readonly digest: string
  readonly size: number
  readonly phys: string
  readonly lease_until_ms: number
  readonly media_type: string | null
}

const toLayer = (row: LayerRow): Layer => ({
  digest: row.digest as Digest, // Only digests are ever written to the column.
  size: row.size,
  phys: row.phys,
  referenced: row.media_type !== null,
  mediaType: row.media_type ?? undefined,
  leaseUntilMs: row.lease_until_ms,
})
