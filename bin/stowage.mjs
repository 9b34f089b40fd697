#!/usr/bin/env node
// The start script: plain JavaScript for any Node from 18 on. Sees to a Node that is new enough and, in a checkout, to the
// packages; then runs the program. `--run <task>` runs one of the project's own scripts in the same way.

import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { handOver, stopWithShell, stopWithWrapper } from './child.mjs'
import { isNewEnough, provideNode } from './node.mjs'
import { providePackages } from './packages.mjs'
import { provideProgram } from './program.mjs'
import { failure, isFailure } from './say.mjs'

const SELF = fileURLToPath(import.meta.url)
const ROOT = dirname(dirname(SELF))

/** @type {Readonly<Record<string, string>>} */
const TASKS = {
  test: 'scripts/test.ts',
  check: 'scripts/check.ts',
  docs: 'scripts/docs.ts',
  format: 'node_modules/oxfmt/bin/oxfmt',
  bench: 'bench/main.ts',
  'bench:memory': 'bench/memory.ts',
  faults: 'faults/main.ts',
  'bench:collector': 'bench/collector.ts',
  'bench:decisions': 'bench/decisions.ts',
  'bench:gallery': 'bench/gallery.ts',
  'bench:seed': 'bench/seed.ts',
}

try {
  await start(process.argv.slice(2))
} catch (error) {
  if (!isFailure(error)) throw error
  process.stderr.write(`stowage: ${error.message}\n`)
  process.exitCode = 1
}

/** @param {string[]} args */
async function start(args) {
  stopWithWrapper()
  stopWithShell()
  const inCheckout = existsSync(join(ROOT, 'package.json')) && existsSync(join(ROOT, 'src'))
  const node = isNewEnough(process.versions.node)
    ? process.execPath
    : await provideNode(inCheckout ? join(ROOT, '.node') : cacheFolder())
  if (inCheckout) await providePackages(ROOT, node)
  if (inCheckout && args[0] === '--run') return handOver(node, [taskFile(args[1]), ...args.slice(2)])
  if (node !== process.execPath) return handOver(node, [SELF, ...args], { tether: true })
  hideSqliteWarning()
  // Measured: ready after 360 instead of 500 ms, because nothing is parsed and stripped of types again. In a folder of our own: whoever
  // could write there could choose what runs.
  module.enableCompileCache?.(inCheckout ? join(ROOT, '.node', 'compile-cache') : join(cacheFolder(), 'compile-cache'))
  const program = inCheckout ? await provideProgram(ROOT) : join(ROOT, 'dist/cli/main.js')
  const { main } = await import(pathToFileURL(program).href)
  process.exitCode = await main(args)
}

/** @param {string | undefined} task */
function taskFile(task) {
  const file = TASKS[task ?? '']
  if (file === undefined) throw failure(`--run takes one of ${Object.keys(TASKS).join(', ')}.`)
  return join(ROOT, file)
}

/** Where an installed package keeps a fetched Node: it may not write into its own folder. */
function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'stowage', 'node')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'stowage', 'node')
  return join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stowage', 'node')
}

/** Early Node 24 calls `node:sqlite` experimental on every start (24.0 does, 24.21 and 26 do not): nothing for users. */
function hideSqliteWarning() {
  const emitWarning = process.emitWarning.bind(process)
  /** @type {(...args: any[]) => void} */
  const quieter = (warning, ...rest) => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  process.emitWarning = quieter
}
