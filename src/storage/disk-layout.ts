// Where files lie: `blobs/<2 hex>/<32 hex>` and `uploads/<uuid>`. A name is checked before it becomes part of a path.

import { mkdir, open, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './disk-errors.ts'

export interface DiskLayout {
  readonly uploads: string
  readonly uploadPath: (uploadId: string) => string
  readonly blobPath: (phys: string) => BlobPath
}

/** The file of a published blob and the directory that holds it. */
export interface BlobPath {
  readonly path: string
  readonly directory: string
}

const uploadName = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const physName = /^([0-9a-f]{2})\/\1[0-9a-f]{30}$/

/** Makes the directories that are missing, all of them durably: a later rename then syncs one directory and no parent. */
export async function makeLayout(directory: string): Promise<void> {
  const blobs = join(directory, 'blobs')
  await mkdir(blobs, { recursive: true })
  await mkdir(join(directory, 'uploads'), { recursive: true })
  const present = new Set(await readdir(blobs))
  const missing = prefixes.filter((prefix) => !present.has(prefix))
  for (const prefix of missing) await mkdir(join(blobs, prefix))
  await syncDirectory(blobs)
  await syncDirectory(directory)
}

/** The directories that an upload needs. Those of blobs follow one by one: 256 take longer to make than all the rest of a start takes. */
export async function makeUploads(directory: string): Promise<void> {
  await mkdir(join(directory, 'uploads'), { recursive: true })
}

export function layoutOf(directory: string): DiskLayout {
  const blobs = join(directory, 'blobs')
  const uploads = join(directory, 'uploads')
  return {
    uploads,
    uploadPath: (uploadId) => {
      if (!uploadName.test(uploadId)) throw new Error(`not an upload id: ${JSON.stringify(uploadId)}`)
      return join(uploads, uploadId)
    },
    blobPath: (phys) => {
      if (!physName.test(phys)) throw new Error(`not a physical name: ${JSON.stringify(phys)}`)
      return { path: join(blobs, phys), directory: join(blobs, phys.slice(0, 2)) }
    },
  }
}

/** The directories below `blobs`. */
export const prefixes: readonly string[] = Array.from({ length: 256 }, (_, index) =>
  index.toString(16).padStart(2, '0'),
)

export const isPhys = (name: string): boolean => physName.test(name)
export const isUploadId = (name: string): boolean => uploadName.test(name)

/** Makes renames into and out of a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows can not open a directory; there NTFS journals the rename itself.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const batchMax = 512

/**
 * Names of the files in a directory, in batches, without holding them all; none when there is no directory. `which` adds what is no file:
 * something of a stranger, under a name that may be one of ours.
 */
export async function* namesIn(
  directory: string,
  which: 'files' | 'whatever they are' = 'files',
): AsyncGenerator<readonly string[]> {
  let names: string[] = []
  const entries = await opendir(directory).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  for await (const entry of entries ?? []) {
    if (which === 'files' && !entry.isFile()) continue
    names.push(entry.name)
    if (names.length < batchMax) continue
    yield names
    names = []
  }
  if (names.length > 0) yield names
}
