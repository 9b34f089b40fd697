// Logos on disk: `logos/<name>.png`. Same order as for layers: bytes, fsync, rename, fsync of the directory.

import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logos } from '../domain/ports/logos.ts'
import { isDirectoryError, isMissing, toStorageError } from './disk-errors.ts'
import { namesIn, syncDirectory } from './disk-layout.ts'
import { removeFile, setAsideIn } from './remove-file.ts'

/** A digest of the bytes and something random: see domain/public/logos.ts. A name is checked before it becomes part of a path. */
const logoName = /^[0-9a-f]{64}-[0-9a-f]{16}$/

export interface LogosOptions {
  /** Without the lock: nothing is made and nothing tidied up. */
  readonly asIs?: boolean
  /** False where what is put need not survive a crash of the machine. */
  readonly durable?: boolean
  /** Told where a directory went that lay in the place of a file and is not empty. */
  readonly onSetAside?: (path: string) => void
}

/** Opens the logos of a data directory, whose lock the caller holds. */
export async function openDiskLogos(
  directory: string,
  { asIs = false, durable = true, onSetAside = () => {} }: LogosOptions = {},
): Promise<Logos> {
  const logos = join(directory, 'logos')
  if (!asIs) await makeDirectory(directory, logos, durable)
  const pathOf = (name: string) => join(logos, `${name}.png`)
  return {
    put: async (name, bytes) => {
      if (!logoName.test(name)) throw new Error(`not the name of a logo: ${JSON.stringify(name)}`)
      const temporary = `${pathOf(name)}.new`
      try {
        await writeNew(temporary, bytes, durable)
        await rename(temporary, pathOf(name))
        if (durable) await syncDirectory(logos)
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
        // A directory in its place is as good as none.
        if (isMissing(error) || isDirectoryError(error)) return undefined
        throw error
      }
    },
    list: async function* () {
      for await (const files of namesIn(logos, 'whatever they are')) {
        const listed: { name: string; putAtMs: number }[] = []
        for (const name of files.filter((file) => file.endsWith('.png')).map((file) => file.slice(0, -4))) {
          if (!logoName.test(name)) continue
          const putAtMs = await putTime(pathOf(name))
          // Removed since it was listed.
          if (putAtMs !== undefined) listed.push({ name, putAtMs })
        }
        yield listed
      }
    },
    remove: async (name) => {
      if (logoName.test(name)) await removeFile(pathOf(name), { aside: setAsideIn(directory), onSetAside })
    },
  }
}

async function makeDirectory(directory: string, logos: string, durable: boolean): Promise<void> {
  await mkdir(logos, { recursive: true })
  if (durable) await syncDirectory(directory)
  // What a crash cut short; no name is used again.
  for (const file of await readdir(logos)) if (file.endsWith('.new')) await rm(join(logos, file), { force: true })
}

async function writeNew(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
}

async function putTime(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
