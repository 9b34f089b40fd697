// The whole content of a volatile data directory, taken and put back: rows as values, files as links (a published file never changes, and
// no physical name is used twice) or, for unfinished uploads, as copies.

import { copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Blobs } from '../domain/ports/blobs.ts'
import { isMissing } from './disk-errors.ts'
import { layoutOf } from './disk-layout.ts'
import type { VolatileMetadata } from './sql/sqlite/open-volatile-metadata.ts'
import type { TableRows } from './sql/sqlite/table-rows.ts'

/** What `take` gave. Its files are the directory's own: they go with it. */
export interface KeptState {
  readonly rows: TableRows
  readonly directory: string
}

export interface VolatileState {
  /** Nothing writes meanwhile: the caller sees to it. */
  readonly take: () => Promise<KeptState>
  /** The same. Everything that came later is gone afterwards; caches in memory are the caller's to refresh. */
  readonly put: (kept: KeptState) => Promise<void>
}

export function openVolatileState(directory: string, metadata: VolatileMetadata, blobs: Blobs): VolatileState {
  const layout = layoutOf(directory)
  const logos = join(directory, 'logos')
  let taken = 0
  const blobIn = (kept: string, phys: string) => join(kept, 'blobs', phys)
  const uploadIn = (kept: string, id: string) => join(kept, 'uploads', id)
  return {
    take: async () => {
      const rows = await metadata.take()
      const kept = join(directory, 'kept', String(taken++))
      for (const phys of physOf(rows)) await linkIfThere(layout.blobPath(phys).path, blobIn(kept, phys))
      for (const id of uploadsOf(rows)) await copyIfThere(layout.uploadPath(id), uploadIn(kept, id))
      for (const name of await readdir(logos)) await linkIfThere(join(logos, name), join(kept, 'logos', name))
      return { rows, directory: kept }
    },
    put: async (kept) => {
      const before = await metadata.take()
      // This forgets the running hash, too: the next bytes of an upload of that id may be others.
      for (const id of uploadsOf(before)) await blobs.discardUpload(id)
      for (const id of uploadsOf(kept.rows)) await copyIfThere(uploadIn(kept.directory, id), layout.uploadPath(id))
      const wanted = new Set(physOf(kept.rows))
      for (const phys of wanted) await linkIfThere(blobIn(kept.directory, phys), layout.blobPath(phys).path)
      const wantedLogos = await namesOrNone(join(kept.directory, 'logos'))
      for (const name of wantedLogos) await linkIfThere(join(kept.directory, 'logos', name), join(logos, name))
      await metadata.put(withNewVersion(kept.rows, before))
      // Rows first, files later.
      for (const phys of [...physOf(before), ...columnOf(before, 'trash', 'phys')])
        if (!wanted.has(phys)) await blobs.remove(phys)
      for (const name of await readdir(logos)) if (!wantedLogos.includes(name)) await rm(join(logos, name))
    },
  }
}

/** Whoever keeps identities in memory asks whether the version is another one: a number that was used before would deceive it. */
function withNewVersion(rows: TableRows, before: TableRows): TableRows {
  const highest = Math.max(0, ...(before.get('identity_version') ?? []).map((row) => Number(row['version'])))
  const next = (rows.get('identity_version') ?? []).map((row) => ({ ...row, version: highest + 1 }))
  return new Map([...rows, ['identity_version', next]])
}

/** Published files, those included whose upload is not told yet. */
function physOf(rows: TableRows): readonly string[] {
  return [...columnOf(rows, 'blob', 'phys'), ...columnOf(rows, 'upload', 'phys')]
}

function uploadsOf(rows: TableRows): readonly string[] {
  return columnOf(rows, 'upload', 'id')
}

function columnOf(rows: TableRows, table: string, column: string): readonly string[] {
  return (rows.get(table) ?? []).map((row) => String(row[column]))
}

async function linkIfThere(from: string, to: string): Promise<void> {
  if (await isThere(to)) return
  await makePlace(from, to, () => link(from, to))
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await makePlace(from, to, () => copyFile(from, to))
}

async function makePlace(from: string, to: string, make: () => Promise<void>): Promise<void> {
  if (!(await isThere(from))) return
  await mkdir(dirname(to), { recursive: true })
  await make()
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function namesOrNone(directory: string): Promise<readonly string[]> {
  return (await isThere(directory)) ? readdir(directory) : []
}
