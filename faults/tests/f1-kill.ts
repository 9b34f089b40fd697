// F1: SIGKILL at random moments, under pushers that go on. Nothing acknowledged is lost, nothing half is seen, and the server is ready soon.

import { setTimeout as sleep } from 'node:timers/promises'

import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { openSession } from '../session.ts'
import { inTurns, slowestReady, tooSlow } from '../turns.ts'

const pushers = 8
/** Kills on one directory: it does not grow without end, and the last look reads all of it. */
const killsPerSession = 25

const goals = { kills: 200, 'pushes acknowledged': 5_000 }

export const f1Kill: FaultTest = {
  id: 'F1',
  title: 'SIGKILL at random',
  needs: {},
  seconds: { quick: 5, full: 600 },
  peers: true,
  goals,
  run: (context) =>
    inTurns(
      context,
      async (deadlineMs, turn) => {
        const session = await openSession(context, { name: `kill-${turn}` })
        try {
          return await killAgainAndAgain(context, session, deadlineMs)
        } finally {
          await session.close()
        }
      },
      goals,
    ),
}

async function killAgainAndAgain(
  { random, say, quick }: FaultContext,
  session: Awaited<ReturnType<typeof openSession>>,
  deadlineMs: number,
): Promise<FaultResult> {
  let kills = 0
  session.startPushers(pushers)
  do {
    await sleep(random.between(300, 3000))
    await session.kill()
    kills++
    await session.restart()
    await session.check('recent')
    session.goOn()
    say(`${kills} kills, ${session.totals.acked} acknowledged, ${session.problems.length} problems`)
  } while (kills < killsPerSession && Date.now() < deadlineMs && session.problems.length === 0)
  await session.stopPushers()
  await session.check('all')
  return {
    figures: { kills, ...session.figures(), ...slowestReady(session.registry) },
    // Too few starts say nothing of the usual one.
    problems: quick ? session.problems : [...session.problems, ...tooSlow(session.registry)],
  }
}
