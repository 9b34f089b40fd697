// After a start, and every few minutes: what crashes and abandoned uploads leave behind. Rows decide, files follow.

import { emptyTrash } from './collector.ts'
import { letOthersRun } from '../lib/event-loop.ts'
import type { Services } from './context.ts'
import type { Upload } from './ports/metadata.ts'
import { finishRemovals } from './remove-repository.ts'

type Sweeping = Pick<Services, 'metadata' | 'blobs' | 'clock'>

const batch = 500

/** What a recovery found. */
export interface RecoveryReport {
  /** Files that no table knew; now in the trash. */
  readonly orphans: number
  /** Blobs whose file is missing or has another size; now marked bad. */
  readonly damaged: number
}

/**
 * Compares files and tables once after a start, beside running requests. A file in no table goes to the trash (safe at any time: the
 * row that owns a file is written before the file); a blob without its file is damage, marked and reported, never dropped.
 * @param pace called again and again: resolves when the work may go on
 */
export async function recover(services: Sweeping, pace: () => Promise<void> = letOthersRun): Promise<RecoveryReport> {
  const { metadata, blobs, clock } = services
  let orphans = 0
  for await (const files of blobs.list()) {
    for (const file of files) {
      if (await metadata.read.phys.isOwned(file.phys)) continue
      await metadata.write((tx) => tx.trash.put(file.phys, 'orphan', clock.now(), file.size), 'makes room')
      orphans++
    }
    await pace()
  }
  return { orphans, damaged: await markMissing(services, pace) }
}

async function markMissing({ metadata, blobs }: Sweeping, pace: () => Promise<void>): Promise<number> {
  let damaged = 0
  let after: string | undefined
  for (;;) {
    const rows = await metadata.read.phys.blobs(after, batch)
    for (const row of rows) {
      if (row.bad) continue
      const found = await blobs.look(row.phys)
      if (found?.kind === 'file' && found.size === row.size) continue
      // Collected since the page was read: then its file is gone for good reasons.
      if (await metadata.write((tx) => tx.layers.markBad(row.phys))) damaged++
    }
    await pace()
    after = rows.at(-1)?.phys
    if (after === undefined) return damaged
  }
}

/** Ends removals that were cut and uploads nobody finished, and unlinks what is due in the trash. Gives how many of each. */
export async function sweep(
  services: Sweeping,
): Promise<{ readonly expiredUploads: number; readonly unlinked: number }> {
  await finishRemovals(services)
  const expiredUploads = await expireUploads(services)
  await discardForgotten(services)
  return { expiredUploads, unlinked: await emptyTrash(services) }
}

/**
 * Removes the bytes of uploads that have no row: of a repository that was deleted, of a request that crossed the end of its upload, of a
 * crash between row and file. Safe at any time: the row is written before the file, and no id is used twice.
 */
async function discardForgotten({ metadata, blobs }: Sweeping): Promise<void> {
  for await (const ids of blobs.listUploads()) {
    for (const id of ids) if (!(await metadata.read.uploads.find(id))) await blobs.discardUpload(id)
  }
}

async function expireUploads({ metadata, blobs, clock }: Sweeping): Promise<number> {
  let count = 0
  for (;;) {
    const uploads: readonly Upload[] = await metadata.read.uploads.expired(clock.now(), batch)
    for (const upload of uploads) {
      await metadata.write((tx) => tx.uploads.discard(upload.id, 'expired', clock.now()), 'makes room')
      await blobs.discardUpload(upload.id)
      count++
    }
    if (uploads.length < batch) return count
  }
}
