// Runs fault tests one after the other, prints what they saw, and keeps what a failing one leaves.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { findProgram, skipUnless, skipUnlessRoot } from '../test/support/client.ts'
import type { FaultResult, FaultTest, Problem } from './fault-test.ts'
import { createRandom } from './random.ts'
import type { RegistryKind } from './registry.ts'
import { writeReport } from './report.ts'
import { faultTests } from './tests.ts'
import { missed } from './turns.ts'

export interface Chosen {
  readonly test: readonly string[]
  readonly all?: boolean
  readonly quick?: boolean
  readonly seed: string
  readonly seconds?: number
  readonly keep?: string
  readonly peer?: RegistryKind
  readonly write?: boolean
}

/** A test's run, ended. */
export interface FaultRun extends FaultResult {
  readonly test: FaultTest
  readonly seed: string
  readonly seconds: number
  readonly kind: RegistryKind
  /** How long it took with its checks. */
  readonly tookSeconds: number
  /** Where data, logs and journal are; only a failing run keeps them. */
  readonly kept: string | undefined
}

const problemsShown = 30

/** Gives the exit code: 0 all passed or were skipped, 1 one failed, 2 asked for wrongly. */
export async function runFaults(chosen: Chosen): Promise<number> {
  const wanted = chosen.all === true ? faultTests : faultTests.filter((test) => chosen.test.includes(test.id))
  const unknown = chosen.test.filter((id) => !faultTests.some((test) => test.id === id))
  if (wanted.length === 0 || unknown.length > 0) {
    print(
      `${unknown.length > 0 ? `no such test: ${unknown.join(', ')}` : 'nothing to run'}: name --test ID or --all; there are ${faultTests.map((test) => test.id).join(', ')}`,
    )
    return 2
  }
  let failed = 0
  for (const test of wanted) {
    const reason = skipReason(test, chosen.peer)
    if (reason !== undefined) {
      print(`SKIPPED ${test.id} ${test.title}: ${reason}`)
      continue
    }
    print(`${test.id} ${test.title}, seed ${chosen.seed}`)
    const run = await runFault(test, chosen, (line) => print(`   ${line}`))
    printRun(run)
    if (run.problems.length > 0) failed++
    if (chosen.write === true) writeReport(run)
  }
  return failed === 0 ? 0 : 1
}

/** Why a test can not run here; undefined when it can. */
export function skipReason({ needs, peers }: FaultTest, peer: RegistryKind | undefined): string | undefined {
  if (peer !== undefined && peers !== true) return `it is not about ${peer}`
  const programs = [...(needs.programs ?? []), ...(peer === undefined ? [] : [peer])]
  const reason = needs.root === true ? skipUnlessRoot(...programs) : skipUnless(...programs)
  if (reason !== false) return `${reason}${packagesOf(programs)}`
  return needs.reason?.()
}

/** Where Debian has the programs that are called otherwise than their package. */
const packages: Readonly<Record<string, string>> = {
  prlimit: 'util-linux',
  losetup: 'mount',
  xfs_io: 'xfsprogs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.ext4': 'e2fsprogs',
  umount: 'mount',
  cc: 'gcc and libc6-dev',
}

function packagesOf(programs: readonly string[]): string {
  const missing = programs.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return ''
  return ` (Debian: ${[...new Set(missing.map((name) => packages[name] ?? name))].join(' ')})`
}

export async function runFault(
  test: FaultTest,
  { seed, quick = false, seconds, keep, peer = 'stowage' }: Omit<Chosen, 'test'>,
  say: (line: string) => void,
): Promise<FaultRun> {
  const parent = keep ?? tmpdir()
  mkdirSync(parent, { recursive: true })
  const directory = mkdtempSync(join(parent, `stowage-${test.id.toLowerCase()}-`))
  const startedAtMs = Date.now()
  const goOnSeconds = seconds ?? test.seconds[quick ? 'quick' : 'full']
  const whole = !quick && seconds === undefined && peer === 'stowage'
  const context = { seed, quick, whole, kind: peer, directory, say, random: createRandom(seed), seconds: goOnSeconds }
  const ran = await test.run(context).catch(
    // A test that breaks has shown nothing, which is no success.
    (error: unknown): FaultResult => ({ figures: {}, problems: [{ rule: 'harness', text: textOf(error) }] }),
  )
  // A test that was too small shows less than the page says.
  const small = whole ? missed(ran, test.goals ?? {}).map((text) => ({ rule: 'size', text })) : []
  const result = { ...ran, problems: [...ran.problems, ...small] }
  const failed = result.problems.length > 0
  const tookSeconds = Math.round((Date.now() - startedAtMs) / 1000)
  if (failed)
    writeFileSync(
      join(directory, 'run.json'),
      JSON.stringify({ id: test.id, seed, seconds: goOnSeconds, kind: peer, ...result }, undefined, 2),
    )
  else rmSync(directory, { recursive: true, force: true })
  return { ...result, test, seed, seconds: goOnSeconds, kind: peer, tookSeconds, kept: failed ? directory : undefined }
}

function printRun({ test, seed, figures, problems, tookSeconds, kept }: FaultRun): void {
  for (const [name, value] of Object.entries(figures)) print(`   ${name.padEnd(32)} ${value}`)
  for (const { rule, text } of problems.slice(0, problemsShown)) print(`   ${rule}: ${text}`)
  if (problems.length > problemsShown) print(`   and ${problems.length - problemsShown} more`)
  print(
    `${problems.length === 0 ? 'ok    ' : 'FAILED'} ${test.id} (${tookSeconds} s, seed ${seed}${summary(problems)})`,
  )
  if (kept !== undefined) print(`       journal, logs and data are in ${kept}`)
}

function summary(problems: readonly Problem[]): string {
  return [...Map.groupBy(problems, (problem) => problem.rule)]
    .map(([rule, all]) => `, ${rule} ${all.length} times`)
    .join('')
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
