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
  const stat = read(`/proc/${pid}/stat`)
  // The second field is the program's name in brackets, which may hold anything. Fields 14 to 17 are utime, stime, cutime, cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0)
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
  return { cpuSeconds: ticks / ticksPerSecond, residentBytes: kilobytes * 1024 }
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
