// Rows in turn: every server once, then all of them again (A B C A B C), so that a machine that changes its mind does so to all alike.

import { join } from 'node:path'

import { figuresOf } from './accounting.ts'
import type { KeptResults } from './kept-results.ts'
import { missedText } from './reasons.ts'
import type { Family, Figure, Measured, Medians, OpenServer, Row, Size, Tools, Unit, Verdict } from './row.ts'
import { type Server, type ServerKind, titles } from './servers/server.ts'

export interface MeasuredRow {
  readonly row: Row
  readonly medians: Medians
  readonly verdicts: readonly Verdict[]
}

const gibibyte = 1024 ** 3

/** Opens the servers that the rows need, each on a folder of its own, and measures row by row. */
export async function measureFamily(
  family: Family,
  rows: readonly Row[],
  kinds: readonly ServerKind[],
  { size, rounds, open, newFolder, say }: Tools,
  kept: KeptResults,
): Promise<readonly MeasuredRow[]> {
  const missing = rows.filter(({ name }) => kept.medians(name) === undefined)
  const wanted = kinds.filter((kind) => missing.some(({ servers }) => servers.includes(kind)))
  const servers = await openAll(wanted, open, newFolder())
  try {
    for (const server of servers.values()) await family.prepare(server, size)
    const measured: MeasuredRow[] = []
    for (const row of rows) {
      const before = kept.medians(row.name)
      const done = before ? judged(row, before) : await measureRow(row, servers, size, rounds)
      if (!before) kept.keepMedians(row.name, done.medians)
      say(lineOf(done))
      measured.push(done)
    }
    return measured
  } finally {
    for (const server of servers.values()) await server.close()
  }
}

async function openAll(
  kinds: readonly ServerKind[],
  open: OpenServer,
  folder: string,
): Promise<ReadonlyMap<ServerKind, Server>> {
  const servers = new Map<ServerKind, Server>()
  try {
    for (const kind of kinds) servers.set(kind, await open(kind, join(folder, kind)))
  } catch (error) {
    for (const server of servers.values()) await server.close()
    throw error
  }
  return servers
}

async function measureRow(
  row: Row,
  servers: ReadonlyMap<ServerKind, Server>,
  size: Size,
  rounds: number,
): Promise<MeasuredRow> {
  const all = new Map<ServerKind, Measured[]>()
  const own = row.servers.flatMap((kind) => servers.get(kind) ?? [])
  let turn = 0
  if (row.warms !== false) for (const server of own) await measureOnce(row, server, { ...size, seconds: 1 }, turn++)
  for (let round = 0; round < rounds; round++) {
    for (const server of own) {
      const measured = all.get(server.kind) ?? []
      measured.push(await measureOnce(row, server, size, turn++))
      all.set(server.kind, measured)
    }
  }
  return judged(row, new Map([...all].map(([kind, measured]) => [kind, mediansOf(measured)])))
}

const judged = (row: Row, medians: Medians): MeasuredRow => ({
  row,
  medians,
  verdicts: row.figures.flatMap((figure) => verdictOf(figure, medians)),
})

async function measureOnce(row: Row, server: Server, size: Size, turn: number): Promise<Measured> {
  const before = figuresOf(server.pid)
  const load = await row.run(server, size, turn)
  const after = figuresOf(server.pid)
  await load.undo?.()
  const units = row.unit === 'GiB' ? load.bytes / gibibyte : load.count
  if (units === 0) throw new Error(`${row.name}: ${server.kind} did nothing in ${load.seconds} s`)
  return {
    perSecond: units / load.seconds,
    cpuSecondsPerUnit: (after.cpuSeconds - before.cpuSeconds) / units,
    residentBytes: after.residentBytes,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
  }
}

function mediansOf(measured: readonly Measured[]): Measured {
  const median = (value: (one: Measured) => number | undefined) => medianOf(measured.flatMap((one) => value(one) ?? []))
  return {
    perSecond: median((one) => one.perSecond) ?? 0,
    cpuSecondsPerUnit: median((one) => one.cpuSecondsPerUnit) ?? 0,
    residentBytes: median((one) => one.residentBytes) ?? 0,
    p50Ms: median((one) => one.p50Ms),
    p99Ms: median((one) => one.p99Ms),
  }
}

export function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2
}

function verdictOf(figure: Figure, medians: Medians): readonly Verdict[] {
  const found = figure.of(medians)
  if (found === undefined) return []
  return [{ text: `${figure.text}: ${short(found)} (at least ${short(figure.least)})`, isHeld: found >= figure.least }]
}

function lineOf({ row, medians, verdicts }: MeasuredRow): string {
  const servers = [...medians].map(
    ([kind, { perSecond, cpuSecondsPerUnit }]) =>
      `${titles[kind]} ${short(perSecond)} ${row.unit}/s, ${cpuText(row.unit, cpuSecondsPerUnit)}`,
  )
  const missed = verdicts.map(
    ({ text, isHeld }) =>
      `\n    ${isHeld ? 'holds' : 'MISSES'}: ${text}${isHeld ? '' : `\n      ${missedText(row.name)}`}`,
  )
  return `${row.title}\n    ${servers.join('; ')}${missed.join('')}`
}

export const cpuText = (unit: Unit, seconds: number): string =>
  unit === 'GiB' ? `${seconds.toFixed(2)} s CPU a GiB` : `${short(seconds * 1e6)} µs CPU a ${unit}`

/** Three figures that mean something. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
