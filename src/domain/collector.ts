// The collector: takes away layers that nothing needs, beside running requests. Rows first, in short transactions that judge anew what
// was chosen before them; files later, out of the trash (docs/storage-layout.md says why nothing that is needed goes).

import { letOthersRun } from '../lib/event-loop.ts'
import type { Collection } from './collection.ts'
import type { Services } from './context.ts'
import type { EndedLease, TrashItem } from './ports/metadata.ts'
import { StillReferencedError } from './ports/storage-errors.ts'

type Sweeping = Pick<Services, 'metadata' | 'blobs' | 'clock'>

/** Rows of one transaction: the writer belongs to the requests as well. */
const batch = 500

/** A reader that looked a layer up a moment ago opens its file within this time; once open, it is not disturbed. */
const openingMs = 10_000

/**
 * One cycle. It may run beside another one, be cut anywhere, and be repeated at any time.
 * @param untilMs when it is enough for now: each step then ends with the batch it is at
 */
export async function collect(
  services: Sweeping & Pick<Services, 'onCollected'>,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Collection> {
  const deletedImages = await dropDeletedImages(services)
  const memberships = await endLeases(services, untilMs)
  const removed = await removeBlobs(services, untilMs)
  const unlinked = await emptyTrash(services, untilMs)
  const collection = { memberships, ...removed, deletedImages, unlinked, trash: await measureTrash(services) }
  services.onCollected(collection)
  return collection
}

async function dropDeletedImages({ metadata, clock }: Sweeping): Promise<number> {
  let count = 0
  for (;;) {
    const now = clock.now()
    const ended = await metadata.read.deletedImages.ended(now, batch)
    if (ended.length > 0) count += await metadata.write((tx) => tx.deletedImages.removeEnded(ended, now), 'makes room')
    if (ended.length < batch) return count
  }
}

async function endLeases({ metadata, clock }: Sweeping, untilMs: number): Promise<number> {
  const now = clock.now()
  let count = 0
  let after: EndedLease | undefined
  for (;;) {
    const ended = await metadata.read.collector.endedLeases(now, after, batch)
    const done = await together(ended, (some) =>
      metadata.write((tx) => tx.collector.endLeases(some, now), 'makes room'),
    )
    count += sum(done)
    after = ended.at(-1)
    if (ended.length < batch || clock.now() >= untilMs) return count
  }
}

async function removeBlobs(
  { metadata, clock }: Sweeping,
  untilMs: number,
): Promise<Pick<Collection, 'layers' | 'bytes'>> {
  let layers = 0
  let bytes = 0
  let after: EndedLease['digest'] | undefined
  for (;;) {
    const released = await metadata.read.collector.released(after, batch)
    const done = await together(released, (some) =>
      metadata.write((tx) => tx.collector.removeBlobs(some, clock.now() + openingMs), 'makes room'),
    )
    for (const removed of done.flat()) {
      layers++
      bytes += removed.size
    }
    after = released.at(-1)
    if (released.length < batch || clock.now() >= untilMs) return { layers, bytes }
  }
}

/**
 * All of `items` in one transaction; when something refers to one of them, each in its own, and those stay that something refers to. They
 * are in use by what was written meanwhile (engines with several writers), or by what this program does not know.
 */
async function together<I, O>(items: readonly I[], work: (some: readonly I[]) => Promise<O>): Promise<readonly O[]> {
  if (items.length === 0) return []
  try {
    return [await work(items)]
  } catch (error) {
    if (!(error instanceof StillReferencedError)) throw error
  }
  const done: O[] = []
  for (const item of items) {
    try {
      done.push(await work([item]))
    } catch (error) {
      if (!(error instanceof StillReferencedError)) throw error
    }
  }
  return done
}

/** Unlinks what is due in the trash, and gives how many; none while a hold lasts. Files that can not be removed are left to the next time, then it throws. */
export async function emptyTrash(
  { metadata, blobs, clock }: Sweeping,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  const now = clock.now()
  let count = 0
  let failed = 0
  let reason: unknown
  let after: TrashItem | undefined
  for (;;) {
    const items = await metadata.read.trash.due(now, batch, after)
    // Asked after the names: what was in the trash before a hold began, no backup under it needs.
    if (await metadata.read.holds.any(clock.now())) break
    const gone: string[] = []
    for (const { phys } of items) {
      // The file first: were the row gone first, a crash between the two would leave a file that only a listing finds.
      try {
        await blobs.remove(phys)
        gone.push(phys)
      } catch (error) {
        failed++
        reason ??= error
      }
    }
    if (gone.length > 0) count += await metadata.write((tx) => tx.trash.remove(gone), 'makes room')
    after = items.at(-1)
    if (items.length < batch || clock.now() >= untilMs) break
  }
  // A disk that fails may fail for all of them: one reason is enough.
  if (failed > 0) throw new Error(`${failed} files could not be removed`, { cause: reason })
  return count
}

/** What is in the trash, due or not. */
export async function measureTrash({ metadata }: Pick<Services, 'metadata'>): Promise<Collection['trash']> {
  let files = 0
  let bytes = 0
  let after: TrashItem | undefined
  for (;;) {
    const items = await metadata.read.trash.due(Number.MAX_SAFE_INTEGER, batch, after)
    files += items.length
    bytes += sum(items.map((item) => item.bytes))
    after = items.at(-1)
    if (items.length < batch) return { files, bytes }
    await letOthersRun()
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
