// What the domain asks of the store of layer bytes. It knows physical names and uploads, neither repositories nor digests' owners.

import type { Digest } from '../../lib/digest.ts'

/** The first and the last byte asked for, both included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** A file that is durable under its physical name. */
export interface PublishedBlob {
  /** Bytes. */
  readonly size: number
  /** Of the pieces of the file, in order (src/lib/checksums.ts). */
  readonly checksums: readonly number[]
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
  publish(uploadId: string, phys: string, digests: readonly Digest[]): Promise<PublishedBlob | undefined>
  /** Removes the upload's unfinished file; a missing one is fine. */
  discardUpload(uploadId: string): Promise<void>
  /**
   * The bytes, or `undefined` when the file is missing or its size is not `size` (damage). The file is open when this resolves: pull it to its end or
   * call `return()`. A yielded piece is valid until the next pull. Reading less than promised throws.
   */
  read(phys: string, size: number, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Removes a published file, or whatever else lies there (src/storage/remove-file.ts); nothing there is fine. */
  remove(phys: string): Promise<void>
  /** What lies under a physical name: a file, or something that nobody but a stranger can have put there. Reads nothing of it. */
  look(phys: string): Promise<{ readonly kind: 'file'; readonly size: number } | { readonly kind: 'other' } | undefined>
  /** Physical names and sizes of published files, and of whatever else lies under such a name, one batch at a time. For recovery and fsck only. */
  list(): AsyncIterable<readonly { readonly phys: string; readonly size: number }[]>
  /** Ids of uploads that have a file, one batch at a time. For recovery and fsck only. */
  listUploads(): AsyncIterable<readonly string[]>
  /** When the upload's file was last written to; `undefined` when there is none. */
  uploadChangedAtMs(uploadId: string): Promise<number | undefined>
  /** Bytes that may still be written, before the reserve that keeps the database and deletes working; `undefined` when unbounded. */
  freeBytes(): Promise<number | undefined>
  /** Throws `StorageBusyError` when no connection with its file can be opened any more, for want of descriptors; whatever else it throws, no layer can be read. */
  requireFiles(): Promise<void>
  /** Throws `StorageFullError` when so many bytes of an upload could not all be written. Nothing is set aside for them. */
  requireRoom(bytes: number): Promise<void>
  close(): Promise<void>
}
