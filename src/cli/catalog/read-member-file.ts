// One file of a catalog: its bytes, at most so many, and its text.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Why a file can not be used, without its name. */
export class FileFault extends Error {
  override readonly name = 'FileFault'
}

/** Throws FileFault for more than `bytesMax`, for what is no regular file (a link among it), and when the file can not be read. */
export async function readMemberFile(path: string, bytesMax: number): Promise<Buffer> {
  try {
    // What the walk saw may have been replaced since: by a link, or by a pipe, which would keep the reader waiting.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) throw new FileFault('is not a file')
    if (stat.size > bytesMax) throw new FileFault(`has ${stat.size} bytes, more than ${bytesMax}`)
    return await readWhole(file, stat.size)
  } catch (error) {
    if (error instanceof FileFault) throw error
    throw new FileFault(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function readWhole(file: FileHandle, size: number): Promise<Buffer> {
  // One byte of room more shows a file that is still being written.
  const buffer = Buffer.alloc(size + 1)
  let length = 0
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    read = (await file.read(buffer, length, buffer.length - length, length)).bytesRead
  }
  if (length !== size) throw new FileFault('changed while it was read')
  return buffer.subarray(0, length)
}

/** The text without a byte order mark. Throws FileFault for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new FileFault('is not UTF-8', { cause: error })
  }
}
