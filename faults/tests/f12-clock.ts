// F12: the server's clock jumps, back and forth, by minutes and by years, and runs 60 times too fast, under load. Nothing that an image names is
// collected, nothing is lost, tokens and signatures are judged by the new time, and what runs every few seconds goes on.

import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { readKeys } from '../../src/assemble.ts'
import { type RefusedError, send } from '../data-plane.ts'
import type { FaultContext, FaultResult, FaultTest } from '../fault-test.ts'
import { isCollected } from '../is-collected.ts'
import type { Memory } from '../pusher.ts'
import { openSession, type Session } from '../session.ts'

/** As `faketime` reads them, counted from the machine's own clock. */
const jumps = {
  quick: ['+13h', '-1d'],
  full: ['+15m', '-15m', '+13h', '-1d', '+0 x60', '+10y', '-15m', '+13h', '+0', '+10y'],
} as const
const [pushers, deleters] = [4, 1]
const beforeMs = { quick: 500, full: 4_000 } as const
const afterMs = { quick: 1_000, full: 5_000 } as const
/** The `Date` of answers is made once a second. */
const dateMs = 1_200
const [hourMs, skewMs] = [3_600_000, 5 * 60_000]
const tokenMs = 12 * hourMs
/** Milliseconds in which a collection must have begun that is due every 0.6 s. */
const timersMs = 10_000
/** The first one waits for the comparison of files after the start. */
const firstMs = 60_000

/** Where Debian has it; the directory is named after the machine. */
const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path))

export const f12Clock: FaultTest = {
  id: 'F12',
  title: 'The clock jumps',
  needs: {
    programs: ['faketime'],
    reason: () => (library === undefined ? 'libfaketime is not where Debian has it' : undefined),
  },
  seconds: { quick: 1, full: 1 },
  run: async (context) => {
    const clock = join(context.directory, 'clock')
    setClock(clock, '+0')
    const session = await openSession(context, {
      name: 'jumps',
      server: {
        flags: ['--collect-minutes', '0.01'],
        env: {
          LD_PRELOAD: library ?? '',
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      },
      mix: { api: 0 },
      // Leases may be over at once, and so may tokens and uploads.
      pushing: { mayRepeat: (error) => isCollected(error) || isLoggedOut(error) || isExpired(error), triesMax: 50 },
      shortLeases: true,
      clockMoves: true,
    })
    try {
      return await jumpAgainAndAgain(context, session, clock)
    } finally {
      await session.close()
    }
  },
}

/** An upload lasts for a day, which is over in a jump of ten years. */
const isExpired = ({ codes }: RefusedError): boolean =>
  codes.length > 0 && codes.every((code) => code === 'BLOB_UPLOAD_UNKNOWN')

/** The answer to a HEAD does not say why. */
const isLoggedOut = ({ status }: RefusedError): boolean => status === 401 || status === 403

/** The library keeps a speed until it is given another one (seen: 350 s too many with each offset after the `x60`). */
const setClock = (file: string, offset: string): void =>
  writeFileSync(file, offset.includes('x') ? `${offset}\n` : `${offset} x1\n`)

async function jumpAgainAndAgain({ quick, say }: FaultContext, session: Session, clock: string): Promise<FaultResult> {
  const { registry, problems, totals } = session
  const size = quick ? 'quick' : 'full'
  const memory: Memory = { pushed: [] }
  session.startPushers(pushers, { memory })
  session.startPushers(deleters, { memory, mix: { remove: 0.5 } })
  if (!(await stillCollects(session, firstMs))) problems.push({ rule: 'F12', text: 'no collection before any jump' })
  const figures = { jumps: 0, 'old tokens refused': 0, 'old signatures refused': 0 }
  for (const offset of jumps[size]) {
    const report = (text: string) => problems.push({ rule: 'F12', text: `${offset}: ${text}` })
    session.goOn()
    await sleep(beforeMs[size])
    const shiftBefore = await registry.followClock()
    const { authorization } = registry.target
    setClock(clock, offset)
    figures.jumps++
    // As clients do: whoever is told that its token is over asks for another one, and does not knock with the old one again.
    session.gate.shut()
    await sleep(dateMs)
    await registry.followClock()
    session.goOn()
    const shiftMs = await followFor(registry.followClock, afterMs[size])
    const movedMs = shiftMs - shiftBefore
    if (await judgeToken(session, authorization, movedMs, report)) figures['old tokens refused']++
    if (await judgeSignature(session, shiftBefore, movedMs, report)) figures['old signatures refused']++
    if (!(await stillCollects(session, timersMs))) report('no collection has begun since')
    // Standing still, a clock that runs too fast may be looked at with one token.
    if (offset.includes('x')) setClock(clock, '+0')
    await sleep(offset.includes('x') ? dateMs : 0)
    await registry.followClock()
    await session.check('recent')
    say(
      `${offset}: moved by ${Math.round(movedMs / 1000)} s, ${totals.acked} acknowledged, ${problems.length} problems`,
    )
    if (problems.length > 0) break
  }
  await session.stopPushers()
  // The program itself goes by the machine's clock.
  setClock(clock, '+0')
  await sleep(dateMs)
  await registry.followClock()
  await session.check('all')
  return { figures: { ...figures, ...session.figures() }, problems }
}

/** A clock that runs too fast leaves every token behind. Gives how far ahead it is at last. */
async function followFor(follow: () => Promise<number>, ms: number): Promise<number> {
  let shiftMs = await follow()
  for (const startMs = Date.now(); Date.now() - startMs < ms; await sleep(300)) shiftMs = await follow()
  return shiftMs
}

/** A token of before: good unless its time is over by the new clock. Gives whether it was refused. */
async function judgeToken(
  { registry }: Session,
  authorization: string | undefined,
  movedMs: number,
  report: (text: string) => void,
): Promise<boolean> {
  const { status } = await send({ ...registry.target, authorization }, { method: 'GET', path: '/v2/' })
  // As ECR answers.
  if (movedMs > tokenMs && status !== 403) report(`a token that is over was answered ${status}`)
  if (movedMs > 0 && movedMs < tokenMs - hourMs && status !== 200) report(`a good token was answered ${status}`)
  return status === 403
}

/** A request signed by the clock of before. Gives whether it was refused. */
async function judgeSignature(
  { registry }: Session,
  shiftBefore: number,
  movedMs: number,
  report: (text: string) => void,
): Promise<boolean> {
  const key = readKeys(registry.dataDir)[0]
  if (key === undefined) throw new Error('there is no key')
  const { accessKeyId, secretAccessKey } = key
  const client = new ECRClient({
    endpoint: registry.target.origin,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    systemClockOffset: shiftBefore,
  })
  try {
    const name = await client.send(new GetAuthorizationTokenCommand({})).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    )
    const isFar = Math.abs(movedMs) > skewMs + 10_000
    if (isFar && name !== 'InvalidSignatureException' && name !== 'RequestExpired')
      report(`a request signed by the old clock was answered with ${name ?? 'success'}`)
    if (Math.abs(movedMs) < skewMs - 10_000 && name !== undefined) report(`a good signature was refused: ${name}`)
    return name !== undefined
  } finally {
    client.destroy()
  }
}

async function stillCollects({ registry }: Session, withinMs: number): Promise<boolean> {
  const look = async () => {
    const { body } = await send(registry.target, { method: 'GET', path: '/metrics' })
    return Number(/^stowage_collections(?:_total)? (\d+)/m.exec(body.toString())?.[1] ?? 0)
  }
  const first = await look()
  for (const startMs = Date.now(); Date.now() - startMs < withinMs; await sleep(100))
    if ((await look()) > first) return true
  return false
}
