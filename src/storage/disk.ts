// The blob store in a directory. What it promises rests on the order of its steps: bytes, fsync, rename, fsync of the directory;
// only then may a row name the file (docs/storage-layout.md). A published file is never written to again.

import { constants, fstatSync, type Stats } from 'node:fs'
import { lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import type { Blobs, PublishedBlob } from '../domain/ports/blobs.ts'
import { UploadBusyError, UploadOffsetError } from '../domain/ports/storage-errors.ts'
import type { Digest } from '../lib/digest.ts'
import { createTurns } from '../lib/turns.ts'
import { appendAll } from './disk-append.ts'
import { createBuffers, pieceBytes } from './disk-buffers.ts'
import type { UploadClaim, UploadClaims } from './disk-claims.ts'
import { closeDescriptor, openForReading, openSpare } from './disk-descriptors.ts'
import { isMissing, toStorageError } from './disk-errors.ts'
import { checksumsIfMatching, createRunningHashes } from './disk-hashes.ts'
import {
  isPhys,
  isUploadId,
  namesIn,
  layoutOf,
  makeLayout,
  makeUploads,
  prefixes,
  syncDirectory,
  type BlobPath,
} from './disk-layout.ts'
import { openPieces } from './disk-pieces.ts'
import { readPieces } from './disk-read.ts'
import { openSpace } from './disk-space.ts'
import { removeFile, setAsideIn } from './remove-file.ts'

/** Points where a test may stop, fail or kill the process. */
export type DiskPoint =
  | 'blob:before-write'
  | 'blob:before-fsync'
  | 'blob:after-fsync'
  | 'blob:before-rename'
  | 'blob:after-rename'
  | 'blob:before-dirsync'
  | 'blob:after-dirsync'
  | 'blob:before-remove'

export interface DiskOptions {
  readonly directory: string
  /** Free bytes below which new uploads are refused; below half of it, running ones too. 512 MiB or 2 % of the file system, if more. */
  readonly reserveBytes?: number | undefined
  /** Bytes beside the reserve that are free and not for uploads. */
  readonly setAside?: (() => Promise<number>) | undefined
  /** Bytes of one read of a blob, 256 KiB at most and by default. */
  readonly readBytes?: number
  /** Takes the directory as it is and makes nothing in it. */
  readonly asIs?: boolean
  /** False where nothing has to survive a crash of the machine, such as in tests: nothing is fsynced, and directories are made when they are needed. */
  readonly durable?: boolean
  /** Told where a directory went that lay in the place of a file and is not empty. */
  readonly onSetAside?: ((path: string) => void) | undefined
  /** Where other processes work on the same uploads; the store then also looks ten times as often how much room is left. */
  readonly claims?: UploadClaims | undefined
  readonly hooks?: { readonly at: (point: DiskPoint) => Promise<void> } | undefined
}

/** Unfinished uploads whose hash is kept. */
const hashesMax = 1024
/**
 * The fsync of a large file holds a thread of the pool for as long as the disk takes. There are four by default, and every read of every
 * blob needs one: so only two such calls run at a time. Small files are quick and gain by sharing the file system's journal.
 */
const largeSyncsMax = 2
const largeBytes = 4 * 1024 * 1024
/** Each process counts what it writes itself; what the others wrote meanwhile must not be the whole reserve. */
const sharedFreshMs = 100
/** Idle buffers kept, for writing and for reading: 16 MiB each. */
const buffersKept = 64

/** Opens the store, and makes its directories when they are missing. The caller holds the lock of the data directory, but `asIs`. */
export async function openDiskBlobs(options: DiskOptions): Promise<Blobs> {
  const { directory, reserveBytes, setAside, readBytes, claims, hooks } = options
  const { asIs = false, durable = true, onSetAside = () => {} } = options
  if (!asIs) await (durable ? makeLayout : makeUploads)(directory)
  const layout = layoutOf(directory)
  const removing = { aside: setAsideIn(directory), onSetAside }
  const space = openSpace({ directory, reserveBytes, setAside, ...(claims && { freshMs: sharedFreshMs }) })
  const buffers = createBuffers(buffersKept, true)
  const readBuffers = createBuffers(buffersKept, false)
  const hashes = createRunningHashes(hashesMax)
  const pieceSize = Math.min(readBytes ?? pieceBytes, pieceBytes)
  const largeSync = createTurns(largeSyncsMax)
  const busy = new Map<string, Promise<void>>()
  const at = hooks?.at ?? (async () => {})
  let closed = false

  /** One piece of work per upload at a time; another one is refused, not queued. */
  async function alone<T>(uploadId: string, work: () => Promise<T>): Promise<T> {
    if (closed) throw new Error('the blob store is closed')
    if (busy.has(uploadId)) throw new UploadBusyError('another request works on this upload')
    const { promise, resolve } = Promise.withResolvers<void>()
    busy.set(uploadId, promise)
    let claim: UploadClaim | undefined
    try {
      claim = await claims?.claim(uploadId)
      if (claims && !claim) throw new UploadBusyError('another process works on this upload')
      if (claim?.isMoved === true) hashes.forget(uploadId)
      return await work()
    } catch (error) {
      throw toStorageError(error)
    } finally {
      claim?.release()
      busy.delete(uploadId)
      resolve()
    }
  }

  async function append(
    uploadId: string,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<number> {
    const path = layout.uploadPath(uploadId)
    await space.check(offset === 0 ? 'new' : 'running', 0)
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o640)
    const sync = () => largeSync(() => makeDurable(file, uploadId, path))
    const pieces = openPieces({ path, file, isAligned: durable ? buffers.isAligned : undefined, sync })
    try {
      const { size } = sizeOfOpen(file)
      if (size !== offset) throw new UploadOffsetError(size)
      const hash = hashes.take(uploadId, offset)
      return await appendAll(
        {
          pieces,
          offset,
          maxBytes,
          hash,
          buffers,
          check: async (bytes) => {
            await at('blob:before-write')
            await space.check('running', bytes)
          },
          onIntact: (length) => {
            if (hash) hashes.keep(uploadId, hash, length)
          },
        },
        source,
      )
    } finally {
      await pieces.close()
      await file.close()
    }
  }

  async function publish(
    uploadId: string,
    phys: string,
    digests: readonly Digest[],
  ): Promise<PublishedBlob | undefined> {
    const from = layout.uploadPath(uploadId)
    const to = layout.blobPath(phys)
    if (digests.length === 0) throw new Error('publishing needs a digest')
    const before = await sizeOf(to.path)
    if (before !== undefined) return publishedBefore(uploadId, to, before, digests)
    // An upload that never received a byte is the empty layer.
    const file = await open(from, constants.O_RDWR | constants.O_CREAT, 0o640)
    try {
      const { size } = sizeOfOpen(file)
      const hash = hashes.take(uploadId, size)
      const checksums = await checksumsIfMatching(from, digests, hash, buffers)
      if (hash) hashes.keep(uploadId, hash, size)
      if (!checksums) return undefined
      const sync = () => makeDurable(file, uploadId, from)
      await (size > largeBytes ? largeSync(sync) : sync())
      await at('blob:before-rename')
      if (!durable) await mkdir(to.directory, { recursive: true })
      await rename(from, to.path)
      hashes.forget(uploadId)
      await at('blob:after-rename')
      await makeNameDurable(to)
      await at('blob:after-dirsync')
      return { size, checksums }
    } catch (error) {
      // Discarded meanwhile: there is nothing to publish.
      if (isMissing(error) && (await sizeOf(from)) === undefined) return undefined
      throw error
    } finally {
      await file.close()
    }
  }

  /**
   * Renamed already: a repeat after a crash or a failed transaction, or a request that crossed the completion of another one. A row may
   * name the file by now, so that it is neither replaced nor given up; bytes that came for the upload afterwards are nobody's.
   */
  async function publishedBefore(
    uploadId: string,
    to: BlobPath,
    size: number,
    digests: readonly Digest[],
  ): Promise<PublishedBlob | undefined> {
    await discardUpload(uploadId)
    if (durable) await syncDirectory(to.directory)
    const checksums = await checksumsIfMatching(to.path, digests, undefined, buffers)
    return checksums && { size, checksums }
  }

  /**
   * After a failed fsync the kernel may call the pages clean without having written them, so that a second fsync would succeed on lost
   * bytes (seen on ext4, xfs and btrfs): the file is discarded instead.
   */
  async function makeDurable(file: FileHandle, uploadId: string, path: string): Promise<void> {
    try {
      await at('blob:before-fsync')
      if (durable) await file.sync()
      await at('blob:after-fsync')
    } catch (error) {
      hashes.forget(uploadId)
      await rm(path, { force: true })
      throw error
    }
  }

  /** As with the bytes: after a failure the name is given up, so that no later success rests on a directory that may be lost. */
  async function makeNameDurable(to: BlobPath): Promise<void> {
    try {
      await at('blob:before-dirsync')
      if (durable) await syncDirectory(to.directory)
    } catch (error) {
      await rm(to.path, { force: true })
      throw error
    }
  }

  async function discardUpload(uploadId: string): Promise<void> {
    hashes.forget(uploadId)
    await removeFile(layout.uploadPath(uploadId), removing)
  }

  async function received(uploadId: string): Promise<number> {
    return (await sizeOf(layout.uploadPath(uploadId))) ?? 0
  }

  return {
    append: (uploadId, offset, source, maxBytes) => alone(uploadId, () => append(uploadId, offset, source, maxBytes)),
    received,
    publish: (uploadId, phys, digests) => alone(uploadId, () => publish(uploadId, phys, digests)),
    discardUpload,
    read: async (phys, size, range) => {
      const file = await openForReading(layout.blobPath(phys).path).catch((error: unknown) => {
        throw toStorageError(error)
      })
      if (!file) return undefined
      const { start, end } = range ?? { start: 0, end: size - 1 }
      if (file.size === size && start >= 0 && start <= end + 1 && end < size)
        return readPieces(file.descriptor, start, end + 1, pieceSize, readBuffers)
      await closeDescriptor(file.descriptor)
      if (file.size === size) throw new Error(`the range ${start}-${end} is not within ${size} bytes`)
      return undefined
    },
    remove: async (phys) => {
      const { path } = layout.blobPath(phys)
      await at('blob:before-remove')
      await removeFile(path, removing)
    },
    look: async (phys) => {
      const found = await lookAt(layout.blobPath(phys).path)
      return found && (found.isFile() ? { kind: 'file', size: found.size } : { kind: 'other' })
    },
    list: async function* () {
      for (const prefix of prefixes) {
        for await (const names of namesIn(
          layout.blobPath(`${prefix}/${prefix}${'0'.repeat(30)}`).directory,
          'whatever they are',
        )) {
          const files: { phys: string; size: number }[] = []
          for (const phys of names.map((name) => `${prefix}/${name}`).filter(isPhys)) {
            const size = await sizeOf(layout.blobPath(phys).path)
            // Removed since it was listed.
            if (size !== undefined) files.push({ phys, size })
          }
          yield files
        }
      }
    },
    uploadChangedAtMs: async (uploadId) => (await lookAt(layout.uploadPath(uploadId)))?.mtimeMs,
    listUploads: async function* () {
      for await (const names of namesIn(layout.uploads, 'whatever they are')) yield names.filter(isUploadId)
    },
    freeBytes: space.freeBytes,
    requireRoom: space.requireRoom,
    requireFiles: () => openSpare(layout.uploads),
    close: async () => {
      closed = true
      await Promise.all(busy.values())
    },
  }
}

/** The kernel has the inode of an open file at hand: this call does not wait for a disk, and costs a tenth of a trip to the thread pool. */
const sizeOfOpen = (file: FileHandle): { readonly size: number } => fstatSync(file.fd)

async function sizeOf(path: string): Promise<number | undefined> {
  return (await lookAt(path))?.size
}

/** What lies there itself: a symbolic link is nothing that we put there, and is not followed. */
async function lookAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
