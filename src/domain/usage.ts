// What takes up the room. Read in short steps, none of which holds the thread for long, and never on the way of a push or a pull.

import type { Digest } from '../lib/digest.ts'
import { letOthersRun } from '../lib/event-loop.ts'
import type { Context, Services } from './context.ts'
import { measureTrash } from './collector.ts'
import type { BlobUsageRow, RegistryKey, SizeRow } from './ports/metadata.ts'

/** Rows of one step: a millisecond or two, also on a slow machine. */
const step = 250
/** Open uploads whose files are looked at; an account has 1,000 at most. */
const uploadsMax = 20_000

export interface RepositoryUsage {
  readonly registry: RegistryKey
  readonly name: string
  readonly images: number
  /** Layers and configs, each once, whether an image names it or not. */
  readonly layers: number
  readonly layerBytes: number
  readonly manifestBytes: number
}

/** Of a repository as a position in the list of them. */
export type UsagePosition = Pick<RepositoryUsage, 'registry' | 'name'>

/** Repositories of every registry in the order of kind, account, region and name, those after `after`, at most `limit`. */
export async function repositoryUsage(
  ctx: Context,
  after: UsagePosition | undefined,
  limit: number,
): Promise<readonly RepositoryUsage[]> {
  const { usage } = ctx.metadata.read
  const described: RepositoryUsage[] = []
  for (const { id, registry, name, images } of await usage.repositories(after, limit)) {
    const layers = await sum((digest) => usage.layersOf(id, digest, step))
    const manifests = await sum((digest) => usage.manifestsOf(id, digest, step))
    described.push({
      registry,
      name,
      images,
      layers: layers.count,
      layerBytes: layers.bytes,
      manifestBytes: manifests.bytes,
    })
  }
  return described
}

export interface TotalUsage {
  /** Layers and configs of all repositories, each once: files on disk. */
  readonly layers: number
  readonly layerBytes: number
  /** Those of them that no image names: uploaded a while ago, or left by a deleted image. */
  readonly leasedLayers: number
  readonly leasedBytes: number
  /** Those of the leased ones that the next collection takes away. */
  readonly collectableLayers: number
  readonly collectableBytes: number
  readonly trash: { readonly files: number; readonly bytes: number }
  readonly openUploads: number
  /** Bytes that open uploads have received. */
  readonly uploadBytes: number
}

/** The whole store at this moment. Beside running pushes the figures are of moments close to each other. */
export async function totalUsage(services: Pick<Services, 'metadata' | 'blobs' | 'clock'>): Promise<TotalUsage> {
  const { metadata, clock } = services
  const now = clock.now()
  const kept = { layers: 0, layerBytes: 0, leasedLayers: 0, leasedBytes: 0, collectableLayers: 0, collectableBytes: 0 }
  const count = (blob: BlobUsageRow) => {
    kept.layers++
    kept.layerBytes += blob.bytes
    if (blob.referenced) return
    kept.leasedLayers++
    kept.leasedBytes += blob.bytes
    if (blob.leaseUntilMs !== undefined && blob.leaseUntilMs >= now) return
    kept.collectableLayers++
    kept.collectableBytes += blob.bytes
  }
  for (let after: BlobUsageRow | undefined; ; await letOthersRun()) {
    const blobs = await metadata.read.usage.blobs(after?.digest, step)
    for (const blob of blobs) count(blob)
    after = blobs.at(-1)
    if (blobs.length < step) break
  }
  return { ...kept, trash: await measureTrash(services), ...(await measureUploads(services)) }
}

async function measureUploads({
  metadata,
  blobs,
}: Pick<Services, 'metadata' | 'blobs'>): Promise<Pick<TotalUsage, 'openUploads' | 'uploadBytes'>> {
  let openUploads = 0
  let uploadBytes = 0
  let after: string | undefined
  for (;;) {
    const ids = await metadata.read.usage.uploads(after, step)
    for (const id of ids) uploadBytes += await blobs.received(id)
    openUploads += ids.length
    after = ids.at(-1)
    if (ids.length < step || openUploads >= uploadsMax) return { openUploads, uploadBytes }
  }
}

async function sum(
  page: (after: Digest | undefined) => Promise<readonly SizeRow[]>,
): Promise<{ readonly count: number; readonly bytes: number }> {
  let count = 0
  let bytes = 0
  let after: Digest | undefined
  for (;;) {
    const rows = await page(after)
    count += rows.length
    for (const row of rows) bytes += row.bytes
    after = rows.at(-1)?.digest
    if (rows.length < step) return { count, bytes }
    await letOthersRun()
  }
}
