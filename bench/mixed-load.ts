// The client of the benchmark of the collector: a process of its own that is sent one task, reads manifests and pushes images for a while, and
// sends back how long each took.

import { setTimeout as pause } from 'node:timers/promises'

import { ask, type Target } from '../faults/data-plane.ts'
import { manifestType, pushImage } from './push-image.ts'

export interface MixedLoad {
  readonly origin: string
  readonly authorization: string
  readonly repository: string
  /** Digests of manifests to read, again and again. */
  readonly manifests: readonly string[]
  readonly readsPerSecond: number
  readonly pushers: number
  /** Of each pusher; as fast as they can when it is 0. Each push deletes the pusher's image before: work for the collector. */
  readonly pushesPerSecond: number
  readonly seconds: number
  /** So long nothing is measured, at the beginning. */
  readonly warmUpSeconds: number
}

export interface MixedLoadResult {
  /** Milliseconds, one each. */
  readonly reads: readonly number[]
  readonly pushes: readonly number[]
}

const layerBytes = 16 * 1024

process.once('message', (message) => {
  // The parent sends nothing but a MixedLoad.
  void perform(message as MixedLoad).then(
    (result) => process.send?.(result, undefined, {}, () => process.disconnect?.()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    },
  )
})

async function perform(load: MixedLoad): Promise<MixedLoadResult> {
  const target: Target = { origin: load.origin, authorization: load.authorization, onBody: () => {} }
  const measureFromMs = performance.now() + load.warmUpSeconds * 1000
  const untilMs = measureFromMs + load.seconds * 1000
  const timed = async (into: number[], work: () => Promise<void>) => {
    const startedMs = performance.now()
    await work()
    if (startedMs >= measureFromMs) into.push(performance.now() - startedMs)
  }
  const reads: number[] = []
  const pushes: number[] = []
  const underWay: Promise<void>[] = []
  // Reads come whether the ones before are answered or not: a server that stands still is seen by every one of them.
  const reading = every(1000 / load.readsPerSecond, untilMs, (at) => {
    const path = `/v2/${load.repository}/manifests/${load.manifests[at % load.manifests.length]}`
    const read = timed(reads, async () => {
      await ask(target, { method: 'GET', path, headers: { accept: manifestType } }, 200)
    })
    underWay.push(read)
  })
  const pushing = Array.from({ length: load.pushers }, async (_, pusher) => {
    const gapMs = load.pushesPerSecond === 0 ? 0 : 1000 / load.pushesPerSecond
    // Not all in the same moment.
    await pause((gapMs * pusher) / load.pushers)
    for (let last: string | undefined, dueMs = performance.now(); performance.now() < untilMs; dueMs += gapMs) {
      let digest = ''
      await timed(pushes, async () => {
        digest = await pushImage(target, load.repository, `pusher-${pusher}`, layerBytes)
      })
      if (last !== undefined)
        await ask(target, { method: 'DELETE', path: `/v2/${load.repository}/manifests/${last}` }, 202)
      last = digest
      if (gapMs > 0) await pause(Math.max(0, dueMs + gapMs - performance.now()))
    }
  })
  await Promise.all([reading, ...pushing])
  await Promise.all(underWay)
  return { reads, pushes }
}

/** Calls `work` so often, whatever becomes of it; what a late timer missed is made up for. */
async function every(gapMs: number, untilMs: number, work: (at: number) => void): Promise<void> {
  const startedMs = performance.now()
  for (let at = 0; performance.now() < untilMs; await pause(1)) {
    const due = Math.floor((performance.now() - startedMs) / gapMs)
    while (at < due) work(at++)
  }
}
