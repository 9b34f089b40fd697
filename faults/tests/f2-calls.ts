// F2: the n-th system call of a push fails, or the server dies at it, for n = 1, 2, 3 ... until a push goes through untouched. Random kills
// almost never hit the moment between a truncation and a write; this hits each of them.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { createClient, type Client } from '../client.ts'
import type { FaultContext, FaultTest, Problem } from '../fault-test.ts'
import { makeImage, openLayerSource } from '../images.ts'
import { openSession, type Session } from '../session.ts'
import { patience, slowestReady } from '../turns.ts'
import { inject, type Injection } from '../strace.ts'

const [kill, eio, enospc, eintr] = ['signal=KILL', 'error=EIO', 'error=ENOSPC', 'error=EINTR'] as const

type Plan = Omit<Injection, 'nth'>

/** The threads that touch the disk: the one of the pool for layers, as there is to be only one, and the writer of the database. */
const [files, database] = ['libuv-worker', 'database writer']

/**
 * A thread for each plan: a call that fails in both at once would hide one failure behind the other. Errors only for calls that are about
 * files: `write` is what the event loop wakes itself and answers with, and to fail there says nothing about storage. Death comes anywhere.
 */
const plans: readonly Plan[] = [
  { call: 'write', action: kill },
  ...[kill, eio, enospc, eintr].flatMap((action) => [
    ...['fsync', 'rename', 'pwrite64', 'unlink', 'openat'].map((call) => ({ call, action, thread: files })),
    ...['fsync', 'pwrite64'].map((call) => ({ call, action, thread: database })),
  ]),
  ...['ftruncate', 'mkdir'].map((call) => ({ call, action: eio, thread: files })),
]
const quickPlans: readonly Plan[] = [
  { call: 'rename', action: kill, thread: files },
  { call: 'fsync', action: kill, thread: database },
  { call: 'fsync', action: eio, thread: files },
]

const tag = 'moved'
const nthMax = 25

export const f2Calls: FaultTest = {
  id: 'F2',
  title: 'Death or an error at the n-th system call',
  needs: { programs: ['strace'] },
  seconds: { quick: 8, full: 540 },
  goals: { 'deaths of the server': 60 },
  peers: true,
  run: async (context) => {
    const { kind, quick, whole, seed, seconds } = context
    const session = await openSession(context, {
      name: 'calls',
      // So that calls come one after the other.
      server: { env: { UV_THREADPOOL_SIZE: '1' } },
      errorsExpected: true,
    })
    try {
      const layers = openLayerSource(`${seed}/calls`, 0.3, 64 * 1024)
      const client = createClient('client', clientOptions(session), context.random.fork('client'), session.totals)
      const push = pusherOf({ context, layers, client })
      // So that there is a tag to be moved.
      await push()
      const deadlineMs = Date.now() + seconds * (whole ? patience : 1) * 1000
      const chosen = kind === 'stowage' ? (quick ? quickPlans : plans) : [linkPlan(session)]
      const counts: Counts = { injected: 0, deaths: 0, ended: 0, unfinished: [] }
      for (const [index, plan] of chosen.entries()) {
        // Each has its share of what time is left.
        const untilMs = Date.now() + (deadlineMs - Date.now()) / (chosen.length - index)
        await tryEach(context, session, { plan, push, counts, deadlineMs: untilMs, nthMax: quick ? 2 : nthMax })
        context.say(
          `${plan.call} ${plan.action} in ${plan.thread ?? 'any thread'}: ${counts.injected} calls so far, ${session.problems.length} problems`,
        )
      }
      await session.check('all')
      const { injected, deaths, ended, unfinished } = counts
      const more = unfinished.length > 0 ? { 'not to the end': unfinished.join(', ') } : {}
      const figures = {
        'calls tampered with': injected,
        'deaths of the server': deaths,
        'ends of its own': ended,
        ...more,
      }
      return {
        figures: { ...figures, ...session.figures(), ...slowestReady(session.registry) },
        problems: session.problems,
      }
    } finally {
      await session.close()
    }
  },
}

/** The other registry keeps a tag in a file of its own; this is where it can be caught. */
function linkPlan({ registry }: Session): Plan {
  const repository = join(registry.dataDir, 'registry/docker/registry/v2/repositories/faults/one')
  return { call: 'write', action: kill, path: join(repository, `_manifests/tags/${tag}/current/link`) }
}

const clientOptions = ({ registry, journal, gate }: Session) => ({
  target: registry.target,
  ecr: registry.ecr,
  journal,
  repositories: ['faults/one', 'faults/two'],
  turn: gate.turn,
  signal: AbortSignal.abort(),
})

interface Pusher {
  readonly context: FaultContext
  readonly layers: ReturnType<typeof openLayerSource>
  readonly client: Client
}

/** Each time a new image under the same tag, and the one before the last one is deleted. Gives whether all of it was acknowledged. */
function pusherOf({ context, layers, client }: Pusher): () => Promise<boolean> {
  const random = context.random.fork('images')
  const pushed: string[] = []
  let count = 0
  return async () => {
    const image = makeImage(`calls/${count++}`, layers, random)
    const repository = 'faults/one'
    const done = await client.push(image, { repository, tag, byApi: random.chance(0.2) })
    pushed.push(image.digest)
    const old = pushed.length > 2 && context.kind === 'stowage' ? pushed.shift() : undefined
    return (old === undefined || (await client.remove(repository, old))) && done
  }
}

interface Counts {
  injected: number
  deaths: number
  ended: number
  readonly unfinished: string[]
}

interface Trying {
  readonly plan: Plan
  readonly push: () => Promise<boolean>
  readonly counts: Counts
  readonly deadlineMs: number
  readonly nthMax: number
}

async function tryEach(context: FaultContext, session: Session, trying: Trying): Promise<void> {
  const { plan, push, counts, deadlineMs } = trying
  const { registry } = session
  for (let nth = 1; session.problems.length === 0; nth++) {
    if (nth > trying.nthMax || Date.now() > deadlineMs) {
      counts.unfinished.push(`${plan.call} ${plan.action} ${plan.thread ?? ''} from ${nth}`)
      return
    }
    const injection: Injection = { ...plan, nth }
    const tracing = await inject(registry.process().pid, injection, join(context.directory, 'strace.txt'))
    session.goOn()
    const unknownBefore = session.totals.unknown
    const acked = (await push()) && session.totals.unknown === unknownBefore
    // What was sent twice is in the trash, and a file is unlinked.
    await registry.collect().catch(() => undefined)
    const { calls, tampered } = await tracing.detach()
    // Killed, it ends at once; one that gives up writes its last lines first.
    if (tampered.length > 0) await Promise.race([registry.process().ended, sleep(plan.action === kill ? 10_000 : 300)])
    const outcome = registry.process().outcome()
    counts.injected += tampered.length
    if (outcome !== undefined) counts[outcome === 'SIGKILL' ? 'deaths' : 'ended']++
    if (outcome === undefined && acked) session.problems.push(...acknowledgedLies(tampered, calls))
    // A server that saw an error may have to be started again to be whole: it ends itself then.
    if (outcome !== undefined) await session.restart()
    await session.check('recent')
    if (tampered.length === 0) return
  }
}

/** A failed fsync of what a push is about must not be followed by success; one that was only interrupted may be, when it was repeated. */
function acknowledgedLies(tampered: readonly string[], calls: readonly string[]): readonly Problem[] {
  return tampered
    .filter((line) => {
      const [, path] = /fsync\(\d+<([^>]*(?:\/uploads\/|\/blobs\/|metadata\.db-wal)[^>]*)>/.exec(line) ?? []
      if (path === undefined) return false
      const later = calls.slice(calls.indexOf(line) + 1)
      return !(line.includes('EINTR') && later.some((call) => call.includes(`<${path}>`) && /\) += 0$/.test(call)))
    })
    .map((line) => ({ rule: 'F2', text: `all was acknowledged after ${line}` }))
}
