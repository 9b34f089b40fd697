// F22: too few descriptors, threads or processor time. The server does less, says so, and is as before when it has enough again; what it
// acknowledges meanwhile holds.

import { readdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { findProgram } from '../../test/support/client.ts'
import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { cgroupReason, openCgroup } from '../cgroup.ts'
import { ask } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession, type Session } from '../session.ts'
import { merge } from '../turns.ts'
import { uploadWhole } from '../uploads.ts'

const descriptors = 64
const holders = 100
const pushers = 4
const holdMs = { quick: 2_000, full: 20_000 } as const
const cpuShare = 0.2
const patienceMs = 15_000

export const f22Limits: FaultTest = {
  id: 'F22',
  title: 'Too few descriptors, threads and processors',
  needs: { programs: ['prlimit'] },
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    let sum = await fewDescriptors(context)
    for (const [kind, run] of [
      ['pids', fewThreads],
      ['cpu', littleTime],
    ] as const) {
      const reason = cgroupReason(kind)
      if (reason !== undefined) context.say(`SKIPPED the limit of ${kind}: ${reason}`)
      // The short form has the first one: the others are about the machine more than about the server.
      else if (!context.quick) sum = merge(sum, await run(context))
    }
    return sum
  },
}

/** Connections take every descriptor that there is. One that was there before asks how the server does. */
async function fewDescriptors(context: FaultContext): Promise<FaultResult> {
  const session = await openSession(context, {
    name: 'descriptors',
    server: { prefix: [findProgram('prlimit') ?? 'prlimit', `--nofile=${descriptors}`] },
    errorsExpected: true,
  })
  const { registry, problems, totals } = session
  const report = (text: string) => problems.push({ rule: 'F22', text })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const sockets: Socket[] = []
  try {
    session.startPushers(pushers)
    await reach(() => totals.acked >= 10)
    if ((await readiness(registry.target.origin, agent)).status !== 200) report('not ready before anything happened')
    const { port } = new URL(registry.target.origin)
    for (let count = 0; count < holders; count++) {
      const socket = connect({ host: '127.0.0.1', port: Number(port) })
      socket.on('error', () => undefined)
      sockets.push(socket)
    }
    await reach(() => freeDescriptors(registry.process().pid) <= 0)
    const least = freeDescriptors(registry.process().pid)
    const seen = new Map<string, number>()
    // Between two looks a push may end, and leave room for just that moment: not three times in a row.
    let readyInARow = 0
    for (
      const startMs = Date.now();
      Date.now() - startMs < holdMs[context.quick ? 'quick' : 'full'];
      await sleep(100)
    ) {
      const free = freeDescriptors(registry.process().pid)
      const { status, text } = await readiness(registry.target.origin, agent)
      const stillFree = freeDescriptors(registry.process().pid)
      seen.set(`${status}`, (seen.get(`${status}`) ?? 0) + 1)
      readyInARow = free <= 0 && stillFree <= 0 && status === 200 ? readyInARow + 1 : 0
      if (readyInARow === 3) report(`ready without a descriptor: ${text.trim()}`)
    }
    if (least > 0) report(`${least} descriptors were left: nothing was tried`)
    if (registry.process().outcome() !== undefined) report(`the server ended with ${registry.process().outcome()}`)
    for (const socket of sockets) socket.destroy()
    await reach(async () => (await readiness(registry.target.origin, agent)).status === 200)
    await mustPush(session, `${context.seed}/descriptors`, report)
    await session.stopPushers()
    await session.check('all')
    const answers = [...seen].map(([status, count]) => `${status}: ${count}`).join(', ')
    return {
      figures: { ...session.figures(), 'descriptors left': least, 'readyz without descriptors': answers },
      problems,
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    agent.destroy()
    await session.close()
  }
}

const freeDescriptors = (pid: number): number => descriptors - readdirSync(`/proc/${pid}/fd`).length

/** No thread more than there are: what wants one fails, and nothing else. */
async function fewThreads(context: FaultContext): Promise<FaultResult> {
  const group = openCgroup({ kind: 'pids', count: 200 })
  try {
    const session = await openSession(context, {
      name: 'threads',
      server: { prefix: group.prefix },
      errorsExpected: true,
    })
    try {
      session.startPushers(pushers)
      await reach(() => session.totals.acked >= 20)
      const threads = readdirSync(`/proc/${session.registry.process().pid}/task`).length
      group.limit({ kind: 'pids', count: threads })
      await sleep(holdMs.full)
      await session.check('recent')
      group.limit({ kind: 'pids', count: 200 })
      session.goOn()
      await mustPush(session, `${context.seed}/threads`, (text) => session.problems.push({ rule: 'F22', text }))
      await session.stopPushers()
      await session.check('all')
      return { figures: { ...session.figures(), 'threads at most': threads }, problems: session.problems }
    } finally {
      await session.close()
    }
  } finally {
    await group.remove()
  }
}

async function littleTime(context: FaultContext): Promise<FaultResult> {
  const group = openCgroup({ kind: 'cpu', share: cpuShare })
  try {
    const session = await openSession(context, { name: 'time', server: { prefix: group.prefix } })
    try {
      session.startPushers(pushers)
      const before = session.totals.acked
      await sleep(holdMs.full)
      const done = session.totals.acked - before
      if (done === 0) session.problems.push({ rule: 'F22', text: `nothing was done with ${cpuShare} of a processor` })
      await session.stopPushers()
      group.limit({ kind: 'cpu', share: 4 })
      await session.check('all')
      const figures = { 'acknowledged with a fifth of a processor': done }
      return { figures: { ...session.figures(), ...figures }, problems: session.problems }
    } finally {
      await session.close()
    }
  } finally {
    await group.remove()
  }
}

async function reach(isThere: () => boolean | Promise<boolean>): Promise<void> {
  for (const startMs = Date.now(); Date.now() - startMs < patienceMs && !(await isThere());) await sleep(50)
}

/** Over the one connection of `agent`: a new one would not be taken. 0 when that is not answered. */
async function readiness(origin: string, agent: Agent): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number; readonly text: string }>()
  const outgoing = request(new URL('/readyz', origin), { agent, signal: AbortSignal.timeout(5_000) }, (incoming) => {
    let text = ''
    incoming.on('data', (piece: Buffer) => (text += piece.toString()))
    incoming.once('close', () => resolve({ status: incoming.statusCode ?? 0, text }))
  })
  outgoing.on('error', (error) => resolve({ status: 0, text: error.message }))
  outgoing.end()
  return promise
}

async function mustPush({ registry, journal }: Session, seed: string, report: (text: string) => void): Promise<void> {
  const bytes = seededBytes(seed, 100_000)
  const blob = { digest: sha256(bytes), size: bytes.length, bytes: () => bytes }
  const what = { kind: 'blob', repository: 'faults/one', digest: blob.digest, size: blob.size } as const
  const pending = journal.attempt('again', what)
  try {
    await uploadWhole(registry.target, what.repository, blob)
    pending.ack()
    await ask(registry.target, { method: 'GET', path: `/v2/${what.repository}/blobs/${blob.digest}` }, 200)
  } catch (error) {
    pending.lost(String(error))
    report(`a push with all that it needs: ${String(error)}`)
  }
}
