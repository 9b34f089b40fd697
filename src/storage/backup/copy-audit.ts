// The audit log in a backup: full files never change and are shared by all states that were ever here; the one that is written to is copied up to
// its last whole line, with the state.

import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../disk-errors.ts'
import { syncDirectory } from '../disk-layout.ts'
import type { AuditFileRecord } from './backup-directory.ts'
import { copyChecked, isThere, unfinished } from './copy-checked.ts'

const current = 'audit.jsonl'
const isFull = (name: string): boolean => /^audit-\d{8}T\d{9}Z\.jsonl$/.test(name)
const pieceBytes = 256 * 1024

/** Where a file of the log lies in a backup. */
const placeOf = (directory: string, state: string, name: string): string =>
  name === current ? join(directory, state, name) : join(directory, 'audit', name)

/** Copies what there is into the backup, durably but for the state's own directory, and says what that is. */
export async function copyAudit(data: string, directory: string, state: string): Promise<readonly AuditFileRecord[]> {
  const from = join(data, 'audit')
  // Opened before the others are listed, so that no event falls between the two when a new file begins just now: this one is then listed.
  const written = await openIfThere(join(from, current))
  try {
    const { files, inodes } = await copyFullFiles(from, directory)
    if (!written || inodes.has((await written.stat({ bigint: true })).ino)) return files
    const bytes = await wholeLines(written)
    return [...files, { name: current, bytes, digest: await copy(written, placeOf(directory, state, current), bytes) }]
  } finally {
    await written?.close()
  }
}

/** Copies the log of a backup into a data directory; gives the names of files that are damaged, and left out. */
export async function restoreAudit(
  record: { readonly state: string; readonly audit: readonly AuditFileRecord[] },
  { directory, data }: { readonly directory: string; readonly data: string },
): Promise<readonly string[]> {
  const to = join(data, 'audit')
  await rm(to, { recursive: true, force: true })
  if (record.audit.length === 0) return []
  await mkdir(to, { mode: 0o700 })
  const damaged: string[] = []
  for (const { name, bytes, digest } of record.audit) {
    const file = { from: placeOf(directory, record.state, name), to: join(to, name), bytes, digest }
    if (!(await copyChecked(file))) damaged.push(name)
  }
  await syncDirectory(to)
  return damaged
}

/** Removes what the backup does not name. */
export async function removeOldAudit(directory: string, kept: readonly AuditFileRecord[]): Promise<void> {
  const names = new Set(kept.map(({ name }) => name))
  for (const name of await namesOf(join(directory, 'audit')))
    if (!names.has(name)) await rm(join(directory, 'audit', name), { force: true })
}

async function copyFullFiles(
  from: string,
  directory: string,
): Promise<{ readonly files: readonly AuditFileRecord[]; readonly inodes: ReadonlySet<bigint> }> {
  const names = (await namesOf(from)).filter(isFull).toSorted()
  const files: AuditFileRecord[] = []
  const inodes = new Set<bigint>()
  if (names.length === 0) return { files, inodes }
  await mkdir(join(directory, 'audit'), { recursive: true, mode: 0o700 })
  for (const name of names) {
    const source = await openIfThere(join(from, name))
    // The oldest is removed when there are too many.
    if (!source) continue
    try {
      const found = await source.stat({ bigint: true })
      inodes.add(found.ino)
      const bytes = Number(found.size)
      const to = placeOf(directory, '', name)
      const digest = (await isThere(to, bytes)) ? await digestOfFile(source, bytes) : await copy(source, to, bytes)
      files.push({ name, bytes, digest })
    } finally {
      await source.close()
    }
  }
  await syncDirectory(join(directory, 'audit'))
  return { files, inodes }
}

/** Bytes up to the end of the last line: the one after it may be half written. */
async function wholeLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  const piece = Buffer.alloc(pieceBytes)
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - pieceBytes)
    const { bytesRead } = await file.read(piece, 0, end - start, start)
    const at = piece.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (at !== -1) return start + at + 1
    end = start
  }
  return 0
}

async function copy(source: FileHandle, to: string, bytes: number): Promise<string> {
  await rm(unfinished(to), { force: true })
  const target = await open(unfinished(to), 'wx', 0o600)
  try {
    const digest = await digestOfFile(source, bytes, (piece) => target.appendFile(piece))
    await target.sync()
    await rename(unfinished(to), to)
    return digest
  } finally {
    await target.close()
  }
}

async function digestOfFile(
  source: FileHandle,
  bytes: number,
  use: (piece: Buffer) => Promise<void> = async () => {},
): Promise<string> {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(pieceBytes)
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await source.read(piece, 0, Math.min(pieceBytes, bytes - at), at)
    if (bytesRead === 0) throw new Error('a file of the audit log became shorter')
    hash.update(piece.subarray(0, bytesRead))
    await use(piece.subarray(0, bytesRead))
    at += bytesRead
  }
  return `sha256:${hash.digest('hex')}`
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function namesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
