// What a transfer tells while it runs: each blob as it comes along, and all of them together.

import type { Digest } from '../../lib/digest.ts'
import type { Descriptor } from './place.ts'

export type BlobState = 'waiting' | 'transferring' | 'done' | 'existed' | 'mounted' | 'foreign'

export interface BlobProgress {
  readonly kind: 'blob'
  readonly digest: Digest
  readonly mediaType: string
  readonly state: BlobState
  /** Bytes that the target has. */
  readonly doneBytes: number
  readonly totalBytes: number
  /** Of late. */
  readonly bytesPerSecond: number
}

export interface TotalProgress {
  readonly kind: 'total'
  readonly doneBytes: number
  /** Of all blobs that have to be transferred. */
  readonly totalBytes: number
  /** Of blobs that were there, were mounted, or are kept elsewhere. */
  readonly skippedBytes: number
  readonly bytesPerSecond: number
  readonly blobsDone: number
  readonly blobsTotal: number
}

export interface ManifestProgress {
  readonly kind: 'manifest'
  readonly digest: Digest
  readonly mediaType: string
  readonly tags: readonly string[]
}

export type TransferProgress = BlobProgress | TotalProgress | ManifestProgress

export interface ProgressTracker {
  plan(blob: Descriptor): void
  state(blob: Descriptor, state: BlobState): void
  bytes(blob: Descriptor, doneBytes: number): void
  manifest(event: Omit<ManifestProgress, 'kind'>): void
}

/** A blob's bytes are told that often at most; its changes of state at once. */
const tellEveryMs = 100
/** The rate is that of so long ago until now. */
const rateWindowMs = 5000

interface Tracked {
  readonly blob: Descriptor
  state: BlobState
  doneBytes: number
  toldAtMs: number
  readonly rate: Rate
}

/** Tells `listener`; does nothing without one. */
export function trackProgress(
  listener: ((event: TransferProgress) => void) | undefined,
  now: () => number = Date.now,
): ProgressTracker {
  const all = new Map<Digest, Tracked>()
  const rate = createRate(now)
  let transferred = 0
  // Kept while it changes: an image may have thousands of blobs, each of which tells several times.
  const sums = { doneBytes: 0, totalBytes: 0, skippedBytes: 0, blobsDone: 0 }
  const count = ({ blob, state, doneBytes }: Tracked, times: 1 | -1) => {
    if (skipped.includes(state)) sums.skippedBytes += times * blob.size
    else {
      sums.doneBytes += times * doneBytes
      sums.totalBytes += times * blob.size
    }
    if (state === 'done' || skipped.includes(state)) sums.blobsDone += times
  }
  const change = (tracked: Tracked, to: Partial<Pick<Tracked, 'state' | 'doneBytes'>>) => {
    count(tracked, -1)
    Object.assign(tracked, to)
    count(tracked, 1)
  }
  const tell = (tracked: Tracked) => {
    if (!listener) return
    const { blob, state, doneBytes } = tracked
    tracked.toldAtMs = now()
    const { digest, mediaType, size: totalBytes } = blob
    listener({ kind: 'blob', digest, mediaType, state, doneBytes, totalBytes, bytesPerSecond: tracked.rate.read() })
    listener({ kind: 'total', ...sums, bytesPerSecond: rate.read(), blobsTotal: all.size })
  }
  return {
    plan: (blob) => {
      const before = all.get(blob.digest)
      if (before) count(before, -1)
      const tracked: Tracked = { blob, state: 'waiting', doneBytes: 0, toldAtMs: 0, rate: createRate(now) }
      all.set(blob.digest, tracked)
      count(tracked, 1)
    },
    state: (blob, state) => {
      const tracked = all.get(blob.digest)
      if (!tracked) return
      change(tracked, state === 'done' ? { state, doneBytes: blob.size } : { state })
      tell(tracked)
    },
    bytes: (blob, doneBytes) => {
      const tracked = all.get(blob.digest)
      if (!tracked) return
      transferred += doneBytes - tracked.doneBytes
      change(tracked, { doneBytes })
      tracked.rate.note(doneBytes)
      rate.note(transferred)
      if (now() - tracked.toldAtMs >= tellEveryMs) tell(tracked)
    },
    manifest: (event) => listener?.({ kind: 'manifest', ...event }),
  }
}

const skipped: readonly BlobState[] = ['existed', 'mounted', 'foreign']

interface Rate {
  note(bytes: number): void
  read(): number
}

/** Bytes a second over the window, from a position that grows. */
function createRate(now: () => number): Rate {
  const notes: { readonly atMs: number; readonly bytes: number }[] = []
  return {
    note: (bytes) => {
      const atMs = now()
      const last = notes.at(-1)
      // A hundred notes a window are enough.
      if (last && atMs - last.atMs < rateWindowMs / 100) notes.pop()
      notes.push({ atMs: last && atMs - last.atMs < rateWindowMs / 100 ? last.atMs : atMs, bytes })
      while (notes[1] && notes[1].atMs < atMs - rateWindowMs) notes.shift()
    },
    read: () => {
      const [first] = notes
      const last = notes.at(-1)
      const seconds = first ? Math.max(now() - first.atMs, 1) / 1000 : 1
      return first && last ? Math.max(0, Math.round((last.bytes - first.bytes) / seconds)) : 0
    },
  }
}
