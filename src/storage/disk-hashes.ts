// The running SHA-256 and checksums of each unfinished upload, so that completing one needs no second read. Forgetting them costs time,
// never truth.

import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createChecksums, type Checksums } from '../lib/checksums.ts'
import { algorithmOf, type Digest, type DigestAlgorithm } from '../lib/digest.ts'
import type { Buffers } from './disk-buffers.ts'

/** What is known of the bytes of a file so far. */
export interface RunningHash {
  readonly sha256: Hash
  readonly checksums: Checksums
}

export interface RunningHashes {
  /** Takes the hash of the upload's `length` bytes out, or a new one when there are none yet; a hash of anything else is dropped. */
  readonly take: (uploadId: string, length: number) => RunningHash | undefined
  /** Keeps the hash of the upload's first `length` bytes. */
  readonly keep: (uploadId: string, hash: RunningHash, length: number) => void
  readonly forget: (uploadId: string) => void
}

/** Keeps the `max` that were used last. */
export function createRunningHashes(max: number): RunningHashes {
  const kept = new Map<string, { readonly hash: RunningHash; readonly length: number }>()
  return {
    take: (uploadId, length) => {
      const running = kept.get(uploadId)
      kept.delete(uploadId)
      if (running?.length === length) return running.hash
      return length === 0 ? { sha256: createHash('sha256'), checksums: createChecksums() } : undefined
    },
    keep: (uploadId, hash, length) => {
      kept.set(uploadId, { hash, length })
      const oldest = kept.keys().next()
      if (kept.size > max && !oldest.done) kept.delete(oldest.value)
    },
    forget: (uploadId) => {
      kept.delete(uploadId)
    },
  }
}

/**
 * The checksums of a file whose bytes have every one of `digests`; `undefined` when they have not. `known` is the hash of the whole file
 * where there is one; else the file is read.
 */
export async function checksumsIfMatching(
  path: string,
  digests: readonly Digest[],
  known: RunningHash | undefined,
  buffers: Buffers,
): Promise<readonly number[] | undefined> {
  const algorithms = new Set(digests.map(algorithmOf))
  const suffices = known && [...algorithms].every((algorithm) => algorithm === 'sha256')
  const { hashes, checksums } = suffices
    ? { hashes: new Map([['sha256', known.sha256] as const]), checksums: known.checksums }
    : await hashFile(path, algorithms, buffers)
  const found = [...hashes].map(([algorithm, hash]) => `${algorithm}:${hash.copy().digest('hex')}`)
  return digests.every((digest) => found.includes(digest)) ? checksums.values() : undefined
}

/** Reads piece by piece; between two pieces (0.15 ms of hashing) the event loop is free. */
async function hashFile(
  path: string,
  algorithms: ReadonlySet<DigestAlgorithm>,
  buffers: Buffers,
): Promise<{ readonly hashes: ReadonlyMap<DigestAlgorithm, Hash>; readonly checksums: Checksums }> {
  const checksums = createChecksums()
  const hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)] as const))
  const file = await open(path, 'r')
  const buffer = buffers.take()
  try {
    for (let position = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) return { hashes, checksums }
      const piece = buffer.subarray(0, bytesRead)
      checksums.update(piece)
      for (const hash of hashes.values()) hash.update(piece)
      position += bytesRead
    }
  } finally {
    buffers.give(buffer)
    await file.close()
  }
}
