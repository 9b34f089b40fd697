// Logos on disk: `logos/<name>.png`. Same order as for layers: bytes, fsync, rename, fsync of the directory.

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logos } from '../domain/ports/logos.ts'
import { isMissing, toStorageError } from './disk-errors.ts'
import { syncDirectory } from './disk-layout.ts'

/** A digest of the bytes and something random: see domain/public/logos.ts. A name is checked before it becomes part of a path. */
const logoName = /^[0-9a-f]{64}-[0-9a-f]{16}$/

/** Opens the logos of a data directory, whose lock the caller holds. */
export async function openDiskLogos(directory: string): Promise<Logos> {
  const logos = join(directory, 'logos')
  await mkdir(logos, { recursive: true })
  await syncDirectory(directory)
  // What a crash cut short; no name is used again.
  for (const file of await readdir(logos)) if (file.endsWith('.new')) await rm(join(logos, file), { force: true })
  const pathOf = (name: string) => join(logos, `${name}.png`)
  return {
    put: async (name, bytes) => {
      if (!logoName.test(name)) throw new Error(`not the name of a logo: ${JSON.stringify(name)}`)
      const temporary = `${pathOf(name)}.new`
      try {
        await writeDurably(temporary, bytes)
        await rename(temporary, pathOf(name))
        await syncDirectory(logos)
      } catch (error) {
        await rm(temporary, { force: true })
        throw toStorageError(error)
      }
    },
    read: async (name) => {
      if (!logoName.test(name)) return undefined
      try {
        return await readFile(pathOf(name))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    remove: async (name) => {
      if (logoName.test(name)) await rm(pathOf(name), { force: true })
    },
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
