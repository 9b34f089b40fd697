import { crc32 } from 'node:zlib'
import type { PublishedBlob } from '../../src/domain/ports/blobs.ts'

const MiB = 1024 * 1024

/** What publishing these bytes answers, reckoned without the code that does. */
export function storedAs(content: string | Uint8Array): PublishedBlob {
  const bytes = Buffer.from(content)
  const starts = Array.from({ length: Math.ceil(bytes.length / MiB) }, (_, index) => index * MiB)
  return { size: bytes.length, checksums: starts.map((start) => crc32(bytes.subarray(start, start + MiB))) }
}
