// `docs/performance.md`: what was measured, where, and which figures it does not reach.

import { cpus, release, totalmem } from 'node:os'

import { cpuText, type MeasuredRow, short } from './measure.ts'
import { missedText } from './reasons.ts'
import type { Family, Filled, Row, Table, Verdict } from './row.ts'
import { titles } from './servers/server.ts'

export interface Results {
  readonly families: readonly { readonly family: Family; readonly rows: readonly MeasuredRow[] }[]
  readonly tables: readonly { readonly table: Table; readonly filled: Filled }[]
  readonly rounds: number
  readonly seconds: number
  readonly versions: readonly string[]
}

const mebibyte = 1024 * 1024

export function reportText(results: Results): string {
  const { families, tables, rounds, seconds, versions } = results
  const day = new Date().toISOString().slice(0, 10)
  const parts = [
    `# Performance

Made by \`npm run bench\` on ${day}; do not edit. Stowage runs as \`npm start\` starts it, with the key that it makes for itself: every request
is authenticated and authorised, and what is acknowledged is on the disk. docker-registry runs with what it has: no login, and no sync.
Both log each request into a file. nginx serves the same bytes from plain files, with one worker and no log: the limit.

Servers and load are on one machine, over the loopback. Each row is measured on one server after the other, ${rounds} times round, for ${seconds} s
each where it goes by time; the medians stand here. CPU is what the kernel counted for the server's process, its threads and children.
Trust ratios, not absolute figures.

* ${cpus().length} processors (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB of memory, Linux ${release()}
${versions.map((text) => `* ${text}`).join('\n')}

## Figures to hold

${verdictsTable(results)}`,
    ...families.map(({ family, rows }) => `## ${family.title}\n\n${family.about}\n\n${rowsTable(rows)}`),
    ...tables.map(
      ({ table, filled }) => `## ${table.title}\n\n${table.about}\n\n${tableText(filled.columns, filled.lines)}`,
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

interface Judged extends Verdict {
  /** Of the row or table. */
  readonly name: string
  readonly title: string
}

export function allVerdicts({ families, tables }: Results): readonly Judged[] {
  const judged = ({ name, title }: Row | Table, verdicts: readonly Verdict[]) =>
    verdicts.map((verdict) => ({ name, title, ...verdict }))
  return [
    ...families.flatMap(({ rows }) => rows.flatMap(({ row, verdicts }) => judged(row, verdicts))),
    ...tables.flatMap(({ table, filled }) => judged(table, filled.verdicts)),
  ]
}

function verdictsTable(results: Results): string {
  const lines = allVerdicts(results).map(({ name, title, text, isHeld }) => [
    title,
    text,
    isHeld ? 'holds' : missedText(name).replace(/^misses/, '**misses**'),
  ])
  return tableText(['work', 'figure', ''], lines)
}

function rowsTable(rows: readonly MeasuredRow[]): string {
  const lines = rows.flatMap(({ row, medians }) =>
    [...medians].map(([kind, { perSecond, cpuSecondsPerUnit, residentBytes, p50Ms, p99Ms }], at) => [
      at === 0 ? row.title : '',
      titles[kind],
      `${short(perSecond)} ${row.unit}/s`,
      latency(p50Ms),
      latency(p99Ms),
      cpuText(row.unit, cpuSecondsPerUnit),
      kind === 'disk' ? '' : `${Math.round(residentBytes / mebibyte)} MiB`,
    ]),
  )
  return tableText(['work', 'server', 'rate', 'p50 ms', 'p99 ms', 'CPU', 'resident'], lines)
}

const latency = (ms: number | undefined): string => (ms === undefined ? '' : short(ms))

function tableText(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...lines.map(line)].join('\n')
}
