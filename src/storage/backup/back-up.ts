// Makes a backup beside a running server, or without one. The database first, at one moment; then the files that this moment names, which a
// hold keeps in place; then `backup.json`, by a rename. Whatever cuts it before that leaves the last backup as it was.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metadata } from '../../domain/ports/metadata.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ids } from '../../lib/ids.ts'
import { isMissing } from '../disk-errors.ts'
import { syncDirectory } from '../disk-layout.ts'
import { readKeys, readSecrets } from '../key-file.ts'
import { lockDataDirectory } from '../lock.ts'
import { openCopiedDatabase } from '../sql/sqlite/copied-database.ts'
import { copyDatabase, inspectDatabase } from '../sql/sqlite/copy-database.ts'
import {
  entriesOf,
  isState,
  newState,
  overlap,
  readRecord,
  stateFiles,
  writeRecord,
  type BackupRecord,
  type StateFile,
} from './backup-directory.ts'
import { BackupError } from './backup-error.ts'
import { copyAudit, removeOldAudit } from './copy-audit.ts'
import { holdFiles } from './hold-files.ts'
import { mirrorFiles, removeOthers, type Mirrored, type Reporter } from './mirror-files.ts'

export interface BackUpOptions {
  /** The data directory, and its metadata, which takes the hold. */
  readonly data: string
  readonly metadata: Metadata
  /** Where the backup goes: a new or empty directory, or one that holds a backup. */
  readonly directory: string
  /** Access keys and secrets too. */
  readonly withKeys: boolean
  /** The audit log too. */
  readonly withAudit: boolean
  readonly version: string
  readonly clock: Clock
  readonly ids: Ids
  readonly report: Reporter
}

export interface BackedUp extends Mirrored {
  readonly record: BackupRecord
}

/**
 * Layers whose file is damaged are left out, and marked as damaged here and in the backup, unless an earlier backup in `directory` has
 * them. Throws BackupError; then what `directory` held before is as it was.
 */
export async function backUp(options: BackUpOptions): Promise<BackedUp> {
  const { data, directory, metadata, clock, ids, report } = options
  await using opened = new AsyncDisposableStack()
  if (options.withKeys) refuseUnreadableKeys(data)
  await openDirectory(options, opened)
  const hold = await holdFiles({ metadata, clock, ids, reason: `backup into ${directory}` })
  opened.use(hold)
  const state = newState(ids.hex(16))
  const place = join(directory, state)
  await mkdir(place, { mode: 0o700 })
  const madeAt = new Date(clock.now()).toISOString()
  const file = join(place, 'metadata.db')
  await copyWhole(join(data, 'metadata.db'), file, report)
  using database = openCopiedDatabase(file)
  database.forgetUnfinished()
  const mirrored = await mirrorFiles(database, { from: data, to: directory, report })
  hold.check()
  if (mirrored.damaged.length > 0) {
    const names = mirrored.damaged.map(({ phys }) => phys)
    database.markBad(names)
    await metadata.write(async (tx) => {
      for (const phys of names) await tx.layers.markBad(phys)
    })
  }
  if (options.withKeys) await copyKeys(data, place)
  const audit = options.withAudit ? [...(await copyAudit(data, directory, state))] : []
  const record: BackupRecord = {
    format: 1,
    complete: true,
    version: options.version,
    madeAt,
    state,
    files: await seal(place),
    ...database.counts(),
    logos: mirrored.logos,
    audit,
  }
  await writeRecord(directory, record)
  // The new one holds; what only the old one needed goes.
  await removeOldStates(directory, state)
  await removeOthers(database, directory)
  await removeOldAudit(directory, audit)
  return { ...mirrored, record }
}

/** Refuses a directory that is not for backups, and takes it for this process. */
async function openDirectory({ data, directory }: BackUpOptions, opened: AsyncDisposableStack): Promise<void> {
  if (await overlap(directory, data))
    throw new BackupError(
      `a backup into ${directory} would lie within the data directory ${data}, or around it: choose another place`,
    )
  const entries = (await entriesOf(directory)) ?? []
  if (entries.includes('metadata.db'))
    throw new BackupError(`${directory} is a data directory: choose another place for the backup`)
  if (entries.length > 0 && (await readRecord(directory)) === undefined)
    throw new BackupError(
      `${directory} is neither empty nor a backup: choose another place, so that nothing in it is lost`,
    )
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const lock = await lockDataDirectory(directory)
  if ('heldBy' in lock)
    throw new BackupError(`another backup into ${directory} is under way (process ${lock.heldBy ?? 'unknown'})`)
  opened.defer(() => lock.release())
  const before = await readRecord(directory)
  // First of all: from here on the directory is known to be ours.
  if (before === undefined) await writeRecord(directory, { format: 1, complete: false })
  // What a backup that was cut left behind.
  await removeOldStates(directory, before?.complete === true ? before.state : undefined)
}

/** A restore refuses them as well: the backup would be worth nothing. */
function refuseUnreadableKeys(data: string): void {
  try {
    if (existsSync(join(data, 'keys.json'))) readKeys(data)
    if (existsSync(join(data, 'secrets.json'))) readSecrets({ directory: data, warn: () => {} })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BackupError(`${reason}: mend it, or leave the keys out with --without-keys`, { cause: error })
  }
}

async function copyWhole(from: string, to: string, report: Reporter): Promise<void> {
  let reported = 0
  await copyDatabase(from, to, (done, total) => {
    if (reported === 0) report.begin('copying the database, pages', total)
    report.advance(done - reported)
    reported = done
  })
  const wrong = await inspectDatabase(to)
  if (wrong !== undefined) throw new BackupError(`the database is damaged, no backup was made: ${wrong}`)
}

/** The key files change by a rename only, or under an editor; they are small. */
async function copyKeys(data: string, place: string): Promise<void> {
  for (const name of stateFiles) {
    if (name === 'metadata.db') continue
    try {
      await copyFile(join(data, name), join(place, name))
    } catch (error) {
      // A data directory that no server has started on yet.
      if (!isMissing(error)) throw error
      continue
    }
    const handle = await open(join(place, name), 'r+')
    await handle.chmod(0o600)
    await handle.close()
  }
}

/** Makes the files of a state durable and gives what there is. */
async function seal(place: string): Promise<StateFile[]> {
  const files: StateFile[] = []
  for (const name of stateFiles) {
    const path = join(place, name)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) continue
    const handle = await open(path, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    files.push({ name, bytes: found.size, digest: await digestOfFile(path) })
  }
  await syncDirectory(place)
  return files
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece as Buffer)
  return `sha256:${hash.digest('hex')}`
}

async function removeOldStates(directory: string, current: string | undefined): Promise<void> {
  for (const name of (await entriesOf(directory)) ?? [])
    if (isState(name) && name !== current) await rm(join(directory, name), { recursive: true, force: true })
}
