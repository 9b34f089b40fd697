// Does the work in the background disturb requests? The 99th percentile of manifest GETs and of pushes with a collection every second and the
// scrub always at it, against the same server without them; and of manifest GETs beside eight pushers, with a push a second each and without a
// pause, against a server that does nothing else.
// `npm run bench:collector [-- --rounds 5 --seconds 20 --reads 300 --quick --directory /tmp]`; ends with 1 when a ratio is missed.
//
// Both servers run all the time, and the one that is not measured is stopped by a signal: it is warm, and takes no processor. The phases of a
// round follow each other closely, and only ratios within a round count, of which the median is told: the machine may be slower in one round.

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'

import type { Target } from '../faults/data-plane.ts'
import { type Stowage, startStowage } from '../test/support/stowage.ts'
import { runChild } from './load/run-child.ts'
import type { MixedLoad, MixedLoadResult } from './mixed-load.ts'
import { pushImage } from './push-image.ts'

const MiB = 1024 * 1024
const repository = 'bench/collector'
const seededImages = 120
const pushersOfSeed = 4
/** Where layers are scrubbed: 600 MiB, for which it needs twelve seconds by default. They are due again after three, so that it is always at it. */
const scrubbedLayerBytes = 5 * MiB
const scrubDays = '0.00004'
/** A collection a second, 600 times as often as by default; each finds what was replaced in that second. */
const collectMinutes = '0.0167'
const warmUpSeconds = 2

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    reads: { type: 'string', default: '300' },
    quick: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
const seconds = Number(values.seconds ?? (values.quick ? 4 : 20))

/** The load of one phase. */
const phases = {
  without: { server: 'quiet', pushers: 2, pushesPerSecond: 10 },
  with: { server: 'busy', pushers: 2, pushesPerSecond: 10 },
  idle: { server: 'quiet', pushers: 0, pushesPerSecond: 0 },
  pushed: { server: 'quiet', pushers: 8, pushesPerSecond: 1 },
  // As fast as they can: then the processors are full, and a read waits for its turn, whatever is synced.
  flooded: { server: 'quiet', pushers: 8, pushesPerSecond: 0 },
} as const
type Phase = keyof typeof phases
const order: readonly Phase[] = ['without', 'with', 'idle', 'pushed', 'flooded']

/** What is compared: a figure of one phase with that of another one, and the most that it may be of it, where there is a bound. */
const rows = [
  { name: 'manifest GET, collector and scrub running', of: 'with', to: 'without', what: 'reads', limit: 1.1 },
  { name: 'push, collector and scrub running', of: 'with', to: 'without', what: 'pushes', limit: 1.1 },
  { name: 'manifest GET, 8 pushers, a push a second', of: 'pushed', to: 'idle', what: 'reads', limit: 2 },
  { name: 'manifest GET, 8 pushers without a pause', of: 'flooded', to: 'idle', what: 'reads', limit: undefined },
] as const

process.exitCode = await measure()

async function measure(): Promise<number> {
  await using opened = new AsyncDisposableStack()
  const off = ['--collect-minutes', '0', '--scrub-days', '0']
  const on = ['--collect-minutes', collectMinutes, '--scrub-days', scrubDays]
  const servers = { quiet: await openServer(off, 1024, opened), busy: await openServer(on, scrubbedLayerBytes, opened) }
  const measured: Record<Phase, { readonly reads: number; readonly pushes: number }[]> = {
    without: [],
    with: [],
    idle: [],
    pushed: [],
    flooded: [],
  }
  print('servers', `${seededImages} images each, ${Math.round((seededImages * scrubbedLayerBytes) / MiB)} MiB to scrub`)
  const before = await figuresOf(servers.busy)
  for (const { stowage } of Object.values(servers)) signal(stowage, 'SIGSTOP')
  try {
    for (let round = 1; round <= rounds; round++)
      // Every other round backwards: whatever grows with time is on both sides.
      for (const phase of round % 2 === 1 ? order : order.toReversed()) {
        const { server, ...load } = phases[phase]
        const result = await under(servers[server], load)
        measured[phase].push({ reads: p99(result.reads), pushes: p99(result.pushes) })
        const each = `reads ${show(result.reads)}${result.pushes.length === 0 ? '' : `; pushes ${show(result.pushes)}`}`
        print(`round ${round}, ${phase}`, each)
      }
  } finally {
    for (const { stowage } of Object.values(servers)) signal(stowage, 'SIGCONT')
  }
  const after = await figuresOf(servers.busy)
  const done = Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)] as const)
  print('meanwhile, the busy server', done.map(([name, count]) => `${name} ${Math.round(count)}`).join(', '))
  if (done.some(([, count]) => count === 0))
    throw new Error('the work in the background stood still: nothing was measured')
  print('', `${availableParallelism()} processors, Node ${process.version}, ${rounds} rounds of ${seconds} s`)
  let missed = 0
  for (const { name, of, to, what, limit } of rows) {
    const ratio = median(measured[of].map((round, at) => round[what] / (measured[to][at]?.[what] ?? Number.NaN)))
    const isHeld = limit === undefined || ratio <= limit
    if (!isHeld) missed++
    const bound = limit === undefined ? 'no limit' : `limit ${limit}`
    const times = `${median(measured[to].map((round) => round[what])).toFixed(2)} -> ${median(measured[of].map((round) => round[what])).toFixed(2)} ms`
    print(name, `p99 ${times}, ratio ${ratio.toFixed(2)} (${bound})${isHeld ? '' : '  MISSED'}`)
  }
  return missed === 0 ? 0 : 1
}

interface Server {
  readonly stowage: Stowage
  readonly target: Target
  readonly manifests: readonly string[]
}

async function openServer(args: readonly string[], layerBytes: number, opened: AsyncDisposableStack): Promise<Server> {
  const dataDir = await mkdtemp(join(values.directory, 'stowage-bench-'))
  opened.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  // A lease of seconds: what a push replaced is soon the collector's.
  const stowage = await startStowage({ dataDir, args: ['--log-level', 'warn', '--lease-hours', '0.001', ...args] })
  opened.defer(() => stowage.remove())
  endWith(stowage)
  await stowage.ecr.send(new CreateRepositoryCommand({ repositoryName: repository }))
  const authorization = `Basic ${Buffer.from(`AWS:${await stowage.password()}`).toString('base64')}`
  const target = { origin: stowage.origin, authorization, onBody: () => {} }
  const manifests: string[] = []
  const push = async () => {
    while (manifests.length < seededImages)
      manifests.push(await pushImage(target, repository, `seed-${manifests.length}`, layerBytes))
  }
  await Promise.all(Array.from({ length: pushersOfSeed }, push))
  return { stowage, target, manifests }
}

/** The server runs for as long as it is measured. Who reads and who pushes are processes of their own: a push is work for its client, too, for which no read waits. */
async function under(
  { stowage, target, manifests }: Server,
  { pushers, pushesPerSecond }: Pick<MixedLoad, 'pushers' | 'pushesPerSecond'>,
): Promise<MixedLoadResult> {
  signal(stowage, 'SIGCONT')
  try {
    const { origin, authorization = '' } = target
    const load = { origin, authorization, repository, manifests, seconds, warmUpSeconds, pushesPerSecond }
    const [{ reads }, { pushes }] = await Promise.all([
      runClient({ ...load, readsPerSecond: Number(values.reads), pushers: 0 }),
      pushers === 0 ? { pushes: [] } : runClient({ ...load, readsPerSecond: 0, pushers }),
    ])
    return { reads, pushes }
  } finally {
    signal(stowage, 'SIGSTOP')
  }
}

async function runClient(load: MixedLoad): Promise<MixedLoadResult> {
  const result = await runChild<MixedLoadResult>(new URL('mixed-load.ts', import.meta.url), load)
  if (result === undefined) throw new Error('the client failed')
  return result
}

/** A server that was stopped would never end by itself. */
function endWith(stowage: Stowage): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      signal(stowage, 'SIGKILL')
      process.exitCode = 130
      setImmediate(() => process.exit())
    })
}

function signal(stowage: Stowage, name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
  const pid = stowage.pid()
  if (pid === undefined) throw new Error('the server ended')
  process.kill(pid, name)
}

/** What the work in the background has done since the start. */
async function figuresOf({ target }: Server): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(new URL('/metrics', target.origin))).text()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    collections: figure('stowage_collections_total'),
    'collected layers': figure('stowage_collected_layers_total'),
    'scrubbed MiB': figure('stowage_checked_bytes_total') / MiB,
  }
}

function p99(times: readonly number[]): number {
  return quantile(times, 0.99)
}

function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function show(times: readonly number[]): string {
  return `${times.length}, p50 ${median(times).toFixed(2)} ms, p99 ${p99(times).toFixed(2)} ms`
}

function print(title: string, text: string): void {
  process.stdout.write(`${title.padEnd(44)}${text}\n`)
}
