// A server in a world that one seed decides: the real domain on a simulated disk, a database in memory, a clock that anyone moves, and a
// scheduler that says who goes on at every place where the real server waits. It can be killed there, and loses power there.

import type { Scheduler } from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { createCompiledPolicies } from '../../src/domain/authorisation/compiled-policies.ts'
import { createKeptLayers } from '../../src/domain/kept-layers.ts'
import { createDownloads } from '../../src/domain/public/downloads.ts'
import { createOutbox } from '../../src/domain/outbox.ts'
import type { Context, Services } from '../../src/domain/context.ts'
import { ecrLimits, ecrPublicLimits } from '../../src/domain/limits.ts'
import { account, region, rootOf } from '../support/registry.ts'
import { openSimulatedBlobs, type Pause, type Syncs } from './simulated-blobs.ts'
import { createDisk, type SimulatedDisk } from './simulated-disk.ts'
import { newDatabase, openSimulatedMetadata } from './simulated-metadata.ts'

export const hourMs = 3_600_000
export const limits = { ...ecrLimits, undeleteMs: hourMs }

export interface World {
  readonly disk: SimulatedDisk
  /** Of the server that runs now. */
  readonly ctx: () => Context
  readonly moveClock: (ms: number) => void
  /** How often the clock was moved. */
  readonly clockMoves: () => number
  /** Ends the server and starts it again: whoever waited in it never comes back. */
  readonly kill: () => void
  readonly cutPower: (seed: number) => void
  /** Lets somebody go on, `count` times, or until nobody waits. */
  readonly goOn: (count: number) => Promise<void>
  /** What failed after its request was answered. */
  readonly backgroundErrors: string[]
  /** Nobody waits any more. */
  readonly close: () => void
}

export async function createWorld(scheduler: Scheduler, syncs?: Syncs): Promise<World> {
  const disk = createDisk()
  const database = await newDatabase()
  const backgroundErrors: string[] = []
  let now = Date.UTC(2026, 10, 21, 12)
  let clockMoves = 0
  let ids = 0
  let life = 0
  const hexOf = (bytes: number) =>
    createHash('sha256')
      .update(`${ids++}`)
      .digest('hex')
      .slice(0, 2 * bytes)

  const start = (): Services => {
    const mine = ++life
    const pause: Pause = async (where) => {
      await scheduler.schedule(Promise.resolve(), `${where} (life ${mine})`)
      // A promise of its own, that whoever waits for it can be forgotten with it.
      if (life !== mine) await new Promise<never>(() => {})
    }
    return {
      metadata: openSimulatedMetadata(database, pause),
      blobs: openSimulatedBlobs(disk, pause, syncs),
      clock: { now: () => now },
      ids: {
        uuid: () => hexOf(16).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.*)$/, (_all, ...parts) => uuidOf(parts)),
        hex: hexOf,
      },
      limits,
      publicLimits: ecrPublicLimits,
      onBackgroundError: (what, error) => backgroundErrors.push(`${what}: ${String(error)}`),
      ...unused,
    }
  }
  let services = start()

  return {
    disk,
    ctx: () => ({ ...services, caller: rootOf(account), client, region, requestId: 'simulated', plane: 'api' }),
    moveClock: (ms) => {
      now += ms
      clockMoves++
    },
    clockMoves: () => clockMoves,
    kill: () => {
      services = start()
    },
    cutPower: (seed) => {
      disk.cutPower(chanceFrom(seed))
      services = start()
    },
    goOn: async (count) => {
      for (let done = 0; done < count && (await someoneWaits(scheduler)); done++) await scheduler.waitNext(1)
      await setImmediate()
    },
    backgroundErrors,
    close: () => database.close(),
  }
}

/** Turns of the event loop after which whoever went on has come to the next place where it waits (`letOthersRun` takes one). */
const turnsMax = 5

/** Gives whoever went on the time to get there. False when nobody is left. */
async function someoneWaits(scheduler: Scheduler): Promise<boolean> {
  for (let turn = 0; turn < turnsMax; turn++) {
    await setImmediate()
    if (scheduler.count() > 0) return true
  }
  return false
}

/** The shape that names of uploads have; ids need not be random here, only unique. */
const uuidOf = ([a, b, c, d, rest]: readonly string[]): string =>
  `${a}-${b}-4${c}-8${d}-${(rest ?? '').padEnd(12, '0').slice(0, 12)}`

/** A small generator of numbers (a linear congruence): the same ones for the same seed. */
function chanceFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >> 8) % below
  }
}

const client = { address: '127.0.0.1', userAgent: undefined, isSecure: false }

const untouched = (): never => {
  throw new Error('no step of the simulation asks who somebody is')
}

/** What no step of the simulation touches. */
const unused: Omit<Services, 'metadata' | 'blobs' | 'clock' | 'ids' | 'limits' | 'publicLimits' | 'onBackgroundError'> =
  {
    logos: { put: async () => {}, read: async () => undefined, remove: async () => {}, list: async function* () {} },
    markdown: { rules: 0, render: async () => undefined, close: async () => {} },
    downloads: createDownloads(),
    publicRegions: [],
    secrets: { pageKey: Buffer.alloc(32), tokenKeys: [], identityKey: Buffer.alloc(32) },
    accessKeys: { find: () => undefined },
    links: {
      registryHost: () => 'localhost',
      proxyEndpoint: () => 'http://localhost',
      layer: () => 'http://localhost/layer',
      logo: () => 'http://localhost/logo',
    },
    operatorAccount: account,
    audit: { level: 'off', record: () => false, flush: async () => true },
    outbox: createOutbox(),
    compiledPolicies: createCompiledPolicies(),
    keptLayers: createKeptLayers(),
    identities: {
      of: untouched,
      arnOf: untouched,
      idOf: untouched,
      roleOf: untouched,
      policyOf: untouched,
      knowsAccount: untouched,
      everything: untouched,
      refresh: untouched,
      noteUse: untouched,
    },
    ecrQuirks: false,
    onCollected: () => {},
  }
