// Renders Markdown in a worker, started with the first text: the libraries cost a tenth of a second to load, and 25,600 characters can be
// written so that they take more than a second.

import { Worker } from 'node:worker_threads'
import type { Markdown } from '../domain/ports/markdown.ts'
import { createTurns } from '../lib/turns.ts'
import { workerFile } from '../lib/worker-file.ts'
import { plainHtml } from './plain-html.ts'

/** Add one with each change of what `renderMarkdown` makes of a text. */
const rules = 1

/** Texts that wait or are rendered: the last of them waits some fifteen seconds when all of the others take what they may. */
const waitingMax = 32

/** Several times what the dearest text needs that ends in time. */
const heapMib = 128

/** A text is given up after so many times what it may work, whatever kept it waiting. */
const waitFactor = 10

export interface MarkdownOptions {
  /** How long a processor may work on one text; 200 ms. */
  readonly limitMs?: number
  /** Told when the worker could not start, or broke down over a text. */
  readonly onError: (error: Error) => void
}

/** Starts nothing yet. The caller closes it. */
export function openMarkdown({ limitMs = 200, onError }: MarkdownOptions): Markdown {
  const takeTurn = createTurns(1)
  let waiting = 0
  let closed = false
  let worker: Worker | undefined

  /** The worker at hand, or a new one; `undefined` when it did not start. */
  async function readyWorker(): Promise<Worker | undefined> {
    if (worker) return worker
    const started = new Worker(workerFile('markdown-worker', import.meta.url), {
      name: 'Markdown',
      resourceLimits: { maxOldGenerationSizeMb: heapMib },
    })
    worker = started
    started.on('error', onError)
    started.on('exit', () => {
      if (worker === started) worker = undefined
    })
    return (await answerOf(started)) === undefined ? undefined : started
  }

  async function renderNext(text: string): Promise<string | undefined> {
    const ready = closed ? undefined : await readyWorker()
    if (!ready) return undefined
    const answered = answerOf(ready)
    const liftLimit = limitWork(ready, limitMs)
    ready.postMessage(text)
    const html = await answered
    liftLimit()
    return html ?? (closed ? undefined : plainHtml(text))
  }

  return {
    rules,
    render: async (text) => {
      if (waiting >= waitingMax) return undefined
      waiting++
      try {
        return await takeTurn(() => renderNext(text))
      } finally {
        waiting--
      }
    },
    close: async () => {
      closed = true
      await worker?.terminate()
    },
  }
}

/** The worker's next message; `undefined` when it ends first. */
async function answerOf(worker: Worker): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const onExit = () => resolve(undefined)
  worker.once('message', resolve)
  worker.once('exit', onExit)
  try {
    return await promise
  } finally {
    worker.removeListener('message', resolve)
    worker.removeListener('exit', onExit)
  }
}

/**
 * Ends the worker when it has worked for `limitMs` over what it is given next. Its own time counts: on a busy machine an honest text is
 * not to be taken for a hostile one, unless it takes many times as long. Gives a function that lifts the limit.
 */
function limitWork(worker: Worker, limitMs: number): () => void {
  const lastMs = performance.now() + waitFactor * limitMs
  const worked = startTimer(worker)
  let isLifted = false
  const check = async () => {
    const leftMs = Math.min(limitMs - (await worked()), lastMs - performance.now())
    if (isLifted) return
    if (leftMs <= 0) await worker.terminate()
    else timer = setTimeout(() => void check(), Math.max(leftMs, 5))
  }
  let timer = setTimeout(() => void check(), limitMs)
  return () => {
    isLifted = true
    clearTimeout(timer)
  }
}

/** Tells how many milliseconds of a processor the worker has used since. Before Node 24.6 that cannot be known: then all of its time counts. */
function startTimer(worker: Worker): () => Promise<number> {
  if (!('cpuUsage' in worker)) return async () => Infinity
  const before = worker.cpuUsage()
  // A worker that has ended has no time left.
  before.catch(() => {})
  return async () => {
    try {
      const { user, system } = await worker.cpuUsage(await before)
      return (user + system) / 1000
    } catch {
      return Infinity
    }
  }
}
