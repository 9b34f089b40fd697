// F7: layers are damaged on the disk, a thousand of them, in every way in which disks and people do it. None is delivered as if it were right,
// `stowage fsck` and one pass of the scrub name every one of them, and pushing the images again heals everything.

import { cpSync, rmSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import { scrub } from '../../src/domain/scrub.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openStores } from '../../src/stores.ts'
import { fileDamages, swapFiles, tamper } from '../../test/support/damage.ts'
import { send } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { type Blob, openLayerSource } from '../images.ts'
import { pushAgain, pushAll, type PushedImage } from '../push-all.ts'
import type { Random } from '../random.ts'
import { deliver, deliverRange, type Delivered } from '../read-one.ts'
import { runStowage, startScript } from '../server.ts'
import { openSession, type Session } from '../session.ts'
import { inParallel } from '../turns.ts'

const damages = { quick: 40, full: 1_000 } as const
/** Configs are layers as well. Every tenth image has one of more than a MiB, so that ranges are within and across the pieces checked. */
const [layerBytesMax, largeBytesMax] = [32 * 1024, 4 * 1024 * 1024]
const readers = 8
const scrubMs = 60_000
/** Due after seconds: the pass begins soon after the start. */
const scrubDays = '0.00005'

export const f7Damage: FaultTest = {
  id: 'F7',
  title: 'Damage on the disk',
  needs: {},
  seconds: { quick: 1, full: 1 },
  goals: { 'layers damaged': 1_000, 'named by fsck --deep': 1_000, 'found by one pass of the scrub': 1_000 },
  run: async (context) => {
    let scrubs = false
    const session = await openSession(context, {
      name: 'damage',
      server: {
        flags: ['--collect-minutes', '0'],
        entry: () => [startScript, 'serve', '--scrub-days', scrubs ? scrubDays : '0'],
      },
      errorsExpected: true,
    })
    try {
      return await damageAndHeal(context, session, () => (scrubs = true))
    } finally {
      await session.close()
    }
  },
}

interface Damaged {
  readonly repository: string
  readonly blob: Blob
  readonly how: string
}

async function damageAndHeal(context: FaultContext, session: Session, scrubNow: () => void): Promise<FaultResult> {
  const { quick, say, random } = context
  const { registry, problems } = session
  const report = (text: string) => problems.push({ rule: 'F7', text })
  const images = await pushEnough(context, session)
  const damaged = await damageAll(registry.dataDir, images, damages[quick ? 'quick' : 'full'], random)
  say(`${damaged.length} layers damaged`)
  const digests = new Set(damaged.map(({ blob }) => blob.digest))

  const checked = await runStowage(['fsck', '--deep', '--json', '--data', registry.dataDir])
  const named = digestsIn(checked.stdout, registry.dataDir)
  const unnamed = [...digests].filter((digest) => !named.has(digest))
  if (unnamed.length > 0) report(`fsck does not name ${unnamed.length} damaged layers: ${hows(damaged, unnamed)}`)

  // Nobody may write while it is copied.
  await session.kill()
  const pass = await scrubACopy(context, registry.dataDir)
  await session.restart()
  if (pass.damaged !== digests.size || pass.failed > 0)
    report(`a pass of the scrub found ${pass.damaged} of ${digests.size}, and could not read ${pass.failed}`)

  const seen = await readAll(session, damaged, random)
  for (const text of seen.wrong) report(text)
  say(`read: ${JSON.stringify(seen.counts)}`)

  // Those that nobody has read are found by the server itself.
  scrubNow()
  await session.kill()
  await session.restart()
  const marked = await reachDamaged(session, digests.size)
  if (marked !== digests.size) report(`${marked} of ${digests.size} layers are marked as damaged after the scrub`)
  session.goOn()
  await pushAgain(session, images)
  await tidyUp(registry.dataDir)
  const left = await reachDamaged(session, 0)
  if (left !== 0) report(`${left} layers are still damaged after every image was pushed again`)
  await session.check('all')
  return {
    figures: {
      'layers damaged': digests.size,
      'named by fsck --deep': digests.size - unnamed.length,
      'found by one pass of the scrub': pass.damaged,
      'MiB in a second of that pass': pass.mebibytesPerSecond,
      'read whole or in ranges': damaged.length,
      'complete answers with wrong bytes': seen.wrong.length,
      ...Object.fromEntries(Object.entries(seen.counts).map(([what, count]) => [`answers: ${what}`, count])),
      'damaged after all was pushed again': left,
      ...session.figures(),
    },
    problems,
  }
}

/** More layers than are to be damaged. */
async function pushEnough(context: FaultContext, session: Session): Promise<readonly PushedImage[]> {
  const { quick, seed } = context
  const wanted = damages[quick ? 'quick' : 'full']
  const small = openLayerSource(`${seed}/small`, 0.1, layerBytesMax)
  const large = openLayerSource(`${seed}/large`, 0, largeBytesMax)
  const count = Math.ceil(wanted / 4)
  return [
    ...(await pushAll(context, session, { count, layers: small, name: 'small' })),
    ...(await pushAll(context, session, { count: Math.ceil(count / 10), layers: large, name: 'large' })),
  ]
}

/** Each in another way than the one before. */
async function damageAll(
  dataDir: string,
  images: readonly PushedImage[],
  count: number,
  random: Random,
): Promise<readonly Damaged[]> {
  using database = new DatabaseSync(join(dataDir, 'metadata.db'), { readOnly: true })
  const files = new Map(
    database
      .prepare('select digest, phys from blob')
      .all()
      .map((row) => [String(row['digest']), String(row['phys'])]),
  )
  const all = new Map(
    images.flatMap(({ image, repository }) => image.blobs.map((blob) => [blob.digest, { blob, repository }])),
  )
  const chosen = [...all.values()]
    .map((each) => ({ each, place: random.next() }))
    .toSorted((one, other) => one.place - other.place)
    .slice(0, count)
    .map(({ each }) => each)
  if (chosen.length < count) throw new Error(`there are only ${chosen.length} layers`)
  const fileOf = ({ digest }: Blob): string => join(dataDir, 'blobs', files.get(digest) ?? '')
  const damaged: Damaged[] = []
  for (let index = 0; index < chosen.length; index++) {
    const damage = fileDamages[index % (fileDamages.length + 1)]
    const [one, other] = [chosen[index], chosen[index + 1]]
    if (one === undefined) break
    if (damage === undefined && other !== undefined) {
      await swapFiles(fileOf(one.blob), fileOf(other.blob))
      damaged.push({ ...one, how: 'swapped' }, { ...other, how: 'swapped' })
      index++
      continue
    }
    const { what, apply } = damage ?? fileDamages[0] ?? never()
    await apply(fileOf(one.blob))
    damaged.push({ ...one, how: what })
  }
  return damaged
}

const never = (): never => {
  throw new Error('there are no damages')
}

/** Digests that a finding names, or whose file it names. */
function digestsIn(text: string, dataDir: string): ReadonlySet<string> {
  using database = new DatabaseSync(join(dataDir, 'metadata.db'), { readOnly: true })
  const byFile = new Map(
    database
      .prepare('select digest, phys from blob')
      .all()
      .map((row) => [String(row['phys']), String(row['digest'])]),
  )
  // What `--json` prints.
  const { findings } = JSON.parse(text) as { readonly findings: readonly { readonly subject: string }[] }
  return new Set(findings.map(({ subject }) => byFile.get(subject.replace(/^blobs\//, '')) ?? subject))
}

const hows = (damaged: readonly Damaged[], digests: readonly string[]): string =>
  [...new Set(damaged.filter(({ blob }) => digests.includes(blob.digest)).map(({ how }) => how))].join(', ')

/** One pass over everything, as the server does it, and as fast as it goes. On a copy: it marks what it finds. */
async function scrubACopy({ directory }: FaultContext, dataDir: string) {
  const copy = join(directory, 'copy')
  cpSync(dataDir, copy, { recursive: true, verbatimSymlinks: true })
  try {
    // What the server may have seen already, by the sizes of files, is not what is asked here.
    await tamper(copy, 'update blob set bad = 0')
    await using opened = new AsyncDisposableStack()
    const onFatal = (error: Error) => {
      throw error
    }
    const { metadata, blobs } = await openStores({ data: copy, onFatal }, opened)
    const startMs = performance.now()
    const done = await scrub(
      { metadata, blobs, clock: systemClock, onBackgroundError: () => undefined },
      { beforeMs: Date.now() + 1_000, pace: async () => undefined },
    )
    const seconds = (performance.now() - startMs) / 1000
    return { ...done, mebibytesPerSecond: Math.round(done.bytes / 2 ** 20 / seconds) }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

/** Two thirds are read, by halves whole and in ranges; the last third is left for the scrub. */
async function readAll({ registry }: Session, damaged: readonly Damaged[], random: Random) {
  const counts: Record<Delivered, number> = { whole: 0, refused: 0, cut: 0, wrong: 0 }
  const wrong: string[] = []
  const workers = Array.from({ length: readers }, (_, index) => index)
  const some = damaged.filter((_, index) => index % 3 !== 0)
  await inParallel(workers, some, async (_, { repository, blob, how }, index) => {
    const wanted = { repository, digest: blob.digest, size: blob.size }
    const delivered =
      index % 2 === 0
        ? await deliver(registry.target, wanted)
        : await deliverRange(registry.target, wanted, blob.bytes(), rangeOf(blob.size, random))
    counts[delivered]++
    if (delivered === 'wrong') wrong.push(`${blob.digest} (${how}) was delivered with other bytes`)
  })
  return { counts, wrong }
}

/** With the first byte or the last one in half of them: that is where bits are flipped. */
function rangeOf(size: number, random: Random): readonly [number, number] {
  const one = random.below(size)
  return random.chance(0.5) ? [0, one] : [one, size - 1]
}

/** By the server's own figure; waits for it to be `wanted`. */
async function reachDamaged({ registry }: Session, wanted: number): Promise<number> {
  const look = async () => {
    const { body } = await send(registry.target, { method: 'GET', path: '/metrics' })
    return Number(/^stowage_damaged_layers (\d+)/m.exec(body.toString())?.[1] ?? -1)
  }
  let found = await look()
  for (const startMs = Date.now(); found !== wanted && Date.now() - startMs < scrubMs; found = await look())
    await sleep(200)
  return found
}

/** What some damages leave beside the files: nothing of the server's. */
async function tidyUp(dataDir: string): Promise<void> {
  const blobs = join(dataDir, 'blobs')
  for (const name of await readdir(blobs, { recursive: true })) {
    if (!name.endsWith('.away')) continue
    const file = join(blobs, name.slice(0, -'.away'.length))
    rmSync(join(blobs, name))
    if (statSync(file, { throwIfNoEntry: false }) === undefined) rmSync(file, { force: true })
  }
}
