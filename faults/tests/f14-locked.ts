// F14: another process holds the database's lock, or reads for so long that the log can not be written back. Requests wait, or are told to
// come again; nothing is done by halves, and the log stops growing when the reader has gone.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { locationOf, send, type Target } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession, type Session } from '../session.ts'

const pushers = 6
/** The server waits for 5 seconds: the last one is longer. */
const holdsMs = { quick: [1_500], full: [1_000, 4_000, 8_000] } as const
/** A read needs no lock. */
const slowestReadMs = 2_000
/** The server waits for the lock for 5 seconds, in the name of all who wait behind; the rest is for a busy machine. */
const slowestWriteMs = 12_000
const MiB = 1024 * 1024
/** What the log may be cut down to (`journal_size_limit`), and beyond it what comes between two checkpoints. */
const logBytesMax = (64 + 16) * MiB

export const f14Locked: FaultTest = {
  id: 'F14',
  title: 'Another process locks the database, or reads for long',
  needs: {},
  seconds: { quick: 2, full: 60 },
  run: async (context) => {
    const session = await openSession(context, { name: 'locked' })
    try {
      session.startPushers(pushers)
      const locks = await underLocks(context, session)
      const log = await underReader(context, session)
      await session.stopPushers()
      await session.check('all')
      return { figures: { ...session.figures(), ...locks, ...log }, problems: session.problems }
    } finally {
      await session.close()
    }
  },
}

async function underLocks(context: FaultContext, session: Session): Promise<FaultResult['figures']> {
  const { totals, problems, registry } = session
  const report = (text: string) => problems.push({ rule: 'F14', text })
  const slowest = { read: 0, write: 0 }
  let busy = 0
  const holds = context.quick ? holdsMs.quick : holdsMs.full
  for (const ms of holds) {
    session.goOn()
    await sleep(500)
    const watching = [watchReads(registry.target), watchWrites(registry.target)] as const
    await hold(session, 'write', ms)
    // What waited has its turn.
    await sleep(1_000)
    const [reads, writes] = await Promise.all(watching.map((each) => each.stop()))
    if (!reads || !writes) throw new Error('two were watched')
    for (const failure of [...reads.failures, ...writes.failures]) report(failure)
    slowest.read = Math.max(slowest.read, reads.slowestMs)
    slowest.write = Math.max(slowest.write, writes.slowestMs)
    busy += writes.busy
    await session.check('recent')
    context.say(`locked for ${ms} ms: ${totals.acked} acknowledged, ${problems.length} problems`)
  }
  if (slowest.read > slowestReadMs) report(`a read took ${slowest.read} ms under a lock`)
  if (slowest.write > slowestWriteMs) report(`a write took ${slowest.write} ms under a lock`)
  // The shortest lock is waited for; a watch that saw no write wait has seen nothing.
  if (slowest.write < Math.min(...holds) / 2) report(`no write waited: the slowest took ${slowest.write} ms`)
  return {
    locks: holds.length,
    'slowest read under a lock in ms': slowest.read,
    'slowest write under a lock in ms': slowest.write,
    'told that it was busy': busy,
  }
}

interface Watched {
  slowestMs: number
  answers: number
  /** Answers of the server that it was too busy. */
  busy: number
  /** Any other refusal. */
  readonly failures: string[]
}

/** Asks again and again, until stopped. */
function watch(pauseMs: number, ask: (watched: Watched) => Promise<void>) {
  const stopping = new AbortController()
  const watched: Watched = { slowestMs: 0, answers: 0, busy: 0, failures: [] }
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const startMs = performance.now()
      await ask(watched)
      watched.answers++
      watched.slowestMs = Math.max(watched.slowestMs, Math.round(performance.now() - startMs))
      await sleep(pauseMs)
    }
  })()
  return {
    stop: async (): Promise<Watched> => {
      stopping.abort()
      await done
      return watched
    },
  }
}

/** Readers do not need the lock. */
const watchReads = (target: Target) =>
  watch(50, async ({ failures }) => {
    const { status, body } = await send(target, { method: 'GET', path: '/v2/faults/one/tags/list' })
    if (status !== 200) failures.push(`a read was answered ${status} ${body.toString()}`)
  })

/** Writers wait, or are told to come again. */
const watchWrites = (target: Target) =>
  watch(50, async (watched) => {
    const answer = await send(target, { method: 'POST', path: '/v2/faults/one/blobs/uploads/' })
    if (answer.status === 202) await endUpload(target, locationOf(answer, target), watched)
    else noteRefusal(watched, answer)
  })

async function endUpload(target: Target, path: string, watched: Watched): Promise<void> {
  const answer = await send(target, { method: 'DELETE', path })
  if (answer.status !== 204) noteRefusal(watched, answer)
}

function noteRefusal(watched: Watched, { status, body }: { readonly status: number; readonly body: Buffer }): void {
  if (status >= 500 && body.includes('storage is busy')) watched.busy++
  else watched.failures.push(`a write was answered ${status} ${body.toString()}`)
}

/** The log grows while somebody reads an old moment, and no more when that is over. */
async function underReader(context: FaultContext, session: Session): Promise<FaultResult['figures']> {
  const log = join(session.registry.dataDir, 'metadata.db-wal')
  const bytes = () => statSync(log).size
  session.goOn()
  const [beforeBytes, beforeAcked] = [bytes(), session.totals.acked]
  await hold(session, 'read', context.seconds * 1000)
  const [heldBytes, heldAcked] = [bytes(), session.totals.acked]
  // As much again, without the reader.
  const enough = heldAcked + Math.max(50, heldAcked - beforeAcked)
  const deadlineMs = Date.now() + 4 * context.seconds * 1000
  while (session.totals.acked < enough && Date.now() < deadlineMs) await sleep(100)
  const afterBytes = bytes()
  // Less than a quarter of what came under the reader, or what a checkpoint leaves anyway: then it was begun anew.
  const grownMax = Math.max((heldBytes - beforeBytes) / 4, 4 * MiB)
  if (afterBytes > Math.min(heldBytes + grownMax, Math.max(heldBytes, logBytesMax))) {
    const text = `the log has ${afterBytes} bytes, after ${heldBytes} when the reader went`
    session.problems.push({ rule: 'F14', text })
  }
  context.say(
    `a reader for ${context.seconds} s: the log grew from ${beforeBytes} to ${heldBytes} bytes, then ${afterBytes}`,
  )
  return {
    'acknowledged beside a reader': heldAcked - beforeAcked,
    'largest log in MiB': Math.round(Math.max(heldBytes, afterBytes) / MiB),
  }
}

/** Another process holds the database for so long. */
async function hold({ registry }: Session, kind: 'write' | 'read', ms: number): Promise<void> {
  const script = fileURLToPath(new URL('../hold-database.ts', import.meta.url))
  const args = [script, join(registry.dataDir, 'metadata.db'), kind, String(ms)]
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: holder.stdout }).on('line', (line) => lines.push(line))
  const [code] = (await once(holder, 'close')) as [number | null]
  if (code !== 0 || lines.join() !== 'held,released')
    throw new Error(`the holder of the database ended with ${String(code)}`)
}
