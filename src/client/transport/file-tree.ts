// Files by their names below one root: what an image layout or a docker archive is read from, be it a directory or a tar.

import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import { fileError, transportFail } from './transport-error.ts'
import { errorCode } from '../../lib/error-code.ts'

export interface FileTree {
  /** The directory or archive, for messages. */
  readonly path: string
  /** Bytes of a regular file, or `undefined` when there is none of that name. */
  sizeOf(name: string): Promise<number | undefined>
  /** The bytes of a file from `offset` on. The file is there. A piece is of use until the next is asked for. */
  read(name: string, offset: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

const pieceBytes = 512 * 1024

/** Files below a directory. Names come from digests and from us, never from a manifest's own words. */
export function openDirectoryTree(path: string): FileTree {
  return {
    path,
    sizeOf: async (name) => {
      const file = await openFile(join(path, name))
      if (!file) return undefined
      try {
        return await regularSize(file)
      } finally {
        await file.close()
      }
    },
    read: async function* (name, offset) {
      const file =
        (await openFile(join(path, name))) ??
        transportFail('FileFailed', { path: join(path, name), reason: 'it is gone' })
      try {
        yield* readHandle(file, join(path, name), offset, Infinity)
      } finally {
        await file.close()
      }
    },
    close: async () => undefined,
  }
}

/** The whole of a small file; `undefined` when there is none. Fails with TooLarge. */
export async function readSmallFile(tree: FileTree, name: string, bytesMax: number): Promise<Buffer | undefined> {
  const size = await tree.sizeOf(name)
  if (size === undefined) return undefined
  if (size > bytesMax) transportFail('TooLarge', { what: `${name} in ${tree.path}`, limit: bytesMax })
  const pieces: Uint8Array[] = []
  for await (const piece of tree.read(name, 0)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** The bytes of an open file in [start, end). The pieces share one buffer: each is of use until the next is asked for. */
export async function* readHandle(
  file: FileHandle,
  path: string,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(end - start, 0)))
  for (let position = start; position < end;) {
    const wanted = Math.min(buffer.byteLength, end - position)
    const { bytesRead } = await file.read(buffer, 0, wanted, position).catch((error: unknown) => {
      throw fileError(path, error)
    })
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Not blocking: a pipe of that name would be waited for, for ever. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw fileError(path, error)
  }
}

async function regularSize(file: FileHandle): Promise<number | undefined> {
  const stat = await file.stat()
  return stat.isFile() ? stat.size : undefined
}
