// That the benchmark runs: whatever it starts and prints, on what every machine has. Its figures are nobody's business here.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { parseOptions } from '../bench/options.ts'
import { reasonOf } from '../bench/reasons.ts'
import { families } from '../bench/rows/index.ts'

const main = fileURLToPath(new URL('../bench/main.ts', import.meta.url))
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 120_000 })
const skip = process.platform !== 'linux' && 'the benchmark reads /proc, which only Linux has'

test('a row is measured and printed', { skip }, () => {
  const rows = 'push-1,api-initiate-upload'
  const { status, stdout, stderr } = run('--quick', '--no-install', '--row', rows)
  assert.equal(status, 0, stderr)
  for (const work of ['small image push, 1 client', 'InitiateLayerUpload'])
    assert.match(stdout, new RegExp(`\\| [^|]*${work}[^|]* \\| Stowage \\| [\\d.,]+ (request|image|GiB)/s \\|`))
})

test('what a run has kept is not measured again', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-kept-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const keep = ['--keep', join(folder, 'kept.jsonl')]
  const first = run('--quick', '--no-install', '--row', 'api-initiate-upload', ...keep)
  const again = run('--quick', '--no-install', '--row', 'api-initiate-upload', ...keep)
  assert.deepEqual([first.status, again.status], [0, 0], first.stderr + again.stderr)
  assert.match(again.stdout, /InitiateLayerUpload/)
  assert.equal(again.stdout, first.stdout)
  assert.equal(readFileSync(join(folder, 'kept.jsonl'), 'utf8').trim().split('\n').length, 1)
})

test('a row that is none, and a number that is none, are refused in a sentence', () => {
  const unknown = run('--row', 'manifests-put')
  assert.equal(unknown.status, 2)
  assert.match(unknown.stderr, /no row is called manifests-put. They are:\n {2}manifest-get-tag /)
  assert.throws(() => parseOptions(['--rounds', '0']), { message: '--rounds takes a number from 1 on, not 0' })
})

test('every row that has a figure to hold has a reason to miss it, the closest one', () => {
  const held = families.flatMap(({ rows }) => rows.filter(({ figures }) => figures.length > 0))
  assert.deepEqual(
    held.filter(({ name }) => reasonOf(name) === undefined).map(({ name }) => name),
    [],
  )
  assert.match(reasonOf('blob-1g-range') ?? '', /CRC-32/)
  assert.equal(reasonOf('tags-list'), undefined)
})

test('only a whole run writes the page', () => {
  const writes = (...args: readonly string[]) => parseOptions(args).write
  assert.deepEqual(
    [writes(), writes('--quick'), writes('--row', 'push-1'), writes('--no-write')],
    [true, false, false, false],
  )
})
