// A backup becomes a data directory. The backup may come from anywhere: only names that this program gives are read, no link is followed,
// every file is compared with its digest, and the database is judged before anything is asked of it.

import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../disk-errors.ts'
import { makeLayout, syncDirectory } from '../disk-layout.ts'
import { readKeys, readSecrets } from '../key-file.ts'
import { lockDataDirectory } from '../lock.ts'
import { openCopiedDatabase } from '../sql/sqlite/copied-database.ts'
import { inspectDatabase } from '../sql/sqlite/copy-database.ts'
import { entriesOf, overlap, readRecord, type BackupRecord } from './backup-directory.ts'
import { BackupError } from './backup-error.ts'
import { restoreAudit } from './copy-audit.ts'
import { copyChecked } from './copy-checked.ts'
import { mirrorFiles, removeOthers, type Mirrored, type Reporter } from './mirror-files.ts'
import { isRestoring, putRestoreMarker, removeRestoreMarker } from './restore-marker.ts'

export interface RestoreOptions {
  readonly directory: string
  /** A new or empty directory, or one that an earlier restore did not finish. */
  readonly data: string
  readonly report: Reporter
}

export interface Restored extends Mirrored {
  readonly record: BackupRecord
  /** Files of the audit log that are damaged in the backup, and left out. */
  readonly damagedAudit: readonly string[]
  /** False when the backup was made without keys: the first start makes new ones. */
  readonly hasKeys: boolean
  /** To be called when nothing is left to do: until then no server starts on the directory. */
  readonly finish: () => Promise<void>
}

/**
 * The data directory is locked until `opened` is disposed. Layers that are damaged in the backup are left out and marked as such: they are
 * absent until they are pushed again. Throws BackupError; a restore that was cut is repeated, and goes on where it was.
 */
export async function restoreBackup(options: RestoreOptions, opened: AsyncDisposableStack): Promise<Restored> {
  const { directory, data, report } = options
  const record = await readRecord(directory)
  if (record === undefined) throw new BackupError(`${directory} is not a backup (it has no backup.json)`)
  if (!record.complete)
    throw new BackupError(
      `the backup in ${directory} was never finished: make it again with "stowage backup ${directory}"`,
    )
  await takeTarget(options, opened)
  const database = await restoreState(record, options)
  opened.use(database)
  await makeLayout(data)
  const mirrored = await mirrorFiles(database, { from: directory, to: data, report })
  database.markBad(mirrored.damaged.map(({ phys }) => phys))
  await removeOthers(database, data)
  database[Symbol.dispose]()
  const damagedAudit = await restoreAudit(record, options)
  await syncDirectory(data)
  return {
    ...mirrored,
    record,
    damagedAudit,
    hasKeys: record.files.some(({ name }) => name === 'keys.json'),
    finish: () => removeRestoreMarker(data),
  }
}

async function takeTarget({ directory, data }: RestoreOptions, opened: AsyncDisposableStack): Promise<void> {
  if (await overlap(directory, data))
    throw new BackupError(`${data} and the backup ${directory} lie within each other: choose another place`)
  const isFree = async () => ((await entriesOf(data)) ?? []).length === 0 || (await isRestoring(data))
  const refuse = () => {
    throw new BackupError(`${data} is not empty: a backup is restored into a new or empty directory only`)
  }
  if (!(await isFree())) refuse()
  await mkdir(data, { recursive: true, mode: 0o700 })
  const lock = await lockDataDirectory(data)
  if ('heldBy' in lock)
    throw new BackupError(`the data directory ${data} is in use (process ${lock.heldBy ?? 'unknown'})`)
  opened.defer(() => lock.release())
  // Somebody may have begun to use it meanwhile.
  if (!(await isFree())) refuse()
  await putRestoreMarker(data)
}

async function restoreState({ files, state }: BackupRecord, { directory, data }: RestoreOptions) {
  const place = join(directory, state)
  const found = await lstat(place).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
  if (!found?.isDirectory()) throw new BackupError(`the backup is damaged: ${place} is missing, or no directory`)
  if (!files.some(({ name }) => name === 'metadata.db'))
    throw new BackupError(`the backup in ${directory} has no database`)
  for (const name of [
    'metadata.db',
    'metadata.db-wal',
    'metadata.db-shm',
    'metadata.db-journal',
    'keys.json',
    'secrets.json',
  ])
    await rm(join(data, name), { force: true })
  for (const { name, bytes, digest } of files)
    if (!(await copyChecked({ from: join(place, name), to: join(data, name), bytes, digest })))
      throw new BackupError(`the backup is damaged: ${join(place, name)} is not what backup.json says it is`)
  checkKeys(
    data,
    files.map(({ name }) => name),
  )
  const file = join(data, 'metadata.db')
  const wrong = await inspectDatabase(file)
  if (wrong !== undefined) throw new BackupError(`the database of the backup can not be used: ${wrong}`)
  try {
    const database = openCopiedDatabase(file)
    database.forgetUnfinished()
    return database
  } catch (error) {
    throw new BackupError(`the database of the backup can not be used: ${String(error)}`, { cause: error })
  }
}

/** They come whole or not at all; a server would not start with one that it can not read. */
function checkKeys(data: string, names: readonly string[]): void {
  try {
    if (names.includes('keys.json')) readKeys(data)
    if (names.includes('secrets.json')) readSecrets({ directory: data, warn: () => {} })
  } catch (error) {
    throw new BackupError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
