// F16: backups under load. Each is restored into a directory of its own, looked through byte by byte, served, and compared with what had been
// acknowledged when the backup began; what was under way while it was made may be in it or not, but whole.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { checkImages } from '../check-images.ts'
import { checkListings } from '../check-listings.ts'
import { expectationsFrom } from '../expectations.ts'
import type { FaultContext, FaultResult, FaultTest, Problem } from '../fault-test.ts'
import { isCollected } from '../is-collected.ts'
import type { Entry } from '../journal.ts'
import type { Memory } from '../pusher.ts'
import { createReader } from '../reader.ts'
import { openStowageServer, runStowage } from '../server.ts'
import { openSession, type Session } from '../session.ts'

const rounds = { quick: 1, full: 20 } as const
const [pushers, deleters] = [4, 1]
const betweenMs = { quick: 1_500, full: 3_000 } as const
const repositories = ['faults/one', 'faults/two', 'faults/three']

export const f16Backup: FaultTest = {
  id: 'F16',
  title: 'Backup under load',
  needs: {},
  seconds: { quick: 1, full: 1 },
  goals: { 'backups that restored clean': rounds.full },
  run: async (context) => {
    // The collector takes away what the backup is about to copy, unless it is told not to.
    const flags = ['--lease-hours', '0.0003', '--collect-minutes', '0.005']
    const session = await openSession(context, {
      name: 'original',
      server: { flags },
      pushing: { mayRepeat: isCollected, triesMax: 10 },
      shortLeases: true,
    })
    try {
      return await backUpAgainAndAgain(context, session)
    } finally {
      await session.close()
    }
  },
}

async function backUpAgainAndAgain(context: FaultContext, session: Session): Promise<FaultResult> {
  const count = rounds[context.quick ? 'quick' : 'full']
  const { journal, problems } = session
  const memory: Memory = { pushed: [] }
  session.startPushers(pushers, { memory })
  session.startPushers(deleters, { memory, mix: { remove: 0.4 } })
  let [clean, slowestMs, layers] = [0, 0, 0]
  for (let round = 1; round <= count && problems.length === 0; round++) {
    await sleep(betweenMs[context.quick ? 'quick' : 'full'])
    const from = journal.place()
    const startMs = performance.now()
    // Most of them add to the one before, as they are meant to.
    const backup = join(context.directory, round % 5 === 4 ? 'backup-b' : 'backup-a')
    const made = await runStowage(['backup', backup, '--data', session.registry.dataDir, '--json'])
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
    const to = journal.place()
    if (made.code !== 0) problems.push({ rule: 'F16', text: `stowage backup ended with ${made.code}: ${made.stderr}` })
    else {
      // What `--json` prints of a backup.
      layers = (JSON.parse(made.stdout) as { readonly layers: number }).layers
      // Pushes have to wait: two servers and a checker are enough for this machine.
      session.gate.shut()
      problems.push(...(await checkRestored(context, backup, asOf(journal.entries(), from, to), round)))
      session.goOn()
    }
    if (problems.length === 0) clean++
    context.say(`backup ${round} of ${layers} layers, ${problems.length} problems`)
  }
  await session.stopPushers()
  await session.check('all')
  return {
    figures: {
      ...session.figures(),
      'backups that restored clean': clean,
      'layers in the last one': layers,
      'slowest backup in ms': Math.round(slowestMs),
    },
    problems,
  }
}

/** The journal as a backup may know it that was begun at `from` and done at `to`. */
function asOf(entries: readonly Entry[], from: number, to: number): readonly Entry[] {
  return entries
    .filter((entry) => entry.startedAt < to)
    .map((entry) =>
      entry.endedAt < from || entry.outcome === 'fail' ? entry : { ...entry, outcome: 'unknown', endedAt: Infinity },
    )
}

async function checkRestored(
  context: FaultContext,
  backup: string,
  entries: readonly Entry[],
  round: number,
): Promise<readonly Problem[]> {
  const dataDir = join(context.directory, `restored-${round}`)
  const restored = await runStowage(['restore', backup, '--data', dataDir])
  if (restored.code !== 0)
    return [{ rule: 'F16', text: `stowage restore ended with ${restored.code}: ${restored.stdout}${restored.stderr}` }]
  const checked = await runStowage(['fsck', '--deep', '--json', '--data', dataDir])
  if (checked.code !== 0)
    return [{ rule: 'C7', text: `stowage fsck --deep of backup ${round}: ${checked.stdout.slice(0, 2000)}` }]
  const logFile = join(context.directory, `restored-${round}.log`)
  const registry = await openStowageServer({ dataDir, logFile, repositories, onBody: () => undefined })
  try {
    const { target, ecr } = registry
    const asked = { reader: createReader(target), expectations: expectationsFrom(entries), isMeant: () => true }
    const problems = [
      ...(await checkImages({ ...asked, layersLast: false })),
      ...(await checkListings({ ...asked, target, ecr, repositories, clockMoves: false })),
    ]
    if (problems.length === 0) rmSync(dataDir, { recursive: true })
    return problems.map(({ rule, text }) => ({ rule, text: `backup ${round}: ${text}` }))
  } finally {
    await registry.close()
  }
}
