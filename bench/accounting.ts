// What the kernel counted for a process and all that it started. Linux only: https://man7.org/linux/man-pages/man5/proc.5.html

import { readdirSync, readFileSync } from 'node:fs'

/** The kernel's unit for processor time in `stat`: a hundredth of a second on every Linux that Node runs on. */
const ticksPerSecond = 100
const nothing: Figures = { cpuSeconds: 0, residentBytes: 0 }

export interface Figures {
  /** Since the start, of the process, its threads, its children and those of them that have ended. */
  readonly cpuSeconds: number
  /** Of the process and its living children. Pages that several of them share are counted for each. */
  readonly residentBytes: number
}

/** Nothing, for a process that is gone. */
export function figuresOf(pid: number): Figures {
  return [pid, ...descendants(pid)].map(ownFigures).reduce(
    (sum, one) => ({
      cpuSeconds: sum.cpuSeconds + one.cpuSeconds,
      residentBytes: sum.residentBytes + one.residentBytes,
    }),
    nothing,
  )
}

/** Of all children of the process that have ended, and were waited for. */
export function cpuSecondsOfEnded(pid: number): number {
  return ticksIn(statOf(pid).slice(13, 15)) / ticksPerSecond
}

/** The largest resident set while `work` ran, looked at every 50 ms, and what the work gave. */
export async function withPeak<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; peakBytes: number }> {
  let peakBytes = figuresOf(pid).residentBytes
  const look = () => {
    peakBytes = Math.max(peakBytes, figuresOf(pid).residentBytes)
  }
  const timer = setInterval(look, 50)
  try {
    const result = await work()
    look()
    return { result, peakBytes }
  } finally {
    clearInterval(timer)
  }
}

function descendants(pid: number): readonly number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return children.flatMap((child) => [child, ...descendants(child)])
}

function ownFigures(pid: number): Figures {
  const ticks = ticksIn(statOf(pid).slice(11, 15))
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: kilobytes * 1024 }
}

/** From the third field on: the second is the program's name in brackets, which may hold anything. 14 to 17 are utime, stime, cutime, cstime. */
function statOf(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function ticksIn(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + Number(field), 0)
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it ended
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // it ended
  }
}
