// Limits of the kernel on a server and everything it starts: memory, processors, threads. https://docs.kernel.org/admin-guide/cgroup-v2.html,
// or version 1 where a machine still has that.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { atExit } from './at-exit.ts'

/** One of them is limited. */
export type CgroupLimit =
  | { readonly kind: 'memory'; readonly bytes: number }
  | { readonly kind: 'cpu'; readonly share: number }
  | { readonly kind: 'pids'; readonly count: number }

export interface Cgroup {
  /** Put before a command, makes it run with the limit. */
  readonly prefix: readonly string[]
  readonly limit: (limit: CgroupLimit) => void
  /** How often the kernel has ended a process of it for want of memory. */
  readonly outOfMemoryKills: () => number
  readonly remove: () => Promise<void>
}

const root = '/sys/fs/cgroup'
const periodUs = 100_000
let made = 0

/** Why there can be none here, if so. */
export function cgroupReason(kind: CgroupLimit['kind']): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root to make a cgroup'
  try {
    const directory = directoryOf(kind)
    mkdirSync(directory)
    const isThere = existsSync(join(directory, limitFile(kind)))
    rmdirSync(directory)
    return isThere ? undefined : `cgroups of ${kind} are not delegated here`
  } catch (error) {
    return `no cgroup of ${kind} can be made here: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** `remove` it in every outcome, when its processes have ended. */
export function openCgroup(first: CgroupLimit): Cgroup {
  const directory = directoryOf(first.kind)
  mkdirSync(directory)
  const remove = () => {
    if (existsSync(directory)) rmdirSync(directory)
  }
  const forget = atExit(remove)
  const limit = (next: CgroupLimit) => {
    for (const [file, value] of valuesOf(next)) writeFileSync(join(directory, file), value)
  }
  limit(first)
  return {
    prefix: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(directory, 'cgroup.procs')],
    limit,
    outOfMemoryKills: () => {
      const text = readFileSync(join(directory, isSecond() ? 'memory.events' : 'memory.oom_control'), 'utf8')
      return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
    },
    remove: async () => {
      // A process that has ended may be counted for a moment.
      for (let tries = 1; tries < 50; tries++) {
        try {
          remove()
          break
        } catch {
          await sleep(100)
        }
      }
      forget()
    },
  }
}

const isSecond = (): boolean => existsSync(join(root, 'cgroup.controllers'))

function directoryOf(kind: CgroupLimit['kind']): string {
  return join(root, isSecond() ? '' : kind, `stowage-faults-${process.pid}-${made++}`)
}

function limitFile(kind: CgroupLimit['kind']): string {
  const files = isSecond()
    ? { memory: 'memory.max', cpu: 'cpu.max', pids: 'pids.max' }
    : { memory: 'memory.limit_in_bytes', cpu: 'cpu.cfs_quota_us', pids: 'pids.max' }
  return files[kind]
}

function valuesOf(limit: CgroupLimit): readonly (readonly [string, string])[] {
  const file = limitFile(limit.kind)
  switch (limit.kind) {
    case 'memory':
      return [[file, String(limit.bytes)]]
    case 'pids':
      return [[file, String(limit.count)]]
    case 'cpu': {
      const quota = Math.round(periodUs * limit.share)
      return isSecond()
        ? [[file, `${quota} ${periodUs}`]]
        : [
            ['cpu.cfs_period_us', String(periodUs)],
            [file, String(quota)],
          ]
    }
  }
}
