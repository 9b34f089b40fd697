// A checkout's program in few files. Node loads our sources and their packages from some nine hundred, half a millisecond each, at every
// start of the server and of every command; packed they are about ten. Measured: `serve` loaded with 0.25 instead of 0.75 s of CPU.

import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join, sep } from 'node:path'
import { promisify } from 'node:util'
import { withLock } from './lock.mjs'
import { announce } from './say.mjs'

/** How long a pack stays after its last start: a running server may still load parts of its own, after the sources have changed. */
const KEPT_MS = 7 * 24 * 3600 * 1000

/**
 * The file to start: the pack of the sources as they are now, made when there is none, or the sources themselves where none can be made.
 *
 * @param {string} root
 * @returns {Promise<string>}
 */
export async function provideProgram(root) {
  const sources = join(root, 'src', 'cli', 'main.ts')
  // An installation without the development packages.
  if (!existsSync(join(root, 'node_modules', 'rolldown'))) return sources
  try {
    const pack = packFor(root)
    if (!existsSync(mainOf(pack))) await withLock(join(root, '.node', 'pack.lock'), () => make(root, pack))
    if (!existsSync(mainOf(pack))) return sources
    noteStart(pack)
    return mainOf(pack)
  } catch (error) {
    // Sources with a mistake, for example: loading them tells it better than we could.
    announce(`the program could not be packed, and starts slower: ${reasonOf(error)}`)
    return sources
  }
}

/**
 * @param {string} root
 * @param {string} pack
 */
async function make(root, pack) {
  if (existsSync(mainOf(pack))) return
  const making = `${pack}.${randomUUID()}`
  try {
    await promisify(execFile)(process.execPath, [join(root, 'bin', 'pack.mjs'), root, making])
    // Somebody saved a file meanwhile: this pack is of neither state.
    if (packFor(root) !== pack) return
    renameSync(making, pack)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  removeOld(join(root, '.node', 'packs'), pack)
}

/**
 * Where the pack of these sources and packages is, or would be. Sizes and times stand for the contents, as in make: reading seven hundred
 * files would cost what packing gains.
 *
 * @param {string} root
 */
export function packFor(root) {
  const hash = createHash('sha256')
  const recipe = join(root, 'bin', 'pack.mjs')
  for (const file of [...sourcesOf(join(root, 'src')), join(root, 'package-lock.json'), recipe]) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file}\0${size}\0${mtimeMs}\n`)
  }
  return join(root, '.node', 'packs', hash.digest('hex').slice(0, 16))
}

/**
 * Every TypeScript file below `folder`.
 *
 * @param {string} folder
 */
export function sourcesOf(folder) {
  // Not `join`, which looks for dots in each path: with seven hundred, 5 ms of every start.
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => folder + sep + name)
    .toSorted()
}

/**
 * @param {string} folder of all packs
 * @param {string} newest
 */
function removeOld(folder, newest) {
  for (const name of readdirSync(folder)) {
    const pack = join(folder, name)
    if (pack !== newest && Date.now() - statSync(pack).mtimeMs > KEPT_MS) rmSync(pack, { recursive: true, force: true })
  }
}

/**
 * At most once a day: a start writes nothing otherwise.
 *
 * @param {string} pack
 */
function noteStart(pack) {
  const now = Date.now()
  if (now - statSync(pack).mtimeMs > KEPT_MS / 7) utimesSync(pack, new Date(now), new Date(now))
}

/** @param {string} pack */
const mainOf = (pack) => join(pack, 'main.js')

/**
 * What the bundler said, or whatever kept it from saying something.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
  const line = said.split('\n').find((text) => /^\w*Error\b/.test(text))
  return line ?? String(error instanceof Error ? error.message : error).split('\n', 1)[0]
}
