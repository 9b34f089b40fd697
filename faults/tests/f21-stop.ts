// F21: a graceful stop with uploads in flight. What can finish within the time given finishes, what can not is cut, nothing new is taken,
// and what was acknowledged is there afterwards.

import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { ask, locationOf, type Target } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession, type Session } from '../session.ts'
import { merge } from '../turns.ts'
import { slowly } from '../uploads.ts'

const stopSeconds = 6
/** Beyond `stopSeconds`: closing the stores. */
const closingMs = 4_000
const [pieces, pieceBytes] = [24, 16 * 1024]
const repository = 'faults/one'

export const f21Stop: FaultTest = {
  id: 'F21',
  title: 'Graceful stop with uploads in flight',
  needs: {},
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    let sum: FaultResult = { figures: {}, problems: [] }
    for (let round = 0; round < (context.quick ? 1 : 20); round++) {
      sum = merge(sum, await stopOnce(context, round))
      context.say(`stop ${round + 1}: ${sum.problems.length} problems`)
      if (sum.problems.length > 0) break
    }
    return sum
  },
}

/** How an upload ended for its client. */
type End = 'acknowledged' | 'refused' | 'cut'

async function stopOnce(context: FaultContext, round: number): Promise<FaultResult> {
  const { random } = context
  const session = await openSession(context, {
    name: `stop-${round}`,
    server: { flags: ['--stop-seconds', String(stopSeconds)] },
  })
  const { registry, problems } = session
  const report = (text: string) => problems.push({ rule: 'F21', text })
  try {
    const begun = await Promise.all(Array.from({ length: context.quick ? 20 : 50 }, () => beginUpload(registry.target)))
    // Most end long before the server may cut them, on a busy machine too; some can not: their last bytes come after `stopSeconds`.
    const uploads = begun.map(async (location, index) => {
      const isLong = index % 10 === 0
      const lastsMs = isLong ? (stopSeconds + 6) * 1000 : random.between(1_000, 2_500)
      return { isLong, end: await uploadSlowly(session, location, `${context.seed}/${round}/${index}`, lastsMs) }
    })
    await sleep(random.between(300, 700))
    const startMs = performance.now()
    registry.process().signal('SIGTERM')
    await untilStopping(registry.logFile)
    await sleep(300)
    const newcomers = await Promise.all(Array.from({ length: 5 }, () => comeNew(registry.target)))
    const outcome = await registry.process().ended
    const tookMs = Math.round(performance.now() - startMs)
    const ends = await Promise.all(uploads)
    if (outcome !== 0) report(`the server ended with ${outcome}`)
    if (tookMs > stopSeconds * 1000 + closingMs) report(`the stop took ${tookMs} ms with --stop-seconds ${stopSeconds}`)
    for (const { end, isLong } of ends) {
      if (!isLong && end !== 'acknowledged') report(`an upload that had the time to finish was ${end}`)
      if (isLong && end === 'acknowledged') report('an upload was acknowledged whose bytes had not all been sent')
    }
    for (const status of newcomers) {
      if (status !== 'refused' && status !== 503) report(`a request that came after SIGTERM was answered ${status}`)
    }
    await session.restart()
    await session.check('all')
    const finished = ends.filter(({ end }) => end === 'acknowledged').length
    const figures = {
      stops: 1,
      'uploads finished': finished,
      'uploads cut': ends.length - finished,
      'slowest stop in ms': tookMs,
    }
    return { figures: { ...session.figures(), ...figures }, problems }
  } finally {
    await session.close()
  }
}

/** A signal takes its time on a busy machine; who comes before it is heard comes in time. */
async function untilStopping(logFile: string): Promise<void> {
  const givenUpAtMs = performance.now() + stopSeconds * 1000
  while (!readFileSync(logFile, 'utf8').includes('"stopping"') && performance.now() < givenUpAtMs) await sleep(20)
}

/** Gives where the bytes are to be sent. */
async function beginUpload(target: Target): Promise<string> {
  return locationOf(await ask(target, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` }, 202), target)
}

/** One layer, sent within about `lastsMs`, and completed by the same request. */
async function uploadSlowly(
  { registry, journal }: Session,
  location: string,
  seed: string,
  lastsMs: number,
): Promise<End> {
  const { origin, authorization } = registry.target
  const bytes = seededBytes(seed, pieces * pieceBytes)
  const digest = sha256(bytes)
  const pending = journal.attempt('uploads', { kind: 'blob', repository, digest, size: bytes.length })
  const answer = Promise.withResolvers<number>()
  const url = new URL(location, origin)
  url.searchParams.set('digest', digest)
  const outgoing = request(url, {
    method: 'PUT',
    headers: {
      authorization,
      'content-type': 'application/octet-stream',
      'content-length': bytes.length,
    },
  })
  outgoing.once('response', (incoming) => {
    incoming.resume()
    answer.resolve(incoming.statusCode ?? 0)
  })
  // A connection that breaks may say so more than once.
  outgoing.on('error', answer.reject)
  try {
    // A server that cuts the connection ends the pipeline as well; how is for the answer to say.
    const sent = pipeline(Readable.from(slowly(bytes, pieceBytes, lastsMs / pieces)), outgoing).catch(() => undefined)
    const status = await answer.promise
    await sent
    if (status !== 201) {
      pending.lost(String(status))
      return 'refused'
    }
    pending.ack()
    return 'acknowledged'
  } catch (error) {
    pending.lost(String(error))
    return 'cut'
  }
}

/** A connection of its own, as one that comes only now: what it is told, or that nobody is there. */
async function comeNew({ origin }: Target): Promise<number | 'refused'> {
  const { promise, resolve } = Promise.withResolvers<number | 'refused'>()
  const outgoing = request(
    new URL('/readyz', origin),
    { agent: false, signal: AbortSignal.timeout(10_000) },
    (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode ?? 0)
    },
  )
  outgoing.on('error', () => resolve('refused'))
  outgoing.end()
  return promise
}
