// Copies one file into a backup or out of one: compared with its digest on the way, durable under its last name or not there.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { errorCode } from '../../lib/error-code.ts'

/** A file that is to be somewhere else as well. */
export interface FileToCopy {
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** `sha256:<hex>`, or sha512. */
  readonly digest: string
}

/** The name of a file while it is written. */
export const unfinished = (path: string): string => `${path}.new`

const pieceBytes = 1024 * 1024
const digestForm = /^(sha256|sha512):([0-9a-f]+)$/

/**
 * False when the source is not there, is not a plain file, or has other bytes than it should; then there is no copy. The bytes are read and
 * written, not linked: damage to the one must not be damage to the other. The name is durable once the caller has synced the directory.
 */
export async function copyChecked({ from, to, bytes, digest }: FileToCopy): Promise<boolean> {
  const [, algorithm = '', hex] = digestForm.exec(digest) ?? []
  if (hex === undefined) return false
  const source = await openPlain(from)
  if (source === undefined) return false
  const temporary = unfinished(to)
  try {
    if ((await source.stat()).size !== bytes) return false
    await rm(temporary, { force: true })
    const target = await open(temporary, 'wx', 0o600)
    try {
      if ((await copyBytes(source, target, algorithm)) !== hex) return false
      await target.sync()
    } finally {
      await target.close()
    }
    await rename(temporary, to)
    return true
  } finally {
    await source.close()
    // There is one after a failure only.
    await rm(temporary, { force: true })
  }
}

/** True when a plain file of this size is there: it was durable and compared before it got its name. */
export async function isThere(path: string, bytes: number): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found !== undefined && found.isFile() && found.size === bytes
}

/** Opens a plain file for reading; `undefined` when there is none. A link is not followed, and a pipe does not make anyone wait. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errorCode(error) ?? '')) return undefined
    throw error
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  return undefined
}

/** Copies to the end and gives the digest in hex. */
async function copyBytes(source: FileHandle, target: FileHandle, algorithm: string): Promise<string> {
  const hash = createHash(algorithm)
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  for (let position = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(buffer.subarray(0, bytesRead))
    await writeAll(target, buffer, bytesRead, position)
    position += bytesRead
  }
}

async function writeAll(target: FileHandle, buffer: Buffer, length: number, position: number): Promise<void> {
  for (let done = 0; done < length;)
    done += (await target.write(buffer, done, length - done, position + done)).bytesWritten
}
