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
  const tell = (tracked: Tracked) => {
    if (!listener) return
    const { blob, state, doneBytes } = tracked
    tracked.toldAtMs = now()
    const { digest, mediaType, size: totalBytes } = blob
    listener({ kind: 'blob', digest, mediaType, state, doneBytes, totalBytes, bytesPerSecond: tracked.rate.read() })
    listener(totalOf([...all.values()], rate.read()))
  }
  return {
    plan: (blob) => {
      all.set(blob.digest, { blob, state: 'waiting', doneBytes: 0, toldAtMs: 0, rate: createRate(now) })
    },
    state: (blob, state) => {
      const tracked = all.get(blob.digest)
      if (!tracked) return
      tracked.state = state
      if (state === 'done') tracked.doneBytes = blob.size
      tell(tracked)
    },
    bytes: (blob, doneBytes) => {
      const tracked = all.get(blob.digest)
      if (!tracked) return
      transferred += doneBytes - tracked.doneBytes
      tracked.doneBytes = doneBytes
      tracked.rate.note(doneBytes)
      rate.note(transferred)
      if (now() - tracked.toldAtMs >= tellEveryMs) tell(tracked)
    },
    manifest: (event) => listener?.({ kind: 'manifest', ...event }),
  }
}

function totalOf(all: readonly Tracked[], bytesPerSecond: number): TotalProgress {
  const skipped: readonly BlobState[] = ['existed', 'mounted', 'foreign']
  const moving = all.filter(({ state }) => !skipped.includes(state))
  const sum = (items: readonly Tracked[], of: (item: Tracked) => number) =>
    items.reduce((total, item) => total + of(item), 0)
  return {
    kind: 'total',
    doneBytes: sum(moving, (item) => item.doneBytes),
    totalBytes: sum(moving, (item) => item.blob.size),
    skippedBytes: sum(all, (item) => (skipped.includes(item.state) ? item.blob.size : 0)),
    bytesPerSecond,
    blobsDone: all.filter(({ state }) => state === 'done' || skipped.includes(state)).length,
    blobsTotal: all.length,
  }
}

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
