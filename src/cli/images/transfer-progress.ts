// How far an image is on its way, on standard error: bars on a terminal, lines for people, lines of JSON for programs, or nothing.

import type { SingleBar } from 'cli-progress'

import type { BlobProgress, TotalProgress, TransferProgress } from '../../client/transport/progress.ts'
import { CommandError } from '../command-error.ts'
import { inUnits } from '../in-units.ts'

export type ProgressMode = 'auto' | 'plain' | 'json' | 'none'
const modes: readonly string[] = ['auto', 'plain', 'json', 'none'] satisfies readonly ProgressMode[]

export interface TransferDisplay extends Disposable {
  readonly tell: (event: TransferProgress) => void
}

/** Throws a CommandError for a mode that is none. */
export function parseProgressMode(text: string): ProgressMode {
  if (modes.includes(text)) return text as ProgressMode // just seen
  throw new CommandError(`--progress must be one of ${modes.join(', ')}, not "${text}"`, 2)
}

/** @param quiet `auto` shows nothing, as where standard error is no terminal. Dispose it before anything else is printed. */
export async function openTransferDisplay(
  mode: ProgressMode,
  { quiet }: { readonly quiet: boolean },
): Promise<TransferDisplay> {
  switch (mode) {
    case 'json':
      return { tell: (event) => write(JSON.stringify(event)), [Symbol.dispose]: () => undefined }
    case 'plain':
      return { tell: plainTeller(), [Symbol.dispose]: () => undefined }
    case 'auto':
      if (process.stderr.isTTY && !quiet) return await openBars()
      return { tell: () => undefined, [Symbol.dispose]: () => undefined }
    case 'none':
      return { tell: () => undefined, [Symbol.dispose]: () => undefined }
  }
}

const write = (line: string): void => void process.stderr.write(`${line}\n`)

const plainEveryMs = 5000
const words: Readonly<Record<BlobProgress['state'], string>> = {
  waiting: 'waits',
  transferring: 'begins',
  done: 'done',
  existed: 'is there already',
  mounted: 'mounted',
  foreign: 'is kept elsewhere, not copied',
}

/** A line when a blob ends, and from time to time one of the total. */
function plainTeller(): (event: TransferProgress) => void {
  const ended = new Set<string>()
  let toldAtMs = Date.now()
  return (event) => {
    switch (event.kind) {
      case 'blob': {
        if (event.state === 'waiting' || event.state === 'transferring' || ended.has(event.digest)) return
        ended.add(event.digest)
        return write(`${nameOf(event)} ${inUnits(event.totalBytes)} ${words[event.state]}`)
      }
      case 'manifest':
        return write(
          `${nameOf(event)} manifest done${event.tags.length > 0 ? `, tagged ${event.tags.join(', ')}` : ''}`,
        )
      case 'total':
        if (Date.now() - toldAtMs < plainEveryMs) return
        toldAtMs = Date.now()
        return write(`${inUnits(event.doneBytes)} of ${inUnits(event.totalBytes)}, ${ratesOf(event).join(', ')}`)
    }
  }
}

/** The total, and below it a bar for each blob that moves now: an image may have more layers than a terminal has lines. */
async function openBars(): Promise<TransferDisplay> {
  const { MultiBar } = await import('cli-progress')
  const bars = new MultiBar({
    format: '{name} [{bar}] {percentage}%  {done} of {size}  {rates}',
    barsize: 24,
    fps: 8,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Shows it again at Ctrl-C, however the process ends then.
    gracefulExit: true,
  })
  const moving = new Map<string, SingleBar>()
  let all: SingleBar | undefined
  const update = (bar: SingleBar, name: string, event: BlobProgress | TotalProgress, rates: readonly string[]) => {
    bar.setTotal(Math.max(event.totalBytes, 1))
    // Nothing to move is all of it.
    const value = event.totalBytes === 0 ? 1 : event.doneBytes
    const numbers = { done: inUnits(event.doneBytes), size: inUnits(event.totalBytes), rates: rates.join(', ') }
    bar.update(value, { name, ...numbers })
  }
  const add = (name: string) => bars.create(1, 0, { name, done: '', size: '', rates: '' })
  return {
    tell: (event) => {
      if (event.kind === 'manifest') return
      if (event.kind === 'total')
        return update((all ??= add('total')), 'total'.padEnd(nameWidth), event, ratesOf(event))
      const bar = moving.get(event.digest)
      if (event.state === 'transferring') {
        all ??= add('total')
        const own = bar ?? add(nameOf(event))
        moving.set(event.digest, own)
        return update(own, nameOf(event), event, [rateOf(event)])
      }
      if (bar === undefined) return
      moving.delete(event.digest)
      bars.remove(bar)
    },
    [Symbol.dispose]: () => bars.stop(),
  }
}

const nameWidth = 19
/** As much of a digest as people compare. */
const nameOf = ({ digest }: { readonly digest: string }) => digest.slice(0, nameWidth)
const rateOf = ({ bytesPerSecond }: { readonly bytesPerSecond: number }) => `${inUnits(bytesPerSecond)}/s`

/** Rate, remaining time, what need not go. */
function ratesOf(event: TotalProgress): readonly string[] {
  const seconds = event.bytesPerSecond === 0 ? undefined : (event.totalBytes - event.doneBytes) / event.bytesPerSecond
  return [
    rateOf(event),
    ...(seconds === undefined || seconds === 0 ? [] : [`${timeOf(Math.ceil(seconds))} left`]),
    ...(event.skippedBytes > 0 ? [`${inUnits(event.skippedBytes)} skipped`] : []),
  ]
}

function timeOf(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return minutes === 0 ? `${rest}s` : `${minutes}m${String(rest).padStart(2, '0')}s`
}
