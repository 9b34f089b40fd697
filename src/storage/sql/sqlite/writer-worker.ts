// The one connection that writes, in a thread of its own: neither an fsync nor a lock held by another process stalls the event loop.

import { statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openConnection, type SqliteConnection, type StatementResult } from './connection.ts'
import { sqliteCodeOf } from './errors.ts'
import { logOf } from './log-file.ts'
import type { WholeStep, WriterFailure, WriterPlace, WriterReply, WriterRequest } from './writer-messages.ts'

if (!parentPort) throw new Error('writer-worker.ts runs in a worker thread')
const port = parentPort
let replies: WriterReply[] = []
const reply = (message: WriterReply) => {
  replies.push(message)
}
/** One message for all that was answered since the last one. */
const send = () => {
  if (replies.length > 0) port.postMessage(replies)
  replies = []
}

try {
  // As `openWriter` starts it.
  const place = workerData as WriterPlace
  const connection = openConnection(place.file, place.busyMs)
  serve(connection, keepLogSmall(connection, place))
} catch (error) {
  reply({ kind: 'unusable', failure: toFailure(error) })
}
send()

function serve(connection: SqliteConnection, onCommitted: () => void): void {
  /** Why nothing of this group can be committed any more; it lasts until the group's commit is asked for. */
  let lost: unknown
  /** Why this transaction can only be rolled back; as on PostgreSQL, its first failed statement ends it. */
  let failed: unknown
  let open = false
  // Prepared, which `connection.execute` is not.
  const execute = (text: string) => void connection.run(text, [])

  const begin = () => {
    failed = undefined
    if (lost !== undefined) return
    try {
      if (!open) execute('begin immediate')
      open = true
      execute('savepoint work')
    } catch (error) {
      lost = error
    }
  }

  const attempt = ({ text, parameters }: Pick<WholeStep, 'text' | 'parameters'>): Attempted => {
    const reason = lost ?? failed
    if (reason !== undefined) return { error: reason }
    try {
      return { result: connection.run(text, parameters) }
    } catch (error) {
      failed = error
      // SQLite may have rolled back everything on its own (a full disk, an I/O error): then the group is lost.
      if (!connection.inTransaction()) lost = error
      return { error }
    }
  }

  const run = (request: Extract<WriterRequest, { kind: 'run' }>): WriterReply => {
    const attempted = attempt(request)
    if ('error' in attempted) return toFailed(request.id, attempted.error)
    return { kind: 'done', id: request.id, ...attempted.result }
  }

  /** True when it is kept. Why it was not comes to light when it is made again, in steps. */
  const whole = (id: number, steps: readonly WholeStep[]): boolean => {
    begin()
    const keep = steps.every((step) => {
      const attempted = attempt(step)
      if ('error' in attempted) return false
      return step.expected === undefined || JSON.stringify(attempted.result.rows) === step.expected
    })
    return end(id, keep).kind === 'done' && keep
  }

  const end = (id: number, keep: boolean): WriterReply => {
    if (lost !== undefined) return toFailed(id, lost)
    try {
      if (!keep || failed !== undefined) execute('rollback to work')
      execute('release work')
    } catch (error) {
      lost = error
      return toFailed(id, error)
    }
    return keep && failed !== undefined ? toFailed(id, failed) : done(id)
  }

  const commit = (id: number): WriterReply => {
    const reason = lost
    lost = undefined
    open = false
    if (reason === undefined) {
      try {
        execute('commit')
      } catch (error) {
        return giveUp(id, error)
      }
      return done(id)
    }
    return giveUp(id, reason)
  }

  const giveUp = (id: number, reason: unknown): WriterReply => {
    if (connection.inTransaction()) execute('rollback')
    return toFailed(id, reason)
  }

  const handle = (request: WriterRequest) => {
    switch (request.kind) {
      case 'begin':
        return begin()
      case 'run':
        return reply(run(request))
      case 'end':
        return reply(end(request.id, request.keep))
      case 'whole':
        if (!whole(request.id, request.steps)) reply({ kind: 'declined', id: request.id })
        return
      case 'commit':
        // Nobody waits for the disk who need not.
        send()
        reply(commit(request.id))
        send()
        return onCommitted()
      case 'close':
        // Closing the last connection checkpoints the log into the database.
        connection.close()
        return port.close()
    }
  }
  port.on('message', (requests: readonly WriterRequest[]) => {
    requests.forEach(handle)
    send()
  })
  reply({ kind: 'ready' })
}

/** So often is a log looked at that will not become small, since somebody reads it. */
const betweenTriesMs = 1000
/** How long commits wait for readers to leave the log: those of this program are done by then. */
const readersMs = 50

/**
 * Empties a log that has grown. SQLite's own checkpoint, at each commit past 4 MiB, writes back what it can; but the log starts over only if at that
 * moment nobody reads from it, which with several readers may not come by itself.
 */
function keepLogSmall(connection: SqliteConnection, { file, busyMs, logBytesMax }: WriterPlace): () => void {
  let nextMs = 0
  return () => {
    const now = performance.now()
    if (now < nextMs || (statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0) <= logBytesMax) return
    try {
      connection.execute(`pragma busy_timeout = ${readersMs}`)
      // It says in a row, and not by an error, that a reader stayed.
      connection.execute('pragma wal_checkpoint(truncate)')
    } catch {
      // What was committed stays committed, in the log; a disk that fails shows at the next commit, whose failure is told.
    } finally {
      connection.execute(`pragma busy_timeout = ${busyMs}`)
      nextMs = performance.now() + betweenTriesMs
    }
  }
}

type Attempted = { readonly result: StatementResult } | { readonly error: unknown }

const done = (id: number): WriterReply => ({ kind: 'done', id, rows: [], changes: 0 })
const toFailed = (id: number, error: unknown): WriterReply => ({ kind: 'failed', id, failure: toFailure(error) })

function toFailure(error: unknown): WriterFailure {
  return { message: error instanceof Error ? error.message : String(error), code: sqliteCodeOf(error) }
}
