// F5: deletes, pushes and the collector at the same time, over the same few layers, with leases so short that a push may lose what it has
// just sent. Such a push may be refused, and is repeated; no image that was acknowledged may ever miss a layer.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openFewLayers } from '../images.ts'
import { isCollected } from '../is-collected.ts'
import type { Memory } from '../pusher.ts'
import { openSession, type Session } from '../session.ts'
import { inTurns, merge } from '../turns.ts'

const [pushers, deleters, layerCount] = [6, 2, 20]
const layerBytesMax = 64 * 1024
const looksPerGrace = 4
/** A client tries again as often as that before it gives up. */
const triesMax = 10
/**
 * With a lease that outlives a push, and then none is given up. A shorter one promises nothing to a push: with a collection every few
 * milliseconds it may lose each time what it has just sent, and the figures say how often; what was acknowledged must be whole all the same.
 */
const [triesAllowed, lastingSeconds] = [3, 2]

const goals = { 'pushes acknowledged': 20_000 }

export const f5Collect: FaultTest = {
  id: 'F5',
  title: 'Deletes, pushes and the collector together',
  needs: {},
  seconds: { quick: 6, full: 600 },
  goals,
  peers: true,
  run: async (context) => {
    // Another registry has no leases.
    const graces = context.kind === 'stowage' ? [0, 0.05, 2] : [0]
    return inTurns(
      context,
      async (_, turn) => {
        let sum: FaultResult = { figures: {}, problems: [] }
        for (const grace of graces)
          sum = merge(sum, await withGrace(context, grace, context.seconds / graces.length, turn))
        return sum
      },
      goals,
    )
  },
}

async function withGrace(
  context: FaultContext,
  graceSeconds: number,
  seconds: number,
  turn: number,
): Promise<FaultResult> {
  const isStowage = context.kind === 'stowage'
  const flags = ['--lease-hours', (graceSeconds / 3600).toFixed(9), '--collect-minutes', '0.0002']
  const session = await openSession(context, {
    name: `grace-${graceSeconds}-${turn}`,
    server: { flags },
    layers: openFewLayers(`${context.seed}/${graceSeconds}/${turn}`, layerCount, layerBytesMax),
    mix: { artifact: 0 },
    pushing: { mayRepeat: isCollected, triesMax },
    shortLeases: true,
  })
  try {
    const memory: Memory = { pushed: [] }
    session.startPushers(pushers, { memory })
    // The other registry never frees what a deleted image named, with this collector; its fault shows without.
    if (isStowage) session.startPushers(deleters, { memory, mix: { remove: 1 } })
    const collections = isStowage ? undefined : collectAgainAndAgain(session)
    for (let look = 0; look < looksPerGrace && session.problems.length === 0; look++) {
      session.goOn()
      await sleep((seconds * 1000) / looksPerGrace)
      await session.check('recent')
      context.say(`lease ${graceSeconds} s: ${session.totals.acked} acknowledged, ${session.problems.length} problems`)
    }
    const ran = await collections?.()
    await session.stopPushers()
    await session.check('all')
    const work = ran ?? collectedBy(session)
    const tries = triesOf(session, graceSeconds)
    return {
      figures: { ...session.figures(), ...work, ...tries.figures },
      problems: [...session.problems, ...tries.problems],
    }
  } finally {
    await session.close()
  }
}

/** Runs the registry's own program in a loop, beside the pushes; gives how to end it, which says how often it ran. */
function collectAgainAndAgain({ registry }: Session): () => Promise<Record<string, number>> {
  const over = new AbortController()
  let [collections, failed] = [0, 0]
  const done = (async () => {
    while (!over.signal.aborted) {
      collections++
      // Its mark fails on what a push makes and removes meanwhile, and before the first one.
      await registry.collect().catch(() => failed++)
    }
  })()
  return async () => {
    over.abort()
    await done
    return { collections, 'collections that failed': failed }
  }
}

/** How often the collector took something, by the server's own log: a test in which it took nothing shows nothing. */
function collectedBy(session: Session): Record<string, number> {
  const lines = readFileSync(session.registry.logFile, 'utf8').split('\n')
  const collections = lines
    .filter((line) => line.includes('"msg":"collected"'))
    // The server's own line: what `onCollected` is told.
    .map((line) => JSON.parse(line) as { readonly layers: number; readonly memberships: number })
  const layers = collections.reduce((sum, each) => sum + each.layers, 0)
  if (layers === 0) session.problems.push({ rule: 'harness', text: 'the collector took nothing away' })
  return { collections: collections.length, 'layers collected': layers }
}

function triesOf({ totals }: Session, graceSeconds: number): FaultResult {
  const most = Math.max(0, ...totals.tries.keys())
  const repeated = [...totals.tries].reduce((sum, [tries, count]) => sum + (tries > 1 ? count : 0), 0)
  const isLasting = graceSeconds >= lastingSeconds
  const problems = [
    ...(isLasting && most > triesAllowed ? [`a push took ${most} tries`] : []),
    ...(isLasting && totals.givenUp > 0 ? [`${totals.givenUp} pushes were given up`] : []),
  ]
  return {
    figures: {
      [`slowest push, tries at ${graceSeconds} s`]: most,
      [`pushes repeated at ${graceSeconds} s`]: repeated,
      [`pushes given up at ${graceSeconds} s`]: totals.givenUp,
    },
    problems: problems.map((text) => ({ rule: 'tries', text: `${text} with a lease of ${graceSeconds} s` })),
  }
}
