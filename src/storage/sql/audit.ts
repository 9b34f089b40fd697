import type { Kysely } from 'kysely'
import type { AuditReads, AuditWrites, AuditedBlob, DerivedColumn } from '../../domain/ports/store-audit.ts'
import type { Digest } from '../../lib/digest.ts'
import { galleryAudit } from './audit-gallery.ts'
import * as statements from './audit-statements.ts'
import { toColumn } from './checksums-column.ts'
import type { BlobRow, Tables } from './tables.ts'

export function auditReads(db: Kysely<Tables>): AuditReads {
  return {
    ...galleryAudit(db),
    totals: async () => {
      const [row] = (await statements.countAll(db, {})).rows
      return {
        repositories: Number(row?.repositories ?? 0),
        images: Number(row?.images ?? 0),
        layers: Number(row?.layers ?? 0),
        layerBytes: Number(row?.layer_bytes ?? 0),
        deletedImages: Number(row?.deleted_images ?? 0),
      }
    },
    repository: async (id) => {
      const [row] = (await statements.findRepository(db, { id })).rows
      return row && { accountId: row.account_id, region: row.region, name: row.name }
    },
    imageKeys: async (after, limit) => (await statements.pageImages(db, { ...from(after), limit })).rows.map(toKey),
    image: (key) => findImage(db, key),
    deletedImageKeys: async (after, limit) =>
      (await statements.pageDeleted(db, { ...from(after), limit })).rows.map(toKey),
    blobs: async (after, limit) => (await statements.pageBlobs(db, { after: after ?? '', limit })).rows.map(toBlob),
    blob: async (phys) => (await statements.findBlob(db, { phys })).rows.map(toBlob)[0],
    sharedNames: async (limit) => {
      const trashed = (await statements.namesInTrash(db, { limit })).rows
      const uploading = (await statements.namesOfUploads(db, { limit })).rows
      return [
        ...trashed.map(({ phys }) => ({ phys, with: 'trash' as const })),
        ...uploading.map(({ phys }) => ({ phys, with: 'upload' as const })),
      ]
    },
    wrongColumns: (limit) => wrongColumns(db, limit),
    documents: async (kind, after, limit) => {
      const { rows } = await documentPages[kind](db, { after: after ?? '', limit })
      return rows.map((row) => ({ kind, repositoryId: row.repository_id, text: row.text }))
    },
    uncheckedBlobs: async (beforeMs, after, limit) => {
      // Every time is after the least one, and no name is empty.
      const position = { afterMs: after?.verifiedAtMs ?? Number.MIN_SAFE_INTEGER, afterPhys: after?.phys ?? '' }
      return (await statements.pageUnchecked(db, { beforeMs, ...position, limit })).rows.map((row) => ({
        ...toBlob(row),
        verifiedAtMs: row.verified_at_ms,
        hasChecksums: row.has_checksums === 1,
      }))
    },
    countBad: async () => Number((await statements.countBad(db, {})).rows[0]?.count ?? 0),
    upkeepDoneAtMs: async (name) => (await statements.findUpkeep(db, { name })).rows[0]?.done_at_ms,
  }
}

export function auditWrites(db: Kysely<Tables>): AuditWrites {
  return {
    ...auditReads(db),
    correct: async (column) => {
      await correct(db, column)
    },
    noteChecked: async (blobs, atMs) => {
      for (const { phys, checksums } of blobs)
        await (checksums === undefined
          ? statements.noteChecked(db, { phys, atMs })
          : statements.keepChecksums(db, { phys, atMs, checksums: toColumn(checksums) }))
    },
    noteUpkeep: async (name, atMs) => {
      await statements.noteUpkeep(db, { name, done_at_ms: atMs })
    },
  }
}

async function findImage(
  db: Kysely<Tables>,
  { repositoryId, digest }: { readonly repositoryId: string; readonly digest: Digest },
): ReturnType<AuditReads['image']> {
  const [row] = (await statements.findImage(db, { repositoryId, digest })).rows
  if (!row) return undefined
  const layers = (await statements.layersOf(db, { repositoryId, digest })).rows
  const children = (await statements.childrenOf(db, { repositoryId, digest })).rows
  return {
    mediaType: row.media_type,
    artifactType: row.artifact_type ?? undefined,
    subject: row.subject === null ? undefined : asDigest(row.subject),
    manifestBytes: row.manifest_bytes,
    imageBytes: row.image_bytes,
    manifest: row.body,
    layers: layers.map((layer) => ({ digest: asDigest(layer.digest), mediaType: layer.media_type })),
    children: children.map((child) => asDigest(child.child_digest)),
    layerSizes: new Map(
      layers.flatMap(({ digest: layer, size }) => (size === null ? [] : [[asDigest(layer), size] as const])),
    ),
    childSizes: new Map(
      children.flatMap(({ child_digest: child, manifest_bytes: manifestBytes, image_bytes: imageBytes }) =>
        manifestBytes === null || imageBytes === null
          ? []
          : [[asDigest(child), { manifestBytes, imageBytes }] as const],
      ),
    ),
  }
}

/** One statement a kind, so that what is compared is of one moment. */
async function wrongColumns(db: Kysely<Tables>, limit: number): Promise<readonly DerivedColumn[]> {
  const counts = (await statements.wrongCounts(db, { limit })).rows
  const tagged = (await statements.wrongTagged(db, { limit })).rows
  const referenced = (await statements.wrongReferenced(db, { limit })).rows
  const unreleased = (await statements.unreleased(db, { limit })).rows
  return [
    ...counts.map((row) => ({
      kind: 'image count' as const,
      repositoryId: row.id,
      kept: row.image_count,
      actual: row.actual ?? 0,
    })),
    // What is kept is wrong, so that the other one of the two is right.
    ...tagged.map((row) => ({ kind: 'tagged' as const, ...toKey(row), actual: row.tagged === 0 })),
    ...referenced.map((row) => ({ kind: 'referenced' as const, ...toKey(row), actual: row.referenced === 0 })),
    ...unreleased.map((row) => ({ kind: 'released' as const, digest: asDigest(row.digest) })),
  ]
}

async function correct(db: Kysely<Tables>, column: DerivedColumn): Promise<unknown> {
  switch (column.kind) {
    case 'image count':
      return statements.recount(db, column)
    case 'tagged':
      return statements.remarkTagged(db, { repositoryId: column.repositoryId, digest: column.digest })
    case 'referenced':
      return statements.remarkReferenced(db, { repositoryId: column.repositoryId, digest: column.digest })
    case 'released':
      return statements.release(db, { digest: column.digest })
  }
}

const documentPages = {
  policy: statements.pagePolicies,
  'catalog data': statements.pageCatalogs,
  'exclusion filters': statements.pageFilters,
} as const

const from = (after: { readonly repositoryId: string; readonly digest: Digest } | undefined) => ({
  afterId: after?.repositoryId ?? '',
  afterDigest: after?.digest ?? '',
})

const toKey = (row: { readonly repository_id: string; readonly digest: string }) => ({
  repositoryId: row.repository_id,
  digest: asDigest(row.digest),
})

const toBlob = (row: Pick<BlobRow, 'digest' | 'phys' | 'size' | 'bad'>): AuditedBlob => ({
  digest: asDigest(row.digest),
  phys: row.phys,
  size: row.size,
  bad: row.bad === 1,
})

// Only digests are ever written to these columns.
const asDigest = (text: string): Digest => text as Digest
