// A lock between processes that is a folder: made by one rename, refreshed while held, taken over when its owner is gone.
// Works on every file system that can rename a folder, and on every Node the start script runs on.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Runs `work` while no other process runs work under the same lock. `onWait` is called once when another one holds it.
 *
 * @template T
 * @param {string} lock the folder to be the lock; its parent is made when missing
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, staleMs?: number, waitMsMax?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(lock, work, { onWait = () => {}, staleMs = 60_000, waitMsMax = 15 * 60_000 } = {}) {
  const token = randomUUID()
  const giveUpAtMs = Date.now() + waitMsMax
  mkdirSync(dirname(lock), { recursive: true })
  for (let waited = false; !acquire(lock, token); waited = true) {
    if (takeAway(lock, staleMs)) continue
    if (!waited) onWait()
    if (Date.now() > giveUpAtMs)
      throw new Error(`${lock} is still held by another process after ${waitMsMax / 60_000} minutes`)
    await delay(100)
  }
  const heartbeat = setInterval(() => touch(join(lock, 'owner')), staleMs / 6)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    // Taken over while this process was suspended: the lock is not ours to remove.
    if (ownerOf(lock)?.token === token) discard(lock)
  }
}

/**
 * The rename brings folder and owner into being at once, so nobody sees a lock without an owner. A folder with content
 * is never replaced by a rename.
 *
 * @param {string} lock
 * @param {string} token
 */
function acquire(lock, token) {
  const candidate = `${lock}.${token}`
  mkdirSync(candidate)
  writeFileSync(join(candidate, 'owner'), JSON.stringify({ pid: process.pid, host: hostname(), token }))
  try {
    renameSync(candidate, lock)
    return true
  } catch (error) {
    rmSync(candidate, { recursive: true, force: true })
    // EPERM and EACCES are what Windows says of an existing target.
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(codeOf(error))) return false
    throw error
  }
}

/**
 * Removes a lock whose owner is dead or has not refreshed it. True when the caller may try again at once.
 *
 * @param {string} lock
 * @param {number} staleMs
 */
function takeAway(lock, staleMs) {
  const judged = ownerOf(lock)
  if (judged === undefined) return false
  const dead = judged.host === hostname() && !isAlive(judged.pid)
  if (!dead && Date.now() - judged.refreshedAtMs < staleMs) return false
  const aside = `${lock}.${randomUUID()}`
  try {
    renameSync(lock, aside)
  } catch {
    return false
  }
  // Two waiters may judge the same dead owner; the slower one would now hold the lock of the faster: give it back.
  if (ownerOf(aside)?.token !== judged.token) {
    try {
      renameSync(aside, lock)
    } catch {
      rmSync(aside, { recursive: true, force: true })
    }
    return false
  }
  rmSync(aside, { recursive: true, force: true })
  return true
}

/**
 * Renamed first: emptying the folder in place would let another process rename its own lock over the empty one, and the
 * removal would then eat that.
 *
 * @param {string} lock
 */
function discard(lock) {
  const aside = `${lock}.${randomUUID()}`
  renameSync(lock, aside)
  rmSync(aside, { recursive: true, force: true })
}

/**
 * @param {string} lock
 * @returns {{ pid: number, host: string, token: string, refreshedAtMs: number } | undefined} undefined when it was just released
 */
function ownerOf(lock) {
  try {
    const file = join(lock, 'owner')
    return { ...JSON.parse(readFileSync(file, 'utf8')), refreshedAtMs: statSync(file).mtimeMs }
  } catch {
    return undefined
  }
}

/** @param {string} file */
function touch(file) {
  try {
    const now = new Date()
    utimesSync(file, now, now)
  } catch {
    // Released or taken over in this moment: there is nothing left to refresh.
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
