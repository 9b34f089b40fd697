// A small file that is there whole or not at all.

import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a file of mode 0600 that survives a crash from the moment this resolves, unless `durable` is false. A file that is there stays as it is: the caller
 * holds the directory's lock.
 */
export async function createFile(file: string, content: string, durable = true): Promise<void> {
  if (!existsSync(file)) await replaceFile(file, content, durable)
}

/** The same for a file that may be there: a crash leaves the old one or the new one. */
export async function replaceFile(file: string, content: string, durable = true): Promise<void> {
  const temporary = `${file}.new`
  await rm(temporary, { force: true })
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  if (!durable) return
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
