// Files that are whole or not there: written under a name of their own, checked, and then renamed.

import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { fileError } from './transport-error.ts'

/** Writes `content` to `path` by way of a temporary file beside it; after a failure nothing of it is left. Fails with DiskFull, FileFailed. */
export async function writeFileWhole(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onBytes: (done: number) => void = () => undefined,
): Promise<void> {
  const partial = partialName(path)
  try {
    const file = await open(partial, 'wx').catch((error: unknown) => {
      throw fileError(path, error)
    })
    try {
      let done = 0
      for await (const piece of content) {
        await file.writeFile(piece).catch((error: unknown) => {
          throw fileError(path, error)
        })
        done += piece.byteLength
        onBytes(done)
      }
    } finally {
      await file.close()
    }
    await rename(partial, path).catch((error: unknown) => {
      throw fileError(path, error)
    })
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** In the same directory, so that a rename does not cross a file system. */
export function partialName(path: string): string {
  return join(dirname(path), `.partial-${randomBytes(8).toString('hex')}`)
}
