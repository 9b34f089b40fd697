// How far a long command is: a bar on standard error when that is a terminal, and nothing anywhere else.

import { SingleBar } from 'cli-progress'

export interface Progress extends Disposable {
  /** Names the part that begins now, and how many steps it has. */
  readonly begin: (what: string, total: number) => void
  /** One step, or so many, of that part are done. */
  readonly advance: (steps?: number) => void
  /** Writes to the terminal while the bar is away. */
  readonly aside: (write: () => void) => void
}

/** @param quiet no bar even on a terminal: with `--json`, say. Dispose it before anything else is printed. */
export function openProgress({ quiet }: { readonly quiet: boolean }): Progress {
  if (quiet || !process.stderr.isTTY)
    return { begin: () => {}, advance: () => {}, aside: (write) => write(), [Symbol.dispose]: () => {} }
  const bar = new SingleBar({
    format: '{what} [{bar}] {percentage}%  {value} of {total}',
    stream: process.stderr,
    fps: 5,
    clearOnComplete: true,
  })
  let what = ''
  let done = 0
  let total = 0
  return {
    begin: (part, steps) => {
      bar.stop()
      what = part
      done = 0
      total = steps
      bar.start(total, done, { what })
    },
    advance: (steps = 1) => {
      done += steps
      bar.update(done)
    },
    aside: (write) => {
      bar.stop()
      write()
      bar.start(total, done, { what })
    },
    [Symbol.dispose]: () => bar.stop(),
  }
}
