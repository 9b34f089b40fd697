// What the clients tried and what they were told, kept outside of the server: the checker judges the server by it. An operation that
// never got an answer may have happened or not, but only wholly.

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface Part {
  readonly digest: string
  readonly size: number
}

/** A layer or config that a repository is to hold. */
export interface BlobAttempt extends Part {
  readonly kind: 'blob'
  readonly repository: string
}

/** A manifest under its digest, and under `tag` if there is one. */
export interface ImageAttempt extends Part {
  readonly kind: 'image'
  readonly repository: string
  readonly tag?: string
  readonly mediaType: string
  /** Config and layers; empty for an index. */
  readonly blobs: readonly Part[]
  /** What DescribeImages says of its size. */
  readonly imageBytes: number
  /** Digests of the images of an index. */
  readonly children: readonly string[]
  readonly subject?: string
}

/** An image by its digest, with all its tags. */
export interface DeleteAttempt {
  readonly kind: 'delete'
  readonly repository: string
  readonly digest: string
}

export type Attempt = BlobAttempt | ImageAttempt | DeleteAttempt

/** `fail`: the server said no, and nothing happened. `unknown`: it may yet happen, until `endedAt`. */
export type Outcome = 'ack' | 'fail' | 'unknown'

/** An attempt with its life. Times without `Ms` are places in the one order of everything that the journal holds. */
export interface Entry<A extends Attempt = Attempt> {
  readonly attempt: A
  readonly startedAt: number
  readonly startedAtMs: number
  readonly outcome: Outcome
  /** Infinity while it may still happen. */
  readonly endedAt: number
  readonly endedAtMs: number
}

export interface Pending {
  readonly ack: () => void
  readonly fail: (reason: string) => void
  /** Notes why there is no answer; the attempt stays as unknown as it is. */
  readonly lost: (reason: string) => void
}

export interface Journal {
  readonly directory: string
  /** Writes down what `client` is about to try. */
  readonly attempt: (client: string, attempt: Attempt) => Pending
  /**
   * The disk is about to lose its power: what is answered from now on until `serverEnded` was answered by a machine that no longer is, and is as unknown
   * as what has no answer. The kernel that plays it lets an fsync that is under way end well although its bytes never come to the disk (seen on ext4
   * of Linux 6.18 with a program that does nothing else: in 40 of 120 cuts, and never before one was asked for).
   */
  readonly powerGoes: () => void
  /** The server is gone: what has no answer yet happened before this, or never will. */
  readonly serverEnded: () => void
  readonly entries: () => readonly Entry[]
  /** The place that the next line will have. */
  readonly place: () => number
  /** Is told of each acknowledgement, in the moment it is written down. */
  readonly watch: (onAck: ((attempt: Attempt) => void) | undefined) => void
  readonly close: () => void
}

type Line = {
  -readonly [K in keyof Entry]: Entry[K]
}

/** A file for each client, `<client>.ndjson`: a line with `try` before, and one with `ack`, `fail`, `lost` or `late` after each attempt. */
export function openJournal(directory: string): Journal {
  mkdirSync(directory, { recursive: true })
  const files = new Map<string, number>()
  const entries: Line[] = []
  const open = new Set<Line>()
  let next = 1
  let hasPower = true
  let onAck: ((attempt: Attempt) => void) | undefined

  function write(client: string, line: object): void {
    let file = files.get(client)
    if (file === undefined) {
      file = openSync(join(directory, `${client}.ndjson`), 'a', 0o600)
      files.set(client, file)
    }
    writeSync(file, `${JSON.stringify(line)}\n`)
  }

  function settle(client: string, entry: Line, outcome: 'ack' | 'fail', detail: object): void {
    entry.outcome = outcome
    entry.endedAt = next++
    entry.endedAtMs = Date.now()
    open.delete(entry)
    write(client, { at: entry.endedAt, ms: entry.endedAtMs, of: entry.startedAt, ...detail })
  }

  return {
    directory,
    attempt: (client, attempt) => {
      const life = { startedAt: next++, startedAtMs: Date.now(), endedAt: Infinity, endedAtMs: Infinity }
      const entry: Line = { attempt, ...life, outcome: 'unknown' }
      write(client, { at: entry.startedAt, ms: entry.startedAtMs, try: attempt })
      entries.push(entry)
      open.add(entry)
      return {
        ack: () => {
          if (!hasPower) return write(client, { at: next++, ms: Date.now(), of: entry.startedAt, late: true })
          settle(client, entry, 'ack', { ack: true })
          onAck?.(attempt)
        },
        fail: (reason) => settle(client, entry, 'fail', { fail: reason }),
        lost: (reason) => write(client, { at: next++, ms: Date.now(), of: entry.startedAt, lost: reason }),
      }
    },
    powerGoes: () => {
      hasPower = false
      write('server', { at: next++, ms: Date.now(), cut: true })
    },
    serverEnded: () => {
      hasPower = true
      const [endedAt, endedAtMs] = [next++, Date.now()]
      for (const entry of open) Object.assign(entry, { endedAt, endedAtMs })
      open.clear()
      write('server', { at: endedAt, ms: endedAtMs, ended: true })
    },
    entries: () => entries,
    place: () => next,
    watch: (watcher) => {
      onAck = watcher
    },
    close: () => {
      for (const file of files.values()) closeSync(file)
      files.clear()
    },
  }
}
