// F1c: the server dies exactly at each point between two steps of a write, where docs/storage-layout.md says what that leaves behind.

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { DiskPoint } from '../../src/storage/disk.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { startScript } from '../server.ts'
import { openSession, type Session } from '../session.ts'
import { merge, slowestReady } from '../turns.ts'

/** A record, so that a new point does not compile before it is here. */
const points: Readonly<Record<DiskPoint, true>> = {
  'blob:before-write': true,
  'blob:before-fsync': true,
  'blob:after-fsync': true,
  'blob:before-rename': true,
  'blob:after-rename': true,
  'blob:before-dirsync': true,
  'blob:after-dirsync': true,
  'blob:before-remove': true,
}

const hookedServer = fileURLToPath(new URL('../server-with-hooks.ts', import.meta.url))
/** A machine that does other things may take long to send a layer twice. */
const patienceMs = 60_000

export const f1cPoints: FaultTest = {
  id: 'F1c',
  title: 'Death at each point of a write',
  needs: {},
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    let sum: FaultResult = { figures: {}, problems: [] }
    for (let nth = 1; nth <= (context.quick ? 1 : 8); nth++) {
      sum = merge(sum, await dieEverywhere(context, nth))
      context.say(`at each point the ${nth}th time: ${sum.problems.length} problems`)
    }
    return sum
  },
}

/** One life after the other on the same directory, each ended at the next point the `nth` time that it is reached. */
async function dieEverywhere(context: FaultContext, nth: number): Promise<FaultResult> {
  const names = Object.keys(points)
  let life = 0
  const entry = (): readonly string[] => {
    const point = names[life++]
    return point === undefined ? [startScript, 'serve'] : [hookedServer, '--die-at', point, '--nth', String(nth)]
  }
  const session = await openSession(context, { name: `points-${nth}`, server: { entry } })
  try {
    let deaths = 0
    session.startPushers(2)
    for (const point of names) {
      session.goOn()
      if (await diesByItself(session, point === 'blob:before-remove')) deaths++
      else session.problems.push({ rule: 'harness', text: `${point} was not reached ${nth} times` })
      await session.kill()
      await session.restart()
      await session.check('recent')
    }
    await session.stopPushers()
    await session.check('all')
    const figures = { 'deaths at a point': deaths, ...session.figures(), ...slowestReady(session.registry) }
    return { figures, problems: session.problems }
  } finally {
    await session.close()
  }
}

/** Waits for the death of the server. A file is removed only when something collects: what was sent twice is in the trash at once. */
async function diesByItself({ registry }: Session, collects: boolean): Promise<boolean> {
  const isDead = (): boolean => registry.process().outcome() !== undefined
  for (const startMs = Date.now(); Date.now() - startMs < patienceMs && !isDead();) {
    await Promise.race([sleep(500), registry.process().ended])
    // It fails when the server dies under it, as it is to.
    if (collects && !isDead()) await registry.collect().catch(() => undefined)
  }
  return isDead()
}
