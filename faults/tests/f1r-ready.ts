// F1r: how soon a server that was killed serves again, with many images.

import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openFewLayers } from '../images.ts'
import { pushAll } from '../push-all.ts'
import { openSession, type Session } from '../session.ts'
import { slowestReady, tooSlow } from '../turns.ts'

const images = { quick: 150, full: 10_000 } as const
const kills = { quick: 2, full: 10 } as const
const pushers = 8

export const f1rReady: FaultTest = {
  id: 'F1r',
  title: 'Ready again after SIGKILL, with many images',
  needs: {},
  seconds: { quick: 1, full: 1 },
  goals: { 'images there': images.full },
  run: async (context) => {
    const session = await openSession(context, { name: 'ready' })
    try {
      return await killAmongMany(context, session)
    } finally {
      await session.close()
    }
  },
}

async function killAmongMany(context: FaultContext, session: Session): Promise<FaultResult> {
  const { quick, random, seed, say } = context
  const size = quick ? 'quick' : 'full'
  const layers = openFewLayers(`${seed}/ready`, 20, 8 * 1024)
  const there = await pushAll(context, session, { count: images[size], layers })
  say(`${there.length} images are there`)
  session.startPushers(pushers)
  for (let count = 0; count < kills[size]; count++) {
    session.goOn()
    await sleep(random.between(300, 1_500))
    await session.kill()
    await session.restart()
  }
  await session.stopPushers()
  await session.check('recent')
  // The first start was that of an empty directory.
  const registry = { ...session.registry, readyMs: session.registry.readyMs.slice(1) }
  return {
    figures: {
      'images there': there.length,
      kills: kills[size],
      ...session.figures(),
      'middle start in ms': Math.round(registry.readyMs.toSorted((one, other) => one - other)[kills[size] >> 1] ?? 0),
      ...slowestReady(registry),
    },
    // As in F1: a start that other tests slow down says nothing.
    problems: quick ? session.problems : [...session.problems, ...tooSlow(registry)],
  }
}
