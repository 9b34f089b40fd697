// All that must hold before a commit, the quick things first. Stops at the first that does not.

import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { run } from '../bin/child.mjs'

const ROOT = dirname(import.meta.dirname)
const MODULES = join(ROOT, 'node_modules')

type Step = { readonly name: string; readonly args: readonly string[]; readonly advice?: string; readonly loud?: true }

const STEPS: readonly Step[] = [
  { name: 'format', args: [join(MODULES, 'oxfmt/bin/oxfmt'), '--check', '.'], advice: 'npm run format' },
  { name: 'lint', args: [join(MODULES, 'oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '.'] },
  { name: 'types', args: [join(MODULES, 'typescript/bin/tsc'), '--noEmit', '-p', '.'] },
  { name: 'dead code', args: [join(MODULES, 'knip/bin/knip.js')] },
  // Shows itself as it goes, and takes minutes.
  { name: 'tests', args: [join(ROOT, 'scripts/test.ts')], loud: true },
]

for (const step of STEPS) {
  if (await passes(step)) continue
  process.exitCode = 1
  break
}

async function passes({ name, args, advice, loud }: Step): Promise<boolean> {
  const startedAtMs = performance.now()
  const passed = loud === true ? await runLoud(args) : runQuiet(args)
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  const hint = passed || advice === undefined ? '' : `, to mend it: ${advice}`
  process.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${hint}\n`)
  return passed
}

async function runLoud(args: readonly string[]): Promise<boolean> {
  const { code } = await run(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
  return code === 0
}

/** Shows what the program says only when it finds something. */
function runQuiet(args: readonly string[]): boolean {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (status !== 0) process.stdout.write(`${stdout}${stderr}`)
  return status === 0
}
