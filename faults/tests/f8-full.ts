// F8: the disk is full, of bytes or of files, because of what was pushed or because of others. Everything that was acknowledged can be read
// meanwhile, pushes are told so soon and clearly, deletes go on, a restart works, and the first push after there is room succeeds.

import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { seededBytes, sha256 } from '../../test/support/image-layout.ts'
import { NoAnswerError, RefusedError } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import type { Memory } from '../pusher.ts'
import { openSession, type Session } from '../session.ts'
import { type DiskSize, openSmallDisk, type SmallDisk, smallDiskPrograms } from '../small-disk.ts'
import { merge } from '../turns.ts'
import { uploadWhole } from '../uploads.ts'

const roundsPerDisk = { quick: 1, full: 5 } as const
const disks = { quick: 2, full: 8 } as const
const pushers = 4
const [reserveMib, ballastMib] = [4, 4]
const refusals = 6
/** How soon a push has to be told. */
const tellMs = 5_000
const [fillMs, ballastMs] = [60_000, 60_000]
/** A look at the disk is good for a second, and then a look has to be taken. */
const noticeMs = 1_500

export const f8Full: FaultTest = {
  id: 'F8',
  title: 'Disk full',
  needs: { root: true, programs: smallDiskPrograms },
  seconds: { quick: 1, full: 1 },
  goals: { 'rounds of a full disk': 40 },
  run: async (context) => {
    let sum: FaultResult = { figures: {}, problems: [] }
    for (let disk = 0; disk < disks[context.quick ? 'quick' : 'full'] && sum.problems.length === 0; disk++)
      sum = merge(sum, await onOneDisk(context, disk))
    return sum
  },
}

/** Every second disk has few files rather than few bytes. */
async function onOneDisk(context: FaultContext, number: number): Promise<FaultResult> {
  const name = `full-${number}`
  const parent = join(context.directory, name)
  mkdirSync(parent, { recursive: true })
  const sizes = (round: number): DiskSize =>
    number % 2 === 0 ? { mebibytes: 64 + 24 * round } : { mebibytes: 256 + 24 * round, files: 560 + 150 * round }
  const disk = openSmallDisk(parent, sizes(0))
  try {
    const session = await openSession(context, {
      name,
      dataDir: join(disk.directory, 'data'),
      server: {
        flags: ['--reserve-mib', String(reserveMib), '--ballast-mib', String(ballastMib), '--collect-minutes', '0.005'],
      },
      errorsExpected: true,
    })
    try {
      let sum: FaultResult = { figures: {}, problems: [] }
      const rounds = roundsPerDisk[context.quick ? 'quick' : 'full']
      const memory: Memory = { pushed: [] }
      for (let round = 1; round <= rounds && session.problems.length === 0; round++) {
        sum = merge(sum, await fillAndFree(context, session, { disk, memory, larger: sizes(round) }))
        context.say(`disk ${number + 1}, round ${round}: ${session.problems.length} problems`)
      }
      await session.check('all')
      return { figures: { ...session.figures(), ...sum.figures }, problems: session.problems }
    } finally {
      await session.close()
    }
  } finally {
    await disk.remove()
  }
}

interface Round {
  readonly disk: SmallDisk
  readonly memory: Memory
  readonly larger: DiskSize
}

async function fillAndFree(
  { random, seed, say }: FaultContext,
  session: Session,
  { disk, memory, larger }: Round,
): Promise<FaultResult> {
  const { totals, problems } = session
  const report = (text: string) => problems.push({ rule: 'F8', text })
  // By pushing until it is full, or by others who take the last byte in the middle of pushes.
  const byOthers = larger.files !== undefined || random.chance(0.5)
  if (!(await hasBallast(session))) report('the ballast was not made, though there is room')
  session.startPushers(pushers, { memory })
  session.goOn()
  const [lostBefore, ackedBefore] = [totals.unknown, totals.acked]
  if (byOthers) {
    // There has to be something that could be lost.
    await reach(() => totals.acked >= ackedBefore + 40 || totals.unknown > lostBefore)
    await sleep(random.between(0, 300))
    disk.fill()
    await sleep(noticeMs)
  }
  // A push that got no whole answer was told that there is no room; it is looked at more closely below.
  await reach(() => totals.unknown >= lostBefore + pushers)
  await session.stopPushers()
  const isFull = totals.unknown > lostBefore
  if (!isFull) report('the disk did not become full')
  // What deletes take is not theirs to fill again: it comes out of the ballast.
  if (!byOthers) {
    disk.fill()
    await sleep(noticeMs)
  }
  const slowest = await mustBeRefused(session, `${seed}/${totals.attempts}`, report)
  // The server of a disk without files has to be found by the commands later.
  const restarts = larger.files !== undefined || random.chance(0.3)
  if (restarts) {
    await session.kill()
    await session.restart()
    session.goOn()
  }
  // A start removes what a killed server left: there may be room for a moment.
  await session.check('recent', restarts ? 'either' : 'degraded')
  const deleted = await deleteSome(session, memory)
  say(`full ${byOthers ? 'by others' : 'by pushes'}: ${totals.acked} acknowledged, ${deleted} images deleted`)
  disk.empty()
  disk.resize(larger)
  await sleep(noticeMs)
  await mustBeTaken(session, `${seed}/free/${totals.attempts}`, report)
  await session.check('recent')
  return {
    figures: {
      'rounds of a full disk': 1,
      'of them full by others, or of files': byOthers ? 1 : 0,
      'restarts on a full disk': restarts ? 1 : 0,
      'images deleted on a full disk': deleted,
      'slowest refusal in ms': slowest,
    },
    problems: [],
  }
}

async function reach(isThere: () => boolean): Promise<void> {
  for (const startMs = Date.now(); Date.now() - startMs < fillMs && !isThere();) await sleep(20)
}

/** Made soon after a start, and again with what is written when there is room. */
async function hasBallast({ registry }: Session): Promise<boolean> {
  const file = join(registry.dataDir, 'ballast')
  for (const startMs = Date.now(); Date.now() - startMs < ballastMs; await sleep(100)) {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= ballastMib * 2 ** 20) return true
  }
  return false
}

/** Gives how long the slowest took. */
async function mustBeRefused(
  { registry, journal }: Session,
  seed: string,
  report: (text: string) => void,
): Promise<number> {
  let slowestMs = 0
  for (let count = 0; count < refusals; count++) {
    const bytes = seededBytes(`${seed}/${count}`, 200_000)
    const blob = { digest: sha256(bytes), size: bytes.length, bytes: () => bytes }
    const pending = journal.attempt('refused', {
      kind: 'blob',
      repository: 'faults/one',
      digest: blob.digest,
      size: blob.size,
    })
    const startMs = performance.now()
    try {
      await uploadWhole(registry.target, 'faults/one', blob)
      pending.ack()
      report('a layer was taken on a full disk')
    } catch (error) {
      pending.lost(String(error))
      const isClear = error instanceof RefusedError && error.status === 507 && error.message.includes('full')
      if (!isClear) report(`a push to a full disk was answered with ${String(error)}`)
    }
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - startMs))
  }
  if (slowestMs > tellMs) report(`a push to a full disk was told after ${slowestMs} ms`)
  return slowestMs
}

/** Deleting makes room, and has to work without any. Gives how many. */
async function deleteSome(session: Session, memory: Memory): Promise<number> {
  const client = session.client('remover')
  const some = memory.pushed.splice(0, 3)
  session.goOn()
  let deleted = 0
  for (const { repository, image } of some) {
    if (await client.remove(repository, image.digest)) deleted++
    else session.problems.push({ rule: 'F8', text: `${image.digest} could not be deleted on a full disk` })
  }
  return deleted
}

async function mustBeTaken(
  { registry, journal }: Session,
  seed: string,
  report: (text: string) => void,
): Promise<void> {
  const bytes = seededBytes(seed, 200_000)
  const blob = { digest: sha256(bytes), size: bytes.length, bytes: () => bytes }
  const what = { kind: 'blob', repository: 'faults/two', digest: blob.digest, size: blob.size } as const
  const pending = journal.attempt('first', what)
  try {
    await uploadWhole(registry.target, 'faults/two', blob)
    pending.ack()
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof NoAnswerError)) throw error
    pending.lost(error.message)
    report(`the first push after there was room again: ${error.message}`)
  }
}
