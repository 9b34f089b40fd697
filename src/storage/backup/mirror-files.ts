// Makes one directory hold the layers and logos that a database names: a backup's from a data directory's, or the other way round. Names are
// never used twice, so that a file that is there is the right one.

import { lstat, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CopiedDatabase, CopiedLayer } from '../sql/sqlite/copied-database.ts'
import { isMissing } from '../disk-errors.ts'
import { isPhys, namesIn, prefixes, syncDirectory } from '../disk-layout.ts'
import { BackupError } from './backup-error.ts'
import { copyChecked, isThere, type FileToCopy } from './copy-checked.ts'

export interface Mirrored {
  readonly copied: number
  readonly copiedBytes: number
  /** Files that were there already. */
  readonly kept: number
  /** Physical names of layers whose file is missing or has other bytes than its digest says. */
  readonly damaged: readonly CopiedLayer[]
  readonly logos: number
}

/** Told how far the work is. */
export interface Reporter {
  readonly begin: (what: string, total: number) => void
  readonly advance: (steps: number) => void
}

const pageMax = 1000
/** So many files at a time: small ones then share the file system's journal. */
const atOnce = 4
const MiB = 1024 * 1024
const directories: readonly string[] = ['blobs', ...prefixes.map((prefix) => join('blobs', prefix)), 'logos']
const logoName = /^[0-9a-f]{64}-[0-9a-f]{16}$/

/** Throws BackupError for a name that is none of ours, and for a directory that is a link. All names are durable when this resolves. */
export async function mirrorFiles(
  database: CopiedDatabase,
  { from, to, report }: { readonly from: string; readonly to: string; readonly report: Reporter },
): Promise<Mirrored> {
  await refuseLinks(from)
  const damaged: CopiedLayer[] = []
  /** Of those that were there too: a name that an earlier attempt left need not be durable yet. */
  const named = new Set([join(to, 'blobs'), join(to, 'logos')])
  let copied = 0
  let copiedBytes = 0
  let kept = 0
  let reported = 0
  let seenBytes = 0

  const mirror = async (file: FileToCopy): Promise<boolean> => {
    if (await isThere(file.to, file.bytes)) {
      kept++
      return true
    }
    if (!(await copyChecked(file))) return false
    copied++
    copiedBytes += file.bytes
    return true
  }

  const mirrorLayer = async (layer: CopiedLayer) => {
    const { phys, digest, size } = layer
    if (!isPhys(phys) || !Number.isSafeInteger(size) || size < 0)
      throw new BackupError(
        `the database names a layer file ${JSON.stringify(phys.slice(0, 100))}, which is none of this program's`,
      )
    const place = (root: string) => join(root, 'blobs', phys)
    const directory = dirname(place(to))
    if (!named.has(directory)) await mkdir(directory, { recursive: true, mode: 0o700 })
    named.add(directory)
    if (!(await mirror({ from: place(from), to: place(to), bytes: size, digest }))) damaged.push(layer)
    seenBytes += size
    const wholeMib = Math.floor(seenBytes / MiB)
    report.advance(wholeMib - reported)
    reported = wholeMib
  }

  for (const directory of named) await mkdir(directory, { recursive: true, mode: 0o700 })
  await syncDirectory(to)
  report.begin('copying layers, MiB', Math.ceil(database.counts().layerBytes / MiB))
  for (let after = ''; ;) {
    const page = database.layers(after, pageMax)
    await eachOf(page, mirrorLayer)
    const last = page.at(-1)
    if (last === undefined) break
    after = last.phys
  }
  const logos = await mirrorLogos(database, from, to)
  for (const directory of named) await syncDirectory(directory)
  return { copied, copiedBytes, kept, damaged, logos }
}

/** Removes the files below `to` that the database does not name. */
export async function removeOthers(database: CopiedDatabase, to: string): Promise<void> {
  for (const prefix of prefixes) {
    const directory = join(to, 'blobs', prefix)
    for await (const names of namesIn(directory))
      for (const name of names)
        if (!database.hasLayer(`${prefix}/${name}`)) await rm(join(directory, name), { force: true })
  }
  const logos = new Set([...database.logos()].map((name) => `${name}.png`))
  for await (const names of namesIn(join(to, 'logos')))
    for (const name of names) if (!logos.has(name)) await rm(join(to, 'logos', name), { force: true })
}

/** Logos are told by their names: the digest of the bytes comes first. One that is gone or damaged is left out, as the gallery does. */
async function mirrorLogos(database: CopiedDatabase, from: string, to: string): Promise<number> {
  let count = 0
  for (const name of database.logos()) {
    if (!logoName.test(name))
      throw new BackupError(
        `the database names a logo ${JSON.stringify(name.slice(0, 100))}, which is none of this program's`,
      )
    const file = { from: join(from, 'logos', `${name}.png`), to: join(to, 'logos', `${name}.png`) }
    const found = await lstat(file.from).catch(() => undefined)
    if (found === undefined) continue
    const whole = { ...file, bytes: found.size, digest: `sha256:${name.slice(0, 64)}` }
    if ((await isThere(file.to, found.size)) || (await copyChecked(whole))) count++
  }
  return count
}

/** A link in place of a directory would lead the reading elsewhere. */
async function refuseLinks(from: string): Promise<void> {
  for (const name of directories) {
    const found = await lstat(join(from, name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
    if (found && !found.isDirectory()) throw new BackupError(`${join(from, name)} is not a directory`)
  }
}

/** `work` on each of `items`, some at a time. When one fails, those under way are waited for, and no other begins. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].toReversed()
  let failed = false
  const lane = async () => {
    for (let item = waiting.pop(); item !== undefined && !failed; item = waiting.pop()) {
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane))
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason
}
