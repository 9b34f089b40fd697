// Runs the tests with node's own runner. Files and folders to run may be named, and every flag of `node --test` given:
// npm test -- test/model --test-name-pattern=tags

import { existsSync, globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { handOver } from '../bin/child.mjs'

/** For one test, not for its file; a test that needs more says so itself. */
const TEST_MS_MAX = 120_000

const ROOT = dirname(import.meta.dirname)
const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith('-') && existsSync(arg))
// Everything else is a flag, the value of one (`--test-name-pattern tags`), or a path with a mistake in it.
const flags = args.filter((arg) => !named.includes(arg))
const stray = flags.find((flag, at) => !flag.startsWith('-') && !/^--[^=]+$/.test(flags[at - 1] ?? ''))
const files = (named.length === 0 ? [join(ROOT, 'test')] : named).flatMap(testFilesOf)

if (stray !== undefined) {
  process.stderr.write(`no such test file or folder: ${stray}\n`)
  process.exitCode = 1
} else if (files.length === 0) {
  process.stderr.write(`no *.test.ts file in ${named.length === 0 ? 'test' : named.join(', ')}\n`)
  process.exitCode = 1
} else {
  process.chdir(ROOT)
  // Each file is a process of its own, which loads the server's sources: 0.3 to 0.6 s of CPU less a file.
  process.env['NODE_COMPILE_CACHE'] ??= join(ROOT, '.node', 'compile-cache')
  await handOver(process.execPath, ['--test', ...runnerFlags(), ...flags, ...files])
}

/** node's own choice is one less than there are cores: one, on a machine with two. */
function runnerFlags(): string[] {
  return [
    `--test-concurrency=${Math.min(availableParallelism(), 4)}`,
    `--test-timeout=${TEST_MS_MAX}`,
    `--test-reporter=${join(ROOT, 'scripts', 'test-reporter.ts')}`,
    '--test-reporter-destination=stdout',
  ]
}

function testFilesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [relative(ROOT, path)]
  return globSync('**/*.test.ts', { cwd: path })
    .map((file) => relative(ROOT, join(path, file)))
    .toSorted()
}
