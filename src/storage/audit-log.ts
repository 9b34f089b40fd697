// The audit log as files: JSON lines, appended in the background, a new file when one is full, the oldest removed. Events that wait are
// bounded: with a full disk the service goes on, the operator is told, and what no longer fits is counted (row R13).

import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Audit, AuditEvent, AuditLevel } from '../domain/ports/audit.ts'
import type { Clock } from '../lib/clock.ts'

/** What the log does with files, so that a test can fill the disk. */
export interface AuditFiles {
  /** Opens for appending; makes the file and its directory, for their owner only. */
  readonly open: (path: string) => Promise<AuditFile>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly list: (directory: string) => Promise<readonly string[]>
  readonly remove: (path: string) => Promise<void>
}

export interface AuditFile {
  readonly size: number
  /** True when a crash left a line unfinished. */
  readonly isTorn: boolean
  /** The bytes written, which may be fewer than given. */
  readonly write: (bytes: Uint8Array) => Promise<number>
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface AuditLogOptions {
  readonly directory: string
  readonly level: AuditLevel
  readonly clock: Clock
  readonly fileBytesMax: number
  /** With the one that is written to. */
  readonly filesMax: number
  /** Bytes of events that may wait to be written. */
  readonly waitingBytesMax?: number
  /** How long after a failure it is tried again. */
  readonly retryMs?: number
  readonly files?: AuditFiles
  /** Told once when writing fails, and once when it works again. */
  readonly alarm: (sentence: string, error?: unknown) => void
}

export interface AuditState {
  /** Events that were not written and never will be. */
  readonly lost: number
  readonly waitingBytes: number
  readonly isFailing: boolean
}

export interface AuditLog extends Audit {
  readonly record: (event: AuditEvent) => boolean
  readonly state: () => AuditState
  /** Writes what waits, once more even when it failed before; then nothing more is taken. */
  readonly close: () => Promise<void>
}

/** The file that is written to; full ones are `audit-<time>.jsonl`. */
const currentName = 'audit.jsonl'
const fullPattern = /^audit-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.jsonl$/
/** Lines go out in pieces of about this size, so that a file ends near its limit. */
const pieceBytes = 256 * 1024

/** Nothing is opened before the first event. */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { directory, level, clock, fileBytesMax, filesMax, files = diskFiles, alarm } = options
  const { waitingBytesMax = 16 * 1024 * 1024, retryMs = 5_000 } = options
  const path = join(directory, currentName)
  let lines: string[] = []
  let waitingBytes = 0
  let takenBytes = 0
  let writtenBytes = 0
  let lost = 0
  let lostTold = 0
  /** Whole lines of which the beginning may be written: they end in the file they began in. */
  let piece: Uint8Array = new Uint8Array()
  let isBegun = false
  let file: AuditFile | undefined
  let size = 0
  let isFailing = false
  let isClosed = false
  let draining: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined

  function nextPiece(): void {
    let bytes = 0
    let count = 0
    while (count < lines.length && bytes < pieceBytes) bytes += Buffer.byteLength(lines[count++] ?? '')
    piece = Buffer.from(lines.slice(0, count).join(''))
    lines = lines.slice(count)
  }

  async function openFile(): Promise<AuditFile> {
    const opened = await files.open(path)
    size = opened.size
    file = opened
    if (opened.isTorn) size += await opened.write(Buffer.from('\n'))
    return opened
  }

  async function rotate(full: AuditFile): Promise<AuditFile> {
    await full.sync()
    const olds = (await files.list(directory)).filter((name) => fullPattern.test(name)).toSorted()
    // A clock that stands still or was set back must not make the newest file look like the oldest.
    const name = fullName(Math.max(clock.now(), timeOf(olds.at(-1)) + 1))
    await files.rename(path, join(directory, name))
    file = undefined
    await full.close()
    const spare = olds.length + 1 - (filesMax - 1)
    for (const old of olds.slice(0, Math.max(0, spare))) await files.remove(join(directory, old))
    return openFile()
  }

  async function writePieces(): Promise<void> {
    while (piece.length > 0 || lines.length > 0) {
      let open = file ?? (await openFile())
      if (piece.length === 0) nextPiece()
      if (!isBegun && size > 0 && size + piece.length > fileBytesMax) open = await rotate(open)
      const written = await open.write(piece)
      isBegun = written < piece.length
      piece = piece.subarray(written)
      size += written
      waitingBytes -= written
      writtenBytes += written
    }
  }

  async function drain(): Promise<void> {
    try {
      await writePieces()
      if (!isFailing) return
      isFailing = false
      alarm(`the audit log is written again; ${lost - lostTold} events were lost meanwhile`)
      lostTold = lost
    } catch (error) {
      if (!isFailing)
        alarm(`the audit log ${path} can not be written: events wait, and are lost when too many do`, error)
      isFailing = true
      if (!isClosed) retry = setTimeout(start, retryMs).unref()
    }
  }

  function start(): void {
    retry = undefined
    draining ??= drain().finally(() => {
      draining = undefined
      // What came between the last look and now.
      if (lines.length > 0 && !isFailing && !isClosed) start()
    })
  }

  return {
    level,
    record: (event) => {
      const line = lineOf(event)
      const bytes = Buffer.byteLength(line)
      if (isClosed || waitingBytes + bytes > waitingBytesMax) {
        lost++
        return false
      }
      lines.push(line)
      waitingBytes += bytes
      takenBytes += bytes
      if (retry === undefined) start()
      return true
    },
    flush: async () => {
      const wanted = takenBytes
      const isWritten = () => writtenBytes >= wanted
      for (let turn = draining; turn && !isWritten(); turn = draining) await turn
      if (isClosed || !isWritten()) return false
      const written = file
      try {
        await written?.sync()
        return true
      } catch (error) {
        // A file that was full meanwhile is synced before it is closed.
        if (written !== file) return true
        alarm(`the audit log ${path} can not be synced`, error)
        return false
      }
    },
    state: () => ({ lost, waitingBytes, isFailing }),
    close: async () => {
      isClosed = true
      clearTimeout(retry)
      await draining
      if (piece.length > 0 || lines.length > 0) await drain()
      if (piece.length > 0 || lines.length > 0) alarm(`${waitingBytes} bytes of audit events could not be written`)
      try {
        await file?.sync()
      } finally {
        await file?.close()
      }
    },
  }
}

/** ASCII, so that no character of a stranger's can do anything to a terminal. */
function lineOf(event: AuditEvent): string {
  const text = JSON.stringify(event).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${text}\n`
}

/** `audit-20261121T120000000Z.jsonl`: names in the order of time. */
function fullName(atMs: number): string {
  return `audit-${new Date(atMs).toISOString().replace(/[-:.]/g, '')}.jsonl`
}

/** The time in a name; 0 for none. */
function timeOf(name: string | undefined): number {
  const parts = fullPattern.exec(name ?? '')
  if (!parts) return 0
  const [year = 0, month = 1, ...rest] = parts.slice(1).map(Number)
  return Date.UTC(year, month - 1, ...rest)
}

const diskFiles: AuditFiles = {
  open: async (path) => {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    const handle = await open(path, 'a+', 0o600)
    try {
      const { size } = await handle.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await handle.read(last, 0, 1, size - 1)
      return {
        size,
        isTorn: size > 0 && last[0] !== 0x0a,
        write: async (bytes) => (await handle.write(bytes)).bytesWritten,
        sync: () => handle.sync(),
        close: () => handle.close(),
      }
    } catch (error) {
      await handle.close()
      throw error
    }
  },
  rename,
  list: readdir,
  remove: (path) => rm(path, { force: true }),
}
