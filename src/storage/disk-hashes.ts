// The running SHA-256 of each unfinished upload, so that completing one needs no second read. Forgetting one costs time, never truth.

import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { algorithmOf, type Digest, type DigestAlgorithm } from '../lib/digest.ts'
import type { Buffers } from './disk-buffers.ts'

/** The hash of an upload's first `length` bytes. */
export interface RunningHash {
  readonly hash: Hash
  readonly length: number
}

export interface RunningHashes {
  /** Takes the hash of the upload's `length` bytes out, or a new one when there are none yet; a hash of anything else is dropped. */
  readonly take: (uploadId: string, length: number) => Hash | undefined
  readonly keep: (uploadId: string, running: RunningHash) => void
  readonly forget: (uploadId: string) => void
}

/** Keeps the `max` that were used last. */
export function createRunningHashes(max: number): RunningHashes {
  const kept = new Map<string, RunningHash>()
  return {
    take: (uploadId, length) => {
      const running = kept.get(uploadId)
      kept.delete(uploadId)
      if (running?.length === length) return running.hash
      return length === 0 ? createHash('sha256') : undefined
    },
    keep: (uploadId, running) => {
      kept.set(uploadId, running)
      const oldest = kept.keys().next()
      if (kept.size > max && !oldest.done) kept.delete(oldest.value)
    },
    forget: (uploadId) => {
      kept.delete(uploadId)
    },
  }
}

/** True when the bytes have every one of `digests`. `sha256` is the hash of the whole file where it is known; else the file is read. */
export async function matchesDigests(
  path: string,
  digests: readonly Digest[],
  sha256: Hash | undefined,
  buffers: Buffers,
): Promise<boolean> {
  const algorithms = new Set(digests.map(algorithmOf))
  const known = sha256 && [...algorithms].every((algorithm) => algorithm === 'sha256')
  const hashes = known ? new Map([['sha256', sha256] as const]) : await hashFile(path, algorithms, buffers)
  const found = [...hashes].map(([algorithm, hash]) => `${algorithm}:${hash.copy().digest('hex')}`)
  return digests.every((digest) => found.includes(digest))
}

/** Reads piece by piece; between two pieces (0.15 ms of hashing) the event loop is free. */
async function hashFile(
  path: string,
  algorithms: ReadonlySet<DigestAlgorithm>,
  buffers: Buffers,
): Promise<ReadonlyMap<DigestAlgorithm, Hash>> {
  const hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)] as const))
  const file = await open(path, 'r')
  const buffer = buffers.take()
  try {
    for (let position = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return hashes
      for (const hash of hashes.values()) hash.update(buffer.subarray(0, bytesRead))
      position += bytesRead
    }
  } finally {
    buffers.give(buffer)
    await file.close()
  }
}
