// One simulated history from its beginning to its end, and what must be true at its end.

import assert from 'node:assert/strict'
import fc, { type Scheduler } from 'fast-check'
import { collect } from '../../src/domain/collector.ts'
import type { Context } from '../../src/domain/context.ts'
import { openLayer } from '../../src/domain/layers.ts'
import type { Repository } from '../../src/domain/ports/metadata.ts'
import { recover, sweep } from '../../src/domain/recovery.ts'
import { contentOf, images, repositories, tags } from './catalogue.ts'
import { create, imageKey, layersOf, registry, repositoryKey, tagKey, type Clients } from './clients.ts'
import { turns, type Turn } from './commands.ts'
import { createHistory } from './history.ts'
import type { Syncs } from './simulated-blobs.ts'
import { createWorld, hourMs, limits } from './world.ts'

export interface SimulationOptions {
  readonly runs: number
  /** The most commands of one history. */
  readonly commands: number
  readonly seed?: number
  /** Begins no further history after so many milliseconds. */
  readonly stopAfterMs?: number
  /** For seeing that a store that does not sync is found out. */
  readonly syncs?: Syncs
}

/** Runs so many histories, and gives how many it did. Throws, with the shortest one found, when a promise breaks in one. */
export async function simulate({ runs, commands, seed, stopAfterMs, syncs }: SimulationOptions): Promise<number> {
  let done = 0
  const property = fc.asyncProperty(fc.scheduler(), turns(commands), async (scheduler, all) => {
    await simulateOne(scheduler, all, syncs)
    done++
  })
  const inTime = stopAfterMs !== undefined && { interruptAfterTimeLimit: stopAfterMs }
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }), ...inTime })
  return done
}

async function simulateOne(scheduler: Scheduler, all: readonly Turn[], syncs: Syncs | undefined): Promise<void> {
  const world = await createWorld(scheduler, syncs)
  const clients: Clients = { world, history: createHistory(), uploads: [] }
  const failures: unknown[] = []
  const start = (program: Promise<unknown>) => {
    program.catch((error: unknown) => failures.push(error))
  }
  /** Runs a program beside nobody else. */
  const alone = async <T>(program: (ctx: Context) => Promise<T>): Promise<T> => {
    const result = program(world.ctx())
    result.catch(() => {})
    await world.goOn(Infinity)
    return result
  }

  for (const name of repositories) start(create(clients, name))
  await world.goOn(Infinity)
  for (const { command, goOn } of all) {
    if ('begins' in command) start(command.begins(clients))
    else command.happens(clients)
    await world.goOn(goOn)
    if (failures.length > 0) throw failures[0]
  }
  await world.goOn(Infinity)
  if (failures.length > 0) throw failures[0]
  await alone((ctx) => checkPromises(clients, ctx))
  world.cutPower(all.length)
  assert.equal((await alone(recover)).damaged, 0, 'recovery finds no layer damaged')
  await alone((ctx) => checkPromises(clients, ctx))
  // A reader whose layer is collected by a clock that jumped says so, and marks nothing that is in use.
  if (world.clockMoves() === 0) assert.deepEqual(world.backgroundErrors, [])
  world.moveClock(3 * limits.leaseMs)
  await alone(sweep)
  await alone(collect)
  world.moveClock(hourMs)
  await alone(sweep)
  await alone((ctx) => checkSpace(clients, ctx))
  world.close()
}

/** Every image, tag and repository is what the answers allow, and every image that is there can be read whole. */
async function checkPromises({ history }: Clients, ctx: Context): Promise<void> {
  const expect = (key: string, value: string | undefined) => {
    const allowed = history.allowed(key)
    const said = [...allowed].map(String).join(' or ')
    assert.ok(allowed.has(value), `${key} is ${String(value)} and should be ${said}`)
  }
  for (const name of repositories) {
    const repository = await ctx.metadata.read.repositories.find(registry, name)
    expect(repositoryKey(name), repository && 'there')
    for (const { digest } of images) {
      const image = repository && (await ctx.metadata.read.images.find(repository.id, digest))
      expect(imageKey(name, digest), image && 'there')
      if (repository && image) await checkImage(ctx, repository, image.manifest)
    }
    for (const tag of tags) {
      const digest = repository && (await ctx.metadata.read.tags.find(repository.id, tag))
      expect(tagKey(name, tag), digest)
    }
  }
}

async function checkImage(ctx: Context, repository: Repository, manifest: string): Promise<void> {
  for (const digest of layersOf(manifest)) {
    const layer = await ctx.metadata.read.layers.find(repository.id, digest)
    assert.ok(layer, `the layer ${digest} of an image is there`)
    const pieces = await openLayer(ctx, layer)
    assert.ok(pieces, `the layer ${digest} of an image can be read`)
    const read: Uint8Array[] = []
    for await (const piece of pieces) read.push(piece)
    assert.equal(Buffer.concat(read).toString(), contentOf(digest))
  }
  const { manifests = [] } = JSON.parse(manifest) as { readonly manifests?: readonly { readonly digest: string }[] }
  for (const { digest } of manifests) {
    const child = images.find((image) => image.digest === digest)
    const found = child && (await ctx.metadata.read.images.summary(repository.id, child.digest))
    assert.ok(found, `the image ${digest} of an index is there`)
  }
}

/** With all leases, uploads and deleted images over, the files are those that images name. */
async function checkSpace({ world: { disk } }: Clients, ctx: Context): Promise<void> {
  const needed = new Set<string>()
  for (const name of repositories) {
    const repository = await ctx.metadata.read.repositories.find(registry, name)
    for (const { digest } of images) {
      const image = repository && (await ctx.metadata.read.images.find(repository.id, digest))
      for (const layer of image ? layersOf(image.manifest) : []) {
        const found = repository && (await ctx.metadata.read.layers.find(repository.id, layer))
        if (found) needed.add(`blobs/${found.phys}`)
      }
    }
  }
  assert.deepEqual(disk.list('blobs/'), [...needed].toSorted(), 'files of layers')
  assert.deepEqual(disk.list('uploads/'), [], 'files of uploads')
}
