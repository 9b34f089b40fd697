// The blob store on a simulated disk: the steps of src/storage/disk.ts in their order, with a pause wherever that one waits for the disk.

import { crc32 } from 'node:zlib'
import type { Blobs, PublishedBlob } from '../../src/domain/ports/blobs.ts'
import { UploadBusyError, UploadOffsetError, UploadTooLargeError } from '../../src/domain/ports/storage-errors.ts'
import { algorithmOf, digestOf, type Digest } from '../../src/lib/digest.ts'
import { isPhys, isUploadId } from '../../src/storage/disk-layout.ts'
import { checkedBytes } from '../../src/lib/checksums.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/** Lets everyone else go first; never comes back in a server that is dead. */
export type Pause = (where: string) => Promise<void>

/** Which syncs are done: all of them, but where a test wants to see what happens without. */
export interface Syncs {
  readonly bytes: boolean
  readonly directory: boolean
}

export function openSimulatedBlobs(
  disk: SimulatedDisk,
  pause: Pause,
  syncs: Syncs = { bytes: true, directory: true },
): Blobs {
  const busy = new Set<string>()
  let closed = false

  async function alone<T>(uploadId: string, work: () => Promise<T>): Promise<T> {
    if (closed) throw new Error('the blob store is closed')
    if (busy.has(uploadId)) throw new UploadBusyError('another request works on this upload')
    busy.add(uploadId)
    try {
      return await work()
    } finally {
      busy.delete(uploadId)
    }
  }

  async function append(
    uploadId: string,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<number> {
    const path = uploadPath(uploadId)
    await pause('append opens')
    const size = disk.read(path)?.length ?? 0
    if (size !== offset) throw new UploadOffsetError(size)
    let position = offset
    // Open from here on: bytes go to this file also when its name is removed meanwhile, and are lost with it.
    disk.append(path, Buffer.alloc(0))
    for await (const piece of source) {
      const copy = Buffer.from(piece)
      if (position + copy.length > maxBytes) throw new UploadTooLargeError(`more than ${maxBytes} bytes`)
      await pause('append writes')
      if (disk.read(path) !== undefined) disk.append(path, copy)
      position += copy.length
    }
    return position
  }

  async function publish(
    uploadId: string,
    phys: string,
    digests: readonly Digest[],
  ): Promise<PublishedBlob | undefined> {
    const [from, to] = [uploadPath(uploadId), blobPath(phys)]
    if (digests.length === 0) throw new Error('publishing needs a digest')
    await pause('publish looks')
    const before = disk.read(to)
    if (before !== undefined) {
      await discardUpload(uploadId)
      await pause('publish syncs the directory of before')
      disk.syncDirectory(directoryOf(to))
      return matches(before, digests) ? described(before) : undefined
    }
    if (disk.read(from) === undefined) disk.append(from, Buffer.alloc(0))
    const bytes = disk.read(from) ?? Buffer.alloc(0)
    if (!matches(bytes, digests)) return undefined
    await pause('publish syncs')
    if (syncs.bytes) disk.sync(from)
    await pause('publish renames')
    // Discarded meanwhile: there is nothing to publish.
    if (!disk.rename(from, to)) return undefined
    await pause('publish syncs the directory')
    if (syncs.directory) disk.syncDirectory(directoryOf(to))
    await pause('publish has ended')
    return described(bytes)
  }

  async function discardUpload(uploadId: string): Promise<void> {
    await pause('discardUpload')
    disk.remove(uploadPath(uploadId))
  }

  return {
    append: (uploadId, offset, source, maxBytes) => alone(uploadId, () => append(uploadId, offset, source, maxBytes)),
    publish: (uploadId, phys, digests) => alone(uploadId, () => publish(uploadId, phys, digests)),
    received: async (uploadId) => {
      await pause('received')
      return disk.read(uploadPath(uploadId))?.length ?? 0
    },
    discardUpload,
    read: async (phys, size, range) => {
      await pause('read opens')
      const bytes = disk.read(blobPath(phys))
      if (bytes?.length !== size) return undefined
      const { start, end } = range ?? { start: 0, end: size - 1 }
      if (start < 0 || start > end + 1 || end >= size)
        throw new Error(`the range ${start}-${end} is not within ${size} bytes`)
      return piecesOf(bytes.subarray(start, end + 1), pause)
    },
    remove: async (phys) => {
      await pause('remove')
      disk.remove(blobPath(phys))
    },
    look: async (phys) => {
      await pause('look')
      const bytes = disk.read(blobPath(phys))
      return bytes && { kind: 'file', size: bytes.length }
    },
    list: async function* () {
      await pause('list')
      const paths = disk.list('blobs/')
      // What is listed after this moment may be gone or not: as in a directory that changes while it is read.
      for (const path of paths) {
        await pause('list goes on')
        const bytes = disk.read(path)
        if (bytes) yield [{ phys: path.slice('blobs/'.length), size: bytes.length }]
      }
    },
    listUploads: async function* () {
      await pause('listUploads')
      yield disk.list('uploads/').map((path) => path.slice('uploads/'.length))
    },
    // The simulated disk keeps no times.
    uploadChangedAtMs: async (uploadId) => (disk.read(uploadPath(uploadId)) === undefined ? undefined : 0),
    freeBytes: async () => undefined,
    requireFiles: async () => {},
    requireRoom: async () => {},
    close: async () => {
      closed = true
    },
  }
}

function uploadPath(uploadId: string): string {
  if (!isUploadId(uploadId)) throw new Error(`not an upload id: ${JSON.stringify(uploadId)}`)
  return `uploads/${uploadId}`
}

function blobPath(phys: string): string {
  if (!isPhys(phys)) throw new Error(`not a physical name: ${JSON.stringify(phys)}`)
  return `blobs/${phys}`
}

const directoryOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1)

const matches = (bytes: Buffer, digests: readonly Digest[]) =>
  digests.every((digest) => digestOf(bytes, algorithmOf(digest)) === digest)

function described(bytes: Buffer): PublishedBlob {
  const checksums: number[] = []
  for (let at = 0; at < bytes.length; at += checkedBytes) checksums.push(crc32(bytes.subarray(at, at + checkedBytes)))
  return { size: bytes.length, checksums }
}

const pieceBytes = 1024 * 1024

/** An open file: what happens to its name is nothing to it. */
function piecesOf(bytes: Buffer, pause: Pause): AsyncIterableIterator<Uint8Array> {
  let position = 0
  let ended = false
  const done = { done: true, value: undefined } as const
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const start = position
      position += pieceBytes
      if (!ended && start < bytes.length) await pause('read')
      // `return()` may have come while we waited.
      return ended || start >= bytes.length ? done : { done: false, value: bytes.subarray(start, position) }
    },
    return: async () => {
      ended = true
      return done
    },
  }
}
