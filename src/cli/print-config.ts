// `stowage config`: every setting, its value, and where that comes from. No setting is a secret.

import type { LoadedConfig } from '../config.ts'
import { flagOf, settingNames, variableOf } from '../settings.ts'

/** Prints the table. */
export function printConfig({ config, origins, file }: LoadedConfig): void {
  const rows = settingNames.map((name) => {
    const origin = origins[name]
    const detail = { flag: flagOf(name), environment: variableOf(name), file, default: undefined }[origin]
    return [
      name,
      config[name] === undefined ? '-' : String(config[name]),
      detail === undefined ? origin : `${origin} (${detail})`,
    ]
  })
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) {
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
  }
}
