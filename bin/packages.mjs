// Keeps a checkout's node_modules to what its lock-file says: looks at each start, installs only when it must.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { runNpm } from './npm.mjs'
import { announce } from './say.mjs'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * Installs the packages of the checkout `root` when they are missing or not those of the lock-file.
 *
 * @param {string} root
 * @param {string} node the Node that will use them
 */
export async function providePackages(root, node) {
  if (!isStale(root)) return
  const waiting = () => announce('another start is installing the packages; waiting for it')
  await withLock(
    // Not inside node_modules, which npm removes.
    join(root, '.node', 'install.lock'),
    async () => {
      if (!isStale(root)) return
      const missing = !existsSync(join(root, 'node_modules'))
      announce(`installing packages: ${missing ? 'there are none yet' : 'they are not those of package-lock.json'}`)
      await runNpm(node, ['ci'], { cwd: root, what: 'the packages' })
      writeStamp(root)
    },
    { onWait: waiting },
  )
}

/**
 * True when node_modules is not what the lock-file says. Packages that somebody installed by hand count when they are
 * complete; they get their stamp here.
 *
 * @param {string} root
 */
export function isStale(root) {
  if (readText(stampFile(root)) === stampFor(root)) return false
  if (!isComplete(root)) return true
  writeStamp(root)
  return false
}

/**
 * npm writes `.package-lock.json` last, and removes it first: what it lists was installed whole.
 *
 * @param {string} root
 */
function isComplete(root) {
  const installed = packagesOf(readText(join(root, 'node_modules', '.package-lock.json')))
  const locked = packagesOf(readText(lockFile(root)))
  if (installed === undefined || locked === undefined) return false
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return wanted.optional === true && !isForThisMachine(wanted)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

/**
 * True for an optional package that npm surely installs here: a binary for this machine. Of the others (another C library,
 * parts of a WebAssembly build) npm's versions differ.
 *
 * @param {LockedPackage} wanted
 */
function isForThisMachine({ os, cpu, libc }) {
  return libc === undefined && os?.includes(process.platform) === true && cpu?.includes(process.arch) === true
}

/**
 * @param {string | undefined} text
 * @returns {Readonly<Record<string, LockedPackage>> | undefined}
 */
function packagesOf(text) {
  return text === undefined ? undefined : JSON.parse(text).packages
}

/**
 * The platform is part of it: a checkout may be seen by a Mac and by a Linux machine inside it.
 *
 * @param {string} root
 */
function stampFor(root) {
  const hash = createHash('sha256')
    .update(readFileSync(lockFile(root)))
    .digest('hex')
  return `${hash} ${process.platform}-${process.arch}\n`
}

/** @param {string} root */
function writeStamp(root) {
  try {
    mkdirSync(join(root, 'node_modules'), { recursive: true })
    writeFileSync(stampFile(root), stampFor(root))
  } catch {
    // A checkout that may only be read: the long way of looking is taken each time.
  }
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.stowage-stamp')
}

/** @param {string} root */
function lockFile(root) {
  return join(root, 'package-lock.json')
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
