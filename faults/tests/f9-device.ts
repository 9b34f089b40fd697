// F9: the disk fails for half a second: syncs, reads or writes, of layers or of the database, and what a failed sync did not write is lost.
// Nothing is acknowledged that rests on it, nothing wrong is delivered, and a server whose database could not be written ends itself,
// with a clear line, and recovers.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { type FailingCall, type FailingCalls, openFailingCalls } from '../fail-calls.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { readOne } from '../read-one.ts'
import { openSession, type Session } from '../session.ts'
import { slowestReady } from '../turns.ts'

interface Window {
  readonly what: string
  readonly call: FailingCall
  readonly part: string
  /** Whether the server has to end itself. */
  readonly ends: boolean
}

const windows: readonly Window[] = [
  { what: 'sync of layers', call: 'sync', part: '/uploads/', ends: false },
  { what: 'sync of names of layers', call: 'sync', part: '/data/blobs/', ends: false },
  { what: "sync of the database's log", call: 'sync', part: '/metadata.db-wal', ends: true },
  { what: 'writes of layers', call: 'write', part: '/uploads/', ends: false },
  { what: "writes of the database's log", call: 'write', part: '/metadata.db-wal', ends: true },
  { what: 'reads of layers', call: 'read', part: '/data/blobs/', ends: false },
]
const rounds = { quick: 1, full: 10 } as const
const windowMs = 500
const pushers = 4
/** How soon a server that can not trust its database ends. */
const endMs = 10_000
/** Between the failure of a call and the moment it was noted, and the clocks of two processes. */
const clockMs = 5

export const f9Device: FaultTest = {
  id: 'F9',
  title: 'Device errors',
  needs: { programs: ['cc'] },
  seconds: { quick: 1, full: 1 },
  goals: { 'windows of 0.5 s': 60 },
  run: async (context) => {
    const calls = openFailingCalls(context.directory)
    const session = await openSession(context, {
      name: 'device',
      server: { env: calls.env, flags: ['--collect-minutes', '0'] },
      errorsExpected: true,
    })
    try {
      return await failAgainAndAgain(context, session, calls)
    } finally {
      await session.close()
    }
  },
}

async function failAgainAndAgain(context: FaultContext, session: Session, calls: FailingCalls): Promise<FaultResult> {
  const { quick, say } = context
  const { problems } = session
  session.startPushers(pushers)
  await sleep(1_000)
  let [count, ends] = [0, 0]
  for (let round = 0; round < rounds[quick ? 'quick' : 'full']; round++) {
    for (const window of windows) {
      if (problems.length > 0) break
      count++
      if (await failOnce(session, calls, window)) ends++
    }
    say(`${count} windows, ${calls.failed().length} calls failed, ${problems.length} problems`)
  }
  await session.stopPushers()
  await session.check('all')
  const failed = Object.entries(Object.groupBy(calls.failed(), ({ call, path }) => `${call} of ${kindOf(path)}`))
  return {
    figures: {
      'windows of 0.5 s': count,
      ...Object.fromEntries(failed.map(([what, all = []]) => [`failed: ${what}`, all.length])),
      'ends of the server': ends,
      ...session.figures(),
      ...slowestReady(session.registry),
    },
    problems,
  }
}

/** Gives whether the server ended. */
async function failOnce(session: Session, calls: FailingCalls, window: Window): Promise<boolean> {
  const { registry, journal, problems, gate } = session
  const report = (text: string) => problems.push({ rule: 'F9', text: `${window.what}: ${text}` })
  session.goOn()
  await sleep(300)
  const before = calls.failed().length
  const reading = window.call === 'read' ? readAgain(session) : undefined
  calls.begin(window.call, window.part)
  // On a busy machine half a second may pass without the call that is meant.
  for (const startMs = Date.now(); Date.now() - startMs < windowMs || calls.failed().length === before;) {
    if (Date.now() - startMs > endMs) break
    await sleep(50)
  }
  if (window.ends) await Promise.race([registry.process().ended, sleep(endMs)])
  calls.end()
  await reading?.stop()
  const failed = calls.failed().slice(before)
  if (failed.length === 0) report('no call failed')
  const outcome = registry.process().outcome()
  if (!window.ends) {
    if (outcome !== undefined) report(`the server ended with ${outcome}`)
    gate.shut()
    await session.check('recent')
    return false
  }
  const firstMs = failed[0]?.atMs ?? 0
  if (outcome === undefined) {
    report('the server goes on')
    return false
  }
  if (outcome === 0 || typeof outcome === 'string') report(`the server ended with ${outcome}`)
  if (!/"level":"fatal".*database/.test(readFileSync(registry.logFile, 'utf8'))) report('the log does not say why')
  // Whatever begins after the failure needs the database: nothing of it may be promised by that process.
  for (const { attempt, outcome: end, startedAtMs } of journal.entries().slice(-200)) {
    if (end === 'ack' && startedAtMs > firstMs + clockMs) report(`a ${attempt.kind} was acknowledged after it`)
  }
  await session.restart()
  await session.check('recent')
  return true
}

/** Reads what was pushed while the disk does not give it: it may be refused, and must not be wrong. */
function readAgain({ registry, journal, problems }: Session) {
  const stopping = new AbortController()
  const done = (async () => {
    const blobs = journal.entries().filter(({ attempt, outcome }) => attempt.kind === 'blob' && outcome === 'ack')
    while (!stopping.signal.aborted) {
      for (const { attempt } of blobs.slice(-20)) {
        if (attempt.kind === 'blob') problems.push(...(await readOne(registry.target, attempt)))
        await sleep(10)
      }
      await sleep(10)
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}

function kindOf(path: string): string {
  if (path.includes('metadata.db')) return "the database's log"
  return path.includes('/uploads/') ? 'layers that come' : 'layers that are there'
}
