import { printable } from '../catalog/printable.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** One JSON document on standard output. */
export function printJson(value: unknown): void {
  say(JSON.stringify(value, undefined, 2))
}

/** Rows under each other, the last column as long as it is. What strangers chose is made harmless for a terminal. */
export function printTable(rows: readonly (readonly string[])[], indent = ''): void {
  const safe = rows.map((row) => row.map(printable))
  const widths = safe.reduce<readonly number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  )
  for (const row of safe)
    say(
      `${indent}${row.map((cell, column) => cell.padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0))).join('  ')}`,
    )
}
