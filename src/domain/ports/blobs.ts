// What the domain asks of the store of layer bytes. It knows physical names and uploads, neither repositories nor digests' owners.

import type { Digest } from '../../lib/digest.ts'

/** The first and the last byte asked for, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Blobs {
  /**
   * Appends `source` to the upload's file, whose length must be `offset`, and resolves with the new length. One append at a time: a
   * second throws `UploadBusyError`; another length throws `UploadOffsetError`. When `source` throws or storage fails, what was received stays
   * and counts. Throws `UploadTooLargeError` when the file would grow beyond `maxBytes`, `StorageFullError` when there is no room. Bytes are never held in memory.
   * A piece of `source` is valid until the next one is pulled: what is kept longer is copied.
   */
  append(uploadId: string, offset: number, source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<number>
  /** The real length of the upload's file; 0 when there is none. */
  received(uploadId: string): Promise<number>
  /**
   * Completes an upload: compares its bytes with every one of `digests` (from the hash kept while receiving, or by reading the file again after a
   * restart), then makes the file durable under `phys`: fsync, rename, fsync of the directory. No append runs beside it (`UploadBusyError`).
   * `undefined` when a digest differs: the upload stays as it was. Repeating it after a crash in the middle, or after it succeeded, is fine. A failed fsync
   * throws and discards the bytes: they must be sent again.
   * @param phys `<2 hex>/<32 hex>`, the first two again: random, chosen when the upload was opened, never used twice
   */
  publish(uploadId: string, phys: string, digests: readonly Digest[]): Promise<{ readonly size: number } | undefined>
  /** Removes the upload's unfinished file; a missing one is fine. */
  discardUpload(uploadId: string): Promise<void>
  /**
   * The bytes, or `undefined` when the file is missing or its size is not `size` (damage). The file is open when this resolves: pull it to its end or
   * call `return()`. A yielded piece is valid until the next pull. Reading less than promised throws.
   */
  read(phys: string, size: number, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Removes a published file; a missing one is fine. */
  remove(phys: string): Promise<void>
  /** Physical names and sizes of published files, one batch at a time. For recovery and fsck only. */
  list(): AsyncIterable<readonly { readonly phys: string; readonly size: number }[]>
  /** Ids of uploads that have a file, one batch at a time. For recovery only. */
  listUploads(): AsyncIterable<readonly string[]>
  /** Bytes that may still be written, before the reserve that keeps the database and deletes working; `undefined` when unbounded. */
  freeBytes(): Promise<number | undefined>
  close(): Promise<void>
}
