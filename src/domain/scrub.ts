// The scrub: reads every layer again before long, so that damage is known while the image can still be pushed again, and not when it is
// needed. Longest unread first. A damaged layer is marked, and absent until somebody pushes it.

import { createHash } from 'node:crypto'
import { createChecksums } from '../lib/checksums.ts'
import { algorithmOf, hexOf } from '../lib/digest.ts'
import type { Services } from './context.ts'
import type { CheckedBlob, UncheckedBlob } from './ports/store-audit.ts'

type Scrubbing = Pick<Services, 'metadata' | 'blobs' | 'clock' | 'onBackgroundError'>

const batch = 100
/** Layers that were read are noted together, but not so late that a stop loses much. */
const unnotedBytesMax = 1024 * 1024 * 1024

export interface ScrubOptions {
  /** Layers that were checked since then are left out. */
  readonly beforeMs: number
  /** Called with the bytes of each piece: resolves when reading may go on, throws when it must end. */
  readonly pace: (bytes: number) => Promise<void>
}

export interface ScrubReport {
  readonly layers: number
  readonly bytes: number
  /** Found now, and marked. */
  readonly damaged: number
  /** Left for the next time, because the disk did not give their bytes. */
  readonly failed: number
}

/** Checks the layers that are due. May run beside anything, be cut anywhere, and be repeated at any time. */
export async function scrub(services: Scrubbing, { beforeMs, pace }: ScrubOptions): Promise<ScrubReport> {
  const { metadata, clock } = services
  const report = { layers: 0, bytes: 0, damaged: 0, failed: 0 }
  let unnoted: CheckedBlob[] = []
  let unnotedBytes = 0
  const note = async () => {
    if (unnoted.length > 0) await metadata.write((tx) => tx.audit.noteChecked(unnoted, clock.now()))
    unnoted = []
    unnotedBytes = 0
  }
  for (let after: UncheckedBlob | undefined; ;) {
    const blobs = await metadata.read.audit.uncheckedBlobs(beforeMs, after, batch)
    for (const blob of blobs) {
      const outcome = await check(services, blob, pace)
      report.layers++
      report.bytes += blob.size
      if (outcome === 'damaged') report.damaged++
      else if (outcome === 'failed') report.failed++
      else if (outcome !== 'gone') unnoted.push(outcome)
      unnotedBytes += blob.size
      if (unnotedBytes >= unnotedBytesMax) await note()
    }
    await note()
    after = blobs.at(-1)
    if (blobs.length < batch) return report
  }
}

async function check(
  services: Scrubbing,
  blob: UncheckedBlob,
  pace: ScrubOptions['pace'],
): Promise<CheckedBlob | 'damaged' | 'failed' | 'gone'> {
  const { blobs, onBackgroundError } = services
  const checksums = createChecksums()
  let isRight: boolean
  try {
    // No pieces: the file is missing or cut.
    const pieces = await blobs.read(blob.phys, blob.size)
    const hash = createHash(algorithmOf(blob.digest))
    await forEachPiece(pieces ?? [], pace, (piece) => {
      // A piece of 256 KiB takes 0.2 ms: shorter than handing it to another thread and back.
      hash.update(piece)
      if (!blob.hasChecksums) checksums.update(piece)
    })
    isRight = pieces !== undefined && hash.digest('hex') === hexOf(blob.digest)
  } catch (error) {
    if (error instanceof PaceError) throw error.cause
    // The disk may be away for a moment: that must not mark layer after layer.
    onBackgroundError(`checking the layer ${blob.digest}`, error)
    return 'failed'
  }
  if (!isRight) return markDamaged(services, blob)
  return { phys: blob.phys, checksums: blob.hasChecksums ? undefined : checksums.values() }
}

/** What `pace` throws ends the scrub, and is no failure of the disk. */
class PaceError extends Error {
  override readonly name = 'PaceError'
}

async function forEachPiece(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  pace: ScrubOptions['pace'],
  use: (piece: Uint8Array) => void,
): Promise<void> {
  for await (const piece of pieces) {
    use(piece)
    await pace(piece.byteLength).catch((error: unknown) => {
      throw new PaceError('the scrub ends early', { cause: error })
    })
  }
}

/** Collected since its row was read: then its file is gone for good reasons. */
async function markDamaged(
  { metadata, onBackgroundError }: Scrubbing,
  blob: UncheckedBlob,
): Promise<'damaged' | 'gone'> {
  if (!(await metadata.write((tx) => tx.layers.markBad(blob.phys)))) return 'gone'
  onBackgroundError(`checking the layer ${blob.digest}`, new Error(`the file ${blob.phys} is damaged`))
  return 'damaged'
}
