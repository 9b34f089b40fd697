// F3: the power goes. Everything acknowledged is there when it is back, on ext4 and on xfs. Half of the cuts are aimed at the moment after
// an acknowledgement, while everybody stands still: what was only promised to the disk is then most likely not on it.
//
// In a third of the turns the database is on another disk, which keeps its power. Node's SQLite calls fsync, not fdatasync, and on one
// file system that makes every earlier change of a name durable as well: a forgotten sync of a directory would never be seen there.

import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { cachedBytes } from '../../src/storage/disk-pieces.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { forgetSync } from '../forget-sync.ts'
import { openLayerSource, withLarge } from '../images.ts'
import type { Attempt } from '../journal.ts'
import { type FileSystem, openPowerDisk, type PowerDisk, powerPrograms } from '../power-disk.ts'
import { openSession, type Session } from '../session.ts'
import { inTurns, merge, slowestReady } from '../turns.ts'

/** Cuts on one disk, which is then made anew: it is small. */
const cutsPerDisk = 10
/** Bytes on the small disk are few; the collector is another test's. */
const flags = ['--reserve-mib', '16', '--collect-minutes', '0']
/** Ten turns with large layers fill less than half of it; of what is written nothing is collected. */
const diskMebibytes = 2048
/** Between two cuts. A whole run is to see many acknowledgements, too. */
const longestMs = { short: 1_500, whole: 5_000 } as const
/** A server whose disk is gone may wait for it long. */
const patienceMs = 30_000

/** Where most registries keep their layers; what the other file systems have seen comes on top. */
const goals = { 'power cuts on ext4': 60, 'pushes acknowledged on ext4': 3_000 }

export const f3Power: FaultTest = {
  id: 'F3',
  title: 'Power cut',
  needs: { root: true, programs: powerPrograms },
  seconds: { quick: 4, full: 540 },
  goals,
  peers: true,
  run: (context) =>
    inTurns(
      context,
      (deadlineMs, turn) => onOneDisk(context, places[turn % places.length] ?? together, deadlineMs, turn),
      goals,
    ),
}

/** F3 with a server that does not sync some of its files: it must find that out. `part` is in the paths of those files. */
export async function f3WithLie(context: FaultContext, part: string, place: Place): Promise<FaultResult> {
  const env = forgetSync(context.directory, part)
  return inTurns(context, (deadlineMs, turn) => onOneDisk(context, { ...place, env }, deadlineMs, turn))
}

interface Place {
  readonly fileSystem: FileSystem
  /** The database is on another disk, whose power stays. */
  readonly apart: boolean
  readonly env?: Readonly<Record<string, string>>
}

export const together: Place = { fileSystem: 'ext4', apart: false }
export const apart: Place = { fileSystem: 'ext4', apart: true }
const places: readonly Place[] = [together, { fileSystem: 'xfs', apart: false }, apart]

async function onOneDisk(context: FaultContext, place: Place, deadlineMs: number, turn: number): Promise<FaultResult> {
  const name = `${place.fileSystem}-${turn}`
  const parent = join(context.directory, name)
  mkdirSync(parent, { recursive: true })
  const disk = await openPowerDisk(parent, place.fileSystem, diskMebibytes)
  try {
    const dataDir = join(disk.directory, 'data')
    if (place.apart && context.kind === 'stowage') keepDatabaseIn(join(parent, 'database'), dataDir)
    const server = context.kind === 'stowage' ? { flags, ...(place.env && { env: place.env }) } : {}
    const seed = `${context.seed}/${name}`
    // Larger ones go past the page cache.
    const layers = withLarge(openLayerSource(seed, 0.3), seed, cachedBytes)
    const session = await openSession(context, { name, dataDir, server, layers, errorsExpected: true })
    try {
      const { figures, problems } = await cutAgainAndAgain(context, session, disk, deadlineMs)
      const here = ['power cuts', 'pushes acknowledged'].map((figure) => [
        `${figure} on ${place.fileSystem}`,
        figures[figure] ?? 0,
      ])
      return { figures: { ...figures, ...Object.fromEntries(here) }, problems }
    } finally {
      await session.close()
    }
  } finally {
    await disk.remove()
  }
}

/** SQLite follows the link, and puts its log beside what it finds. */
function keepDatabaseIn(directory: string, dataDir: string): void {
  mkdirSync(directory)
  mkdirSync(dataDir)
  symlinkSync(join(directory, 'metadata.db'), join(dataDir, 'metadata.db'))
}

async function cutAgainAndAgain(
  { random, say, quick, whole }: FaultContext,
  session: Session,
  disk: PowerDisk,
  deadlineMs: number,
): Promise<FaultResult> {
  let [cuts, aimed] = [0, 0]
  do {
    session.startPushers(random.pick([1, 1, 2, 4, 8]) ?? 1)
    session.goOn()
    await sleep(random.between(200, longestMs[whole ? 'whole' : 'short']))
    if (random.chance(0.5) && (await cutAfterAck(session, disk, random.pick(['blob', 'image']) ?? 'blob'))) aimed++
    else {
      session.journal.powerGoes()
      await disk.cut()
    }
    cuts++
    await session.kill()
    await session.stopPushers()
    await disk.remount()
    await session.restart()
    await session.check('recent')
    say(`${cuts} cuts, ${session.totals.acked} acknowledged, ${session.problems.length} problems`)
  } while (cuts < (quick ? 2 : cutsPerDisk) && Date.now() < deadlineMs && session.problems.length === 0)
  await session.check('all')
  const figures = { 'power cuts': cuts, 'cuts right after an answer': aimed, ...session.figures() }
  return merge({ figures, problems: [] }, { figures: slowestReady(session.registry), problems: session.problems })
}

/** Stops everybody at the next acknowledgement of a layer or an image, and cuts. False when none came. */
async function cutAfterAck({ journal, gate }: Session, disk: PowerDisk, kind: Attempt['kind']): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), patienceMs)
  journal.watch((attempt) => {
    if (attempt.kind !== kind) return
    journal.watch(undefined)
    gate.shut()
    journal.powerGoes()
    void disk.cut().then(() => resolve(true), reject)
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    journal.watch(undefined)
  }
}
