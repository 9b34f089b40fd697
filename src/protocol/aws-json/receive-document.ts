// A document that is large by one member in base64, a layer part: decoded while it is received, it never is a text.

import { createHash } from 'node:crypto'

import { DecodedBase64 } from '../../model/wire.ts'
import type { HttpRequest } from '../message.ts'
import { receiveBody } from '../read-body.ts'
import { releasePiece } from '../release-pieces.ts'
import type { Payload } from '../sigv4/verify.ts'
import { createPartScanner, type ScannedPart } from './part-scanner.ts'

/** What came as the body of a call. */
export interface ReceivedDocument {
  /** All of it, for its signature. */
  readonly payload: Payload
  /** JSON, perhaps. */
  readonly document: Uint8Array
  /** A member of the document whose value is not in it. */
  readonly blob?: { readonly member: string; readonly bytes: Uint8Array | undefined }
}

/**
 * Receives a document whose outermost object may have a `member` in base64. `use` is given what was received, whose bytes are good until it is done: their
 * memory is used again.
 */
export async function withReceivedPart<T>(
  request: HttpRequest,
  maxBytes: number,
  member: string,
  use: (received: ReceivedDocument | 'too-large' | 'too-slow') => Promise<T>,
): Promise<T> {
  let buffer: Buffer | undefined
  const scanner = createPartScanner(member, () => (buffer = takeBuffer(Math.ceil((maxBytes / 4) * 3))))
  const sha256 = createHash('sha256')
  try {
    const failed = await receiveBody(request, maxBytes, (piece) => {
      sha256.update(piece)
      scanner.add(piece)
      releasePiece(piece)
    })
    return await use(failed ?? { payload: { sha256: sha256.digest('hex') }, ...found(member, scanner.end()) })
  } finally {
    if (buffer) giveBuffer(buffer)
  }
}

/** The parsed document as it was before its blob was taken out of it. */
export function withBlob(parsed: unknown, blob: ReceivedDocument['blob']): unknown {
  if (!blob || typeof parsed !== 'object' || parsed === null) return parsed
  return { ...parsed, [blob.member]: new DecodedBase64(blob.bytes) }
}

function found(member: string, { document, value }: ScannedPart): Omit<ReceivedDocument, 'payload'> {
  return value ? { document, blob: { member, ...value } } : { document }
}

/** Kept for the next part: a new one of 20 MiB would be given by the kernel page by page, each zeroed. */
const idle: Buffer[] = []
const idleMax = 2

function takeBuffer(bytes: number): Buffer {
  const free = idle.pop()
  return free && free.length >= bytes ? free : Buffer.allocUnsafeSlow(bytes)
}

function giveBuffer(buffer: Buffer): void {
  if (idle.length < idleMax) idle.push(buffer)
}
