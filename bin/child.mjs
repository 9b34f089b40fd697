// Running another program in our place: signals go to it, its end becomes ours. Knows nothing of what is run.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} End */

/** @type {readonly NodeJS.Signals[]} */
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Tells the started program that the process at the other end of its IPC channel is only its wrapper. */
const TETHER = 'STOWAGE_TETHER'

/**
 * Runs a program to its end and passes on the signals this process gets meanwhile.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<End>}
 */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options)
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      // The terminal sends Ctrl-C to the whole foreground group: the child has it, and a second one would mean "at once".
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    }
    for (const signal of FORWARDED) process.on(signal, forward)
    const ended = () => {
      for (const signal of FORWARDED) process.off(signal, forward)
    }
    child.once('error', (error) => {
      ended()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      ended()
      resolve({ code, signal })
    })
  })
}

/**
 * Ends this process as another one ended: with its exit code, or by the same signal.
 *
 * @param {End} end
 * @returns {Promise<never>}
 */
export function endLike({ code, signal }) {
  if (signal === null) process.exit(code ?? 1)
  process.kill(process.pid, signal)
  // A signal whose default is to be ignored, or Windows: the shell's way of saying it.
  return new Promise(() => setTimeout(() => process.exit(128 + constants.signals[signal]), 500))
}

/**
 * Goes on as another Node process with the same streams and never returns. Where the system and this Node can, the
 * process is replaced; else this one stays as a small wrapper. `tether` is for a program that calls `stopWithWrapper`.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {{ tether?: boolean, replace?: boolean }} [options]
 * @returns {Promise<never>}
 */
export async function handOver(node, args, { tether = false, replace = true } = {}) {
  // Programs that are started by the name `node` shall be the same Node.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` }
  if (replace && process.platform !== 'win32' && typeof process.execve === 'function') {
    process.execve(node, [node, ...args], env)
  }
  const end = tether
    ? await run(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...env, [TETHER]: '1' } })
    : await run(node, args, { stdio: 'inherit', env })
  return endLike(end)
}

/**
 * In a process started by `handOver` with `tether`: when the wrapper is gone, even by kill -9, its end of the IPC channel
 * closes; then end as on SIGTERM, so that no server is left that nobody can find. Does nothing in any other process.
 */
export function stopWithWrapper() {
  if (process.env[TETHER] === undefined) return
  // Not for the programs this process starts in its turn.
  delete process.env[TETHER]
  const stop = () => process.kill(process.pid, 'SIGTERM')
  if (!process.connected) {
    stop()
    return
  }
  process.once('disconnect', stop)
  process.channel?.unref()
}

/**
 * In a process started through npm: npm passes a signal to the shell between it and us, which dies of it without telling
 * anybody (seen with npm 11 and dash). Then end as on SIGTERM too. Does nothing in any other process.
 */
export function stopWithShell() {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return
  const shell = process.ppid
  const look = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(look)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  look.unref()
}
