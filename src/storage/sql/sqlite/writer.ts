// The main thread's side of the writer: one write transaction at a time has the turn, and those that follow each other closely share
// one commit. A caller hears of success only after the commit that carries its transaction is on disk.

import { Worker } from 'node:worker_threads'
import { StorageBusyError } from '../../../domain/ports/storage-errors.ts'
import type { StatementResult } from './connection.ts'
import { isFatal, isFatalForCommit, SqliteError } from './errors.ts'
import { workerFile } from '../../../lib/worker-file.ts'
import type { WholeStep, WriterFailure, WriterPlace, WriterReply, WriterRequest } from './writer-messages.ts'

/** One write transaction. Its statements run in the order they are given, also when nobody waits for them. */
export interface WriterTransaction {
  readonly run: (text: string, parameters: readonly unknown[]) => Promise<StatementResult>
  /** Resolves when durable. After a failure nothing of the transaction stays. */
  readonly commit: () => Promise<void>
  /** Gives everything up; harmless after the end. Throws when the commit fails that carries what this transaction may have read. */
  readonly rollBack: () => Promise<void>
}

export interface Writer {
  /** Waits for the turn. Throws `StorageBusyError` when too many wait, or for too long. */
  readonly begin: () => Promise<WriterTransaction>
  /**
   * Runs a transaction that needs no word from here in between: one message, and no answer but that of the commit. Resolves when it is durable; with
   * false, when nothing of it was done because a look saw something else by then, or a statement failed. Throws as `commit` does.
   */
  readonly runWhole: (steps: readonly WholeStep[]) => Promise<boolean>
  /** Called once, when no transaction is open; commits that are under way are finished. */
  readonly close: () => Promise<void>
}

/** A group is closed after so many transactions or milliseconds: the first of them waits for the last. */
const groupMax = 64
const groupMs = 20
const waitingMax = 10_000
const waitMs = 30_000

interface Group {
  readonly startedAtMs: number
  transactions: number
  readonly committed: PromiseWithResolvers<void>
}

export interface WriterOptions extends WriterPlace {
  /** Told before the thread is asked to commit. */
  readonly commitBegins: () => void
  /** Told of the end of a commit, before any caller hears of it. */
  readonly commitEnded: () => void
  readonly onFatal: (error: Error) => void
}

/**
 * Starts the writer's thread. `onFatal` is told once when the database can not be trusted any more (an I/O error, a failed commit, the
 * thread's death); from then on every write throws that error.
 */
export async function openWriter(options: WriterOptions): Promise<Writer> {
  const { file, busyMs, logBytesMax, onFatal, commitBegins, commitEnded } = options
  const pending = new Map<
    number,
    { readonly resolve: (result: StatementResult) => void; readonly reject: (error: Error) => void }
  >()
  const waiting: { readonly go: () => void; readonly reject: (error: Error) => void }[] = []
  const declined = new Set<number>()
  let nextId = 0
  let commits = 0
  let taken = false
  let group: Group | undefined
  let fatal: Error | undefined
  let closing = false

  const worker = await startWorker({ file, busyMs, logBytesMax })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.on('error', (error) => die(new Error('the writer of the database failed', { cause: error })))
  worker.on('exit', () => closing || die(new Error('the writer of the database ended')))
  worker.on('message', (replies: readonly WriterReply[]) => {
    for (const reply of replies) {
      if (reply.kind === 'declined') declined.add(reply.id)
      if (reply.kind !== 'done' && reply.kind !== 'failed') continue
      const asked = pending.get(reply.id)
      pending.delete(reply.id)
      if (reply.kind === 'done') asked?.resolve({ rows: reply.rows, changes: reply.changes })
      else asked?.reject(toError(reply.failure))
    }
  })

  function die(error: Error): void {
    if (fatal !== undefined) return
    fatal = error
    for (const asked of pending.values()) asked.reject(error)
    pending.clear()
    for (const waiter of waiting.splice(0)) waiter.reject(error)
    onFatal(error)
  }

  let outbox: WriterRequest[] = []
  const send = () => {
    const requests = outbox
    outbox = []
    // A worker has no origin to name.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage(requests)
  }
  /** All that is told in one turn of the event loop is one message: a message and its answer cost more than most statements. */
  const tell = (request: WriterRequest) => {
    if (outbox.push(request) === 1) setImmediate(send)
  }

  async function ask(make: (id: number) => WriterRequest): Promise<StatementResult> {
    if (fatal !== undefined) throw fatal
    const id = nextId++
    const { promise, resolve, reject } = Promise.withResolvers<StatementResult>()
    pending.set(id, { resolve, reject })
    tell(make(id))
    return promise
  }

  async function takeTurn(): Promise<void> {
    if (fatal !== undefined) throw fatal
    if (closing) throw new Error('the database is closed')
    if (!taken) {
      taken = true
      return
    }
    if (waiting.length >= waitingMax) throw new StorageBusyError('too many writes are waiting')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { go: resolve, reject }
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(waiter), 1)
      reject(new StorageBusyError('a write waited too long for its turn'))
    }, waitMs)
    waiting.push(waiter)
    await promise.finally(() => clearTimeout(timer))
  }

  /**
   * The next transaction joins the open group; without one, or when the group is full or old, the group is committed. While the thread is at
   * another commit, though, the group waits for those that come meanwhile: they cost it no sync of their own.
   */
  function passTurn(): void {
    const next = waiting.shift()
    const full = group && (group.transactions >= groupMax || performance.now() - group.startedAtMs >= groupMs)
    if (group && (full || (!next && commits === 0))) commitGroup(group)
    if (next) next.go()
    else taken = false
  }

  function commitGroup(closed: Group): void {
    group = undefined
    commits++
    commitBegins()
    const commitIsOver = () => {
      commits--
      commitEnded()
      if (group && !taken) commitGroup(group)
    }
    ask((id) => ({ kind: 'commit', id })).then(
      () => {
        commitIsOver()
        closed.committed.resolve()
      },
      (error: Error) => {
        if (isFatalForCommit(error)) die(error)
        commitIsOver()
        closed.committed.reject(error)
      },
    )
  }

  function joinGroup(): Group {
    const mine = (group ??= {
      startedAtMs: performance.now(),
      transactions: 0,
      committed: Promise.withResolvers<void>(),
    })
    // The first of a group does not wait for the commit when it failed.
    mine.committed.promise.catch(() => {})
    mine.transactions++
    return mine
  }

  async function runWhole(steps: readonly WholeStep[]): Promise<boolean> {
    await takeTurn()
    const { committed } = joinGroup()
    const id = nextId++
    tell({ kind: 'whole', id, steps })
    passTurn()
    await committed.promise
    return !declined.delete(id)
  }

  function openTransaction(): WriterTransaction {
    const mine = joinGroup()
    const hasForerunners = mine.transactions > 1
    tell({ kind: 'begin' })
    let over = false
    const end = (keep: boolean) => {
      over = true
      const ended = ask((id) => ({ kind: 'end', id, keep }))
      passTurn()
      return ended
    }
    return {
      run: async (text, parameters) => {
        if (over) throw new Error('a statement after the end of its transaction')
        try {
          return await ask((id) => ({ kind: 'run', id, text, parameters }))
        } catch (error) {
          if (isFatal(error) && error instanceof Error) die(error)
          throw error
        }
      },
      commit: async () => {
        if (over) throw new Error('the transaction is over')
        await end(true)
        await mine.committed.promise
      },
      rollBack: async () => {
        // Nothing of it can become durable, whatever the worker answers.
        if (!over) await end(false).catch(() => {})
        // But what made it fail may rest on what those before it in the group wrote ("already exists"): it may be told only once
        // that is durable, and not at all when the commit fails.
        if (hasForerunners) await mine.committed.promise
      },
    }
  }

  return {
    begin: async () => {
      await takeTurn()
      return openTransaction()
    },
    runWhole,
    close: async () => {
      closing = true
      if (fatal !== undefined) await worker.terminate()
      else tell({ kind: 'close' })
      await exited
    },
  }
}

async function startWorker(place: WriterPlace): Promise<Worker> {
  const worker = new Worker(workerFile('writer-worker', import.meta.url), {
    workerData: place,
    name: 'database writer',
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  worker.once('error', reject)
  worker.once('message', ([reply]: readonly WriterReply[]) => {
    if (reply?.kind === 'unusable') reject(toError(reply.failure))
    else resolve()
  })
  try {
    await promise
  } catch (error) {
    await worker.terminate()
    throw error
  } finally {
    worker.removeListener('error', reject)
  }
  return worker
}

const toError = (failure: WriterFailure): Error =>
  failure.code === undefined ? new Error(failure.message) : new SqliteError(failure.message, failure.code)
