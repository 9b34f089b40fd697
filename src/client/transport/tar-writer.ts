// A tar archive that appears when it is whole: files one after another under a temporary name, then renamed.

import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'

import { Header, Pax } from 'tar'

import { createTurns } from '../../lib/turns.ts'
import { fileError, transportFail } from './transport-error.ts'
import { partialName } from './write-file.ts'
import { errorCode } from '../../lib/error-code.ts'

export interface TarWriter {
  /** Adds a file of `size` bytes; when its bytes fail, nothing of it stays. Others wait for their turn. */
  add(
    name: string,
    size: number,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    onBytes?: (done: number) => void,
  ): Promise<void>
  /** Fails with AlreadyExists when there is a file of the archive's name that may not be replaced. */
  requireFree(): Promise<void>
  /** Ends the archive and gives it its name. */
  finish(): Promise<void>
  /** Removes it unless it is finished. */
  close(): Promise<void>
}

const blockBytes = 512

/** Opened by the first file. Fails with AlreadyExists, DiskFull, FileFailed. */
export function openTarWriter(path: string, overwrite: boolean): TarWriter {
  const partial = partialName(path)
  const inTurn = createTurns(1)
  let opened: Promise<FileHandle> | undefined
  let end = 0
  const requireFree = async (): Promise<void> => {
    if (!overwrite && (await exists(path))) transportFail('AlreadyExists', { what: path })
  }
  const openFile = async (): Promise<FileHandle> => {
    await requireFree()
    return open(partial, 'wx').catch((error: unknown) => {
      throw fileError(path, error)
    })
  }
  const write = async (file: FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesWritten } = await file
        .write(bytes, at, bytes.byteLength - at, position + at)
        .catch((error: unknown) => {
          throw fileError(path, error)
        })
      at += bytesWritten
    }
  }
  return {
    requireFree,
    add: (name, size, bytes, onBytes) =>
      inTurn(async () => {
        const file = await (opened ??= openFile())
        const header = headerOf(name, size)
        await write(file, header, end)
        let position = end + header.byteLength
        const start = position
        for await (const piece of bytes) {
          await write(file, piece, position)
          position += piece.byteLength
          onBytes?.(position - start)
        }
        // What failed above is written over by the next file: the end has not moved.
        const padding = (blockBytes - (size % blockBytes)) % blockBytes
        await write(file, Buffer.alloc(padding), position)
        end = position + padding
      }),
    finish: () =>
      inTurn(async () => {
        const file = await (opened ??= openFile())
        await write(file, Buffer.alloc(2 * blockBytes), end)
        try {
          await file.truncate(end + 2 * blockBytes)
          await file.sync()
          await file.close()
          opened = undefined
          await rename(partial, path)
        } catch (error) {
          throw fileError(path, error)
        }
      }),
    close: () =>
      inTurn(async () => {
        const file = await opened?.catch(() => undefined) // its failure has been thrown to who added a file
        await file?.close().catch(() => undefined) // it is removed
        await rm(partial, { force: true })
      }),
  }
}

/** The same for the same content: no time, no owner. Files of 8 GiB and more have their size in an extended header as well. */
function headerOf(name: string, size: number): Buffer {
  const fields = { path: name, size, mode: 0o644, uid: 0, gid: 0, type: 'File', mtime: new Date(0) } as const
  const header = new Header(fields)
  const needsMore = header.encode()
  const block = header.block ?? Buffer.alloc(blockBytes)
  return needsMore ? Buffer.concat([new Pax({ path: name, size }).encode(), block]) : block
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw fileError(path, error)
  }
}
