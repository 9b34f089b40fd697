// Finding npm and running it quietly, whichever Node it shall run on.

import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { endLike, run } from './child.mjs'
import { announce, failure } from './say.mjs'

/**
 * `--ignore-scripts`: no dependency needs one. The other flags keep npm to its one job whatever the user's own settings
 * say (`omit=dev`, `engine-strict`, `dry-run`, `global` would each leave a folder that cannot be used).
 */
const FLAGS = [
  '--ignore-scripts',
  '--include=dev',
  '--include=optional',
  '--engine-strict=false',
  '--dry-run=false',
  '--global=false',
  '--audit=false',
  '--fund=false',
  '--loglevel=error',
]

/** Without a terminal npm shows no progress: a line now and then tells that it is still at work. */
const PROGRESS_MS = 15_000

/**
 * Runs npm to a good end or fails with a sentence. What npm prints goes to stderr.
 *
 * @param {string} node the Node to run it on, if npm can
 * @param {readonly string[]} args
 * @param {{ cwd: string, what: string }} options `what` is being installed, for the messages
 */
export async function runNpm(node, args, { cwd, what }) {
  const npm = findNpm(process.env, process.execPath)
  const startedAtMs = Date.now()
  const seconds = () => Math.round((Date.now() - startedAtMs) / 1000)
  const progress = setInterval(() => announce(`still installing ${what} (${seconds()} s)`), PROGRESS_MS)
  try {
    const { command, before, shell } = npm === undefined ? bareNpm() : npmOn(node, npm)
    const end = await run(command, [...before, ...args, ...FLAGS], { cwd, shell, stdio: ['ignore', 2, 2] })
    if (end.signal !== null) await endLike(end)
    if (end.code !== 0) {
      throw failure(
        `npm could not install ${what} (exit code ${end.code}, its reason stands above). ` +
          'The package registry must be reachable this once; later starts need no network.',
      )
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw failure(`npm was not found, and it is needed to install ${what}: please install npm and start again.`)
    }
    throw error
  } finally {
    clearInterval(progress)
  }
  announce(`installed ${what} in ${seconds()} s`)
}

/**
 * npm's own script, so that it can be run on any Node: the npm that started us, the one beside this Node, the one in PATH.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} node
 * @returns {string | undefined}
 */
function findNpm(env, node) {
  const script = join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const started = env['npm_execpath']
  const candidates = [
    // Another package manager sets the same variable.
    ...(started !== undefined && basename(started) === 'npm-cli.js' ? [started] : []),
    join(dirname(node), '..', 'lib', script),
    join(dirname(node), script),
    ...(env['PATH'] ?? '').split(delimiter).flatMap((folder) => [join(folder, 'npm'), join(folder, script)]),
  ]
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue
    const real = realpathSync(candidate)
    if (basename(real) === 'npm-cli.js') return real
  }
  return undefined
}

/**
 * An npm that is not a script we can see (a version manager's shim): by its name, on the Node it picks.
 *
 * @returns {{ command: string, before: string[], shell: boolean }}
 */
function bareNpm() {
  return { command: 'npm', before: [], shell: process.platform === 'win32' }
}

/**
 * npm leaves out optional packages (the linter's binaries) that do not want the Node it runs on, so it should be the one
 * that will use them. Where npm does not run there, the Node at hand has to do.
 *
 * @param {string} node
 * @param {string} npm
 */
function npmOn(node, npm) {
  const runs = node === process.execPath || spawnSync(node, [npm, '--version'], { stdio: 'ignore' }).status === 0
  return {
    command: runs ? node : process.execPath,
    // An older npm uses what a newer Node warns of: nothing a user could act on.
    before: ['--no-deprecation', npm],
    shell: false,
  }
}
