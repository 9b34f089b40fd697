// Checksums of the pieces of a file, so that a part of it can be checked without the rest: CRC-32, one for each MiB, the last one for what
// is left. They find damage; whether bytes are the right ones is for the digest of the whole to say.

import { crc32 } from 'node:zlib'

/** Bytes that one checksum covers. */
export const checkedBytes = 1024 * 1024

export interface Checksums {
  /** Goes on with the next bytes of the file. */
  readonly update: (bytes: Uint8Array) => void
  /** Those of all bytes so far, in order. */
  readonly values: () => readonly number[]
}

export function createChecksums(): Checksums {
  const done: number[] = []
  let current = 0
  let filled = 0
  return {
    update: (bytes) => {
      for (let at = 0; at < bytes.byteLength;) {
        const part = bytes.subarray(at, at + checkedBytes - filled)
        current = crc32(part, current)
        filled += part.byteLength
        at += part.byteLength
        if (filled < checkedBytes) continue
        done.push(current)
        current = 0
        filled = 0
      }
    },
    values: () => (filled > 0 ? [...done, current] : [...done]),
  }
}
