// A backup as a directory. `backup.json` is its only truth: it names the state (database and keys) that is whole, and changes by one rename.
//
//   backup.json              what this is; written last
//   state-<32 hex>/          metadata.db, keys.json, secrets.json
//   blobs/<2 hex>/<32 hex>   the layers, shared by all states that were ever here
//   logos/<name>.png
//   audit/audit-<time>.jsonl the full files of the audit log; the last one is with the state
//   lock.db, lock.pid        held while a backup is made

import { constants } from 'node:fs'
import { open, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { isMissing } from '../disk-errors.ts'
import { syncDirectory } from '../disk-layout.ts'
import { BackupError } from './backup-error.ts'
import { unfinished } from './copy-checked.ts'

const count = z.int().min(0)
/** More than the setting allows. */
const auditFilesMax = 20_000
const stateName = /^state-[0-9a-f]{32}$/

/** The files of a state, and nothing else is read from it. */
export const stateFiles = ['metadata.db', 'keys.json', 'secrets.json'] as const

const stateFile = z.strictObject({
  name: z.enum(stateFiles),
  bytes: count,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
})
export type StateFile = z.output<typeof stateFile>

const auditFile = z.strictObject({
  name: z.string().regex(/^audit(-\d{8}T\d{9}Z)?\.jsonl$/),
  bytes: count,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
})
export type AuditFileRecord = z.output<typeof auditFile>

const finished = z.strictObject({
  format: z.literal(1),
  complete: z.literal(true),
  /** Of the program that made it. */
  version: z.string().max(100),
  /** When its moment was: ISO 8601. */
  madeAt: z.iso.datetime(),
  state: z.string().regex(stateName),
  files: z.array(stateFile).min(1).max(stateFiles.length),
  repositories: count,
  images: count,
  layers: count,
  layerBytes: count,
  logos: count,
  /** Files of the audit log; none in backups of before there were any. */
  audit: z.array(auditFile).max(auditFilesMax).default([]),
})
/** What `backup.json` says of a backup that is whole. */
export type BackupRecord = z.output<typeof finished>

/** The first backup into a directory, until it is whole. */
const begun = z.strictObject({ format: z.literal(1), complete: z.literal(false) })
const record = z.discriminatedUnion('complete', [finished, begun])

/** A name, a size and a digest each. */
const recordBytesMax = 4 * 1024 * 1024

export const newState = (hex: string): string => `state-${hex}`
export const isState = (name: string): boolean => stateName.test(name)

/** What is in `backup.json`; `undefined` when there is none. Throws BackupError when it is none of ours. */
export async function readRecord(directory: string): Promise<z.output<typeof record> | undefined> {
  const file = join(directory, 'backup.json')
  const text = await readSmall(file)
  if (text === undefined) return undefined
  const parsed = record.safeParse(toJson(text))
  if (parsed.success) return parsed.data
  throw new BackupError(`${file} is not that of a backup this version of stowage can read`)
}

/** Replaces `backup.json`, durably: from then on the backup is another one. */
export async function writeRecord(directory: string, content: z.input<typeof record>): Promise<void> {
  const file = join(directory, 'backup.json')
  await rm(unfinished(file), { force: true })
  const handle = await open(unfinished(file), 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(content, undefined, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished(file), file)
  await syncDirectory(directory)
}

/** What a file system puts into a directory, and what taking it does. */
const ignored: ReadonlySet<string> = new Set(['lost+found', 'lock.db', 'lock.pid'])

/** What somebody has put into a directory; `undefined` when there is none. */
export async function entriesOf(directory: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(directory)).filter((name) => !ignored.has(name))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** True when the one is the other, or lies within it, links and all. */
export async function overlap(one: string, other: string): Promise<boolean> {
  const [a, b] = [await realPathOf(one), await realPathOf(other)]
  return isWithin(a, b) || isWithin(b, a)
}

const isWithin = (inner: string, outer: string): boolean => {
  const path = relative(outer, inner)
  return path === '' || !/^\.\.($|[\\/])/.test(path)
}

/** Of a path whose end need not be there yet. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

async function readSmall(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if (!isMissing(error)) throw new BackupError(`cannot read ${path}: ${String(error)}`, { cause: error })
    },
  )
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    if (size > recordBytesMax) throw new BackupError(`${path} is too large to be that of a backup`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
