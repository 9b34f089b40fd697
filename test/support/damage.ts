// Damage as disks and people do it: to files of layers, and to rows behind the server's back.

import { copyFile, mkdir, open, rename, rm, stat, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'

/** What a check says of a file that was treated like this; `undefined` where only its bytes tell. */
export type DamagedFile = 'layer-missing' | 'layer-size' | 'layer-not-a-file' | undefined

interface FileDamage {
  readonly what: string
  readonly shows: DamagedFile
  /** @param file a published file of 2 bytes at least */
  readonly apply: (file: string) => Promise<void>
}

export const fileDamages: readonly FileDamage[] = [
  { what: 'a bit flipped', shows: undefined, apply: (file) => flipBit(file) },
  { what: 'the last bit flipped', shows: undefined, apply: async (file) => flipBit(file, (await stat(file)).size - 1) },
  { what: 'cut by one byte', shows: 'layer-size', apply: async (file) => truncate(file, (await stat(file)).size - 1) },
  { what: 'one byte longer', shows: 'layer-size', apply: async (file) => truncate(file, (await stat(file)).size + 1) },
  { what: 'emptied', shows: 'layer-size', apply: (file) => truncate(file, 0) },
  { what: 'removed', shows: 'layer-missing', apply: (file) => rm(file) },
  {
    what: 'replaced by a directory',
    shows: 'layer-not-a-file',
    apply: async (file) => {
      await rm(file)
      await mkdir(file)
    },
  },
  {
    what: 'replaced by a link to its own bytes',
    shows: 'layer-not-a-file',
    apply: async (file) => {
      await rename(file, `${file}.away`)
      await symlink(`${file}.away`, file)
    },
  },
]

/** Changes one bit of the byte at `at`. */
export async function flipBit(file: string, at = 0): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 1
    await handle.write(byte, 0, 1, at)
  } finally {
    await handle.close()
  }
}

/** Each file has the other's bytes then. */
export async function swapFiles(one: string, other: string): Promise<void> {
  await rename(one, `${one}.away`)
  await rename(other, one)
  await rename(`${one}.away`, other)
}

/** A name beside that of a layer that no table knows. */
export const strayName = (like: string): string => `${like.slice(0, 2)}/${like.slice(0, 2)}${'5'.repeat(30)}`

/** A file under a name that no table knows; gives that name. */
export async function strayFile(directory: string, like: string): Promise<string> {
  const name = strayName(like)
  await copyFile(join(directory, 'blobs', like), join(directory, 'blobs', name))
  return name
}

/** Runs one statement on the database as nobody should: foreign keys are not looked at. */
export async function tamper(directory: string, statement: string, ...values: readonly SQLInputValue[]): Promise<void> {
  const database = new DatabaseSync(join(directory, 'metadata.db'), {
    enableForeignKeyConstraints: false,
    timeout: 5000,
  })
  try {
    const { changes } = database.prepare(statement).run(...values)
    if (Number(changes) === 0) throw new Error(`no row was changed: ${statement}`)
  } finally {
    database.close()
  }
  // A server sees what others write from the next turn of its event loop on.
  await setImmediate()
}
