import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the package, or of the checkout: this file may run from `src/`, from `dist/` or packed with others. */
export const packageRoot: string = rootAbove(dirname(fileURLToPath(import.meta.url)))

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'bin', 'stowage.mjs'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('the package has no bin/stowage.mjs')
  return rootAbove(parent)
}
