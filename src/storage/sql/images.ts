import type { Kysely } from 'kysely'
import type {
  Image,
  ImageIdRow,
  ImageReads,
  ImageSummary,
  ImageWrites,
  LayerReference,
  TagStatus,
} from '../../domain/ports/metadata.ts'
import type { Digest } from '../../lib/digest.ts'
import * as statements from './image-statements.ts'
import { listsOf } from './statement.ts'
import type { ManifestRow, Tables } from './tables.ts'

export function imageReads(db: Kysely<Tables>): ImageReads {
  return {
    find: async (repositoryId, digest) => {
      const { rows } = await statements.findImage(db, { repositoryId, digest })
      return rows[0] && toImage(rows[0])
    },
    findByTag: async (repositoryId, tag) => {
      const { rows } = await statements.findImageByTag(db, { repositoryId, tag })
      return rows[0] && toImage(rows[0])
    },
    summary: async (repositoryId, digest) => {
      const { rows } = await statements.findSummaries(db, { repositoryId, digests: [digest] })
      return rows[0] && toSummary(rows[0])
    },
    summaries: async (repositoryId, digests) => {
      const found: ImageSummary[] = []
      for (const some of listsOf(digests))
        found.push(...(await statements.findSummaries(db, { repositoryId, digests: some })).rows.map(toSummary))
      return found
    },
    page: async (repositoryId, status, after, limit) => {
      const from = { repositoryId, after: after ?? '', limit }
      const { rows } =
        status === 'ANY'
          ? await statements.pageImages(db, from)
          : await statements.pageImagesByTagged(db, { ...from, tagged: status === 'TAGGED' ? 1 : 0 })
      return rows.map(toSummary)
    },
    pageIds: (repositoryId, status, after, limit) => pageIds(db, repositoryId, status, after, limit),
    referrers: async (repositoryId, subject, artifactTypes, after, limit) => {
      const from = { repositoryId, subject, after: after ?? '', limit }
      if (artifactTypes === undefined) return (await statements.pageReferrers(db, from)).rows.map(toSummary)
      if (artifactTypes.length === 0) return []
      return (await statements.pageReferrersOfTypes(db, { ...from, artifactTypes })).rows.map(toSummary)
    },
    parents: async (repositoryId, digest, limit) => {
      const { rows } = await statements.findParents(db, { repositoryId, digest, limit })
      return rows.map((row) => asDigest(row.parent_digest))
    },
    count: async (repositoryId) => (await statements.countImages(db, { repositoryId })).rows[0]?.count ?? 0,
    isBelow: async (repositoryId, limit) => (await statements.findBelow(db, { repositoryId, limit })).rows.length > 0,
    any: async (repositoryId) =>
      (await statements.pageImages(db, { repositoryId, after: '', limit: 1 })).rows.length > 0,
  }
}

export function imageWrites(db: Kysely<Tables>): ImageWrites {
  return {
    ...imageReads(db),
    put: async (repositoryId, image, layers, children) => {
      // Sent together, run in order: the image's row comes before what refers to it.
      await Promise.all([
        statements.insertImage(db, toRow(repositoryId, image)),
        statements.changeCount(db, { repositoryId, by: 1 }),
        statements.forgetDeleted(db, { repositoryId, digest: image.digest }),
        ...layerRows(repositoryId, image.digest, layers).map((rows) => statements.insertLayers(db, { rows })),
        ...[...listsOf(layers.map((layer) => layer.digest))].map((digests) =>
          statements.markReferenced(db, { repositoryId, digests }),
        ),
        ...childRows(repositoryId, image.digest, children).map((rows) => statements.insertChildren(db, { rows })),
      ])
    },
    remove: async (repositoryId, digest, leaseUntilMs) => {
      await Promise.all([
        statements.leaseLayers(db, { repositoryId, digest, leaseUntilMs }),
        statements.unmarkReferenced(db, { repositoryId, digests: [digest] }),
        statements.removeLayers(db, { repositoryId, digest }),
        statements.removeChildren(db, { repositoryId, digest }),
        statements.removeImage(db, { repositoryId, digest }),
        statements.changeCount(db, { repositoryId, by: -1 }),
      ])
    },
    notePull: async (repositoryId, digest, atMs) => {
      await statements.notePull(db, { repositoryId, digest, atMs })
    },
  }
}

async function pageIds(
  db: Kysely<Tables>,
  repositoryId: string,
  status: TagStatus,
  after: { readonly digest: Digest; readonly tag: string | undefined } | undefined,
  limit: number,
): Promise<readonly ImageIdRow[]> {
  if (status === 'UNTAGGED') {
    const from = { repositoryId, tagged: 0, after: after?.digest ?? '', limit }
    return (await statements.pageDigestsByTagged(db, from)).rows.map((row) => ({
      digest: asDigest(row.digest),
      tag: undefined,
    }))
  }
  if (status === 'TAGGED') {
    const from = { repositoryId, afterDigest: after?.digest ?? '', afterTag: after?.tag ?? '', limit }
    return (await statements.pageTaggedIds(db, from)).rows.map(toImageIdRow)
  }
  // An untagged image is one row without a tag, so that the page after it begins with the next digest.
  const { rows } =
    after === undefined || after.tag === undefined
      ? await statements.pageIdsAfterImage(db, { repositoryId, after: after?.digest ?? '', limit })
      : await statements.pageIdsAfterTag(db, { repositoryId, afterDigest: after.digest, afterTag: after.tag, limit })
  return rows.map(toImageIdRow)
}

function layerRows(repositoryId: string, digest: Digest, layers: readonly LayerReference[]) {
  const rows = layers.map((layer) => ({
    repository_id: repositoryId,
    manifest_digest: digest,
    digest: layer.digest,
    media_type: layer.mediaType,
  }))
  return [...listsOf(rows)]
}

function childRows(repositoryId: string, digest: Digest, children: readonly Digest[]) {
  const rows = children.map((child) => ({ repository_id: repositoryId, parent_digest: digest, child_digest: child }))
  return [...listsOf(rows)]
}

const toRow = (repositoryId: string, image: Image) => ({
  repository_id: repositoryId,
  digest: image.digest,
  media_type: image.mediaType,
  artifact_type: image.artifactType ?? null,
  subject: image.subject ?? null,
  manifest_bytes: image.manifestBytes,
  image_bytes: image.imageBytes,
  pushed_at_ms: image.pushedAtMs,
  last_pulled_at_ms: image.lastPulledAtMs ?? null,
  tagged: 0,
  body: image.manifest,
})

/** What a row says of an image, but for its text. */
export function toSummary(row: Omit<ManifestRow, 'body' | 'repository_id' | 'tagged'>): ImageSummary {
  return {
    digest: asDigest(row.digest),
    mediaType: row.media_type,
    artifactType: row.artifact_type ?? undefined,
    subject: row.subject === null ? undefined : asDigest(row.subject),
    manifestBytes: row.manifest_bytes,
    imageBytes: row.image_bytes,
    pushedAtMs: row.pushed_at_ms,
    lastPulledAtMs: row.last_pulled_at_ms ?? undefined,
  }
}

const toImage = (row: Omit<ManifestRow, 'repository_id' | 'tagged'>): Image => ({
  ...toSummary(row),
  manifest: row.body,
})

const toImageIdRow = (row: { readonly digest: string; readonly tag: string | null }): ImageIdRow => ({
  digest: asDigest(row.digest),
  tag: row.tag ?? undefined,
})

// Only digests are ever written to these columns.
const asDigest = (text: string): Digest => text as Digest
