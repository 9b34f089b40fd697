// One registry with its pushers, its journal and its checker: what every fault test is made of.

import { join } from 'node:path'

import { checkAlive, type Health } from './check-alive.ts'
import { checkImages } from './check-images.ts'
import { checkListings } from './check-listings.ts'
import { checkByProgram, checkFiles } from './check-storage.ts'
import { type Client, type ClientOptions, createClient, noTotals, type Totals } from './client.ts'
import { expectationsFrom } from './expectations.ts'
import type { FaultContext, Problem } from './fault-test.ts'
import { createGate, type Gate } from './gate.ts'
import { type LayerSource, openLayerSource } from './images.ts'
import { type Journal, openJournal } from './journal.ts'
import { openPeer } from './peer.ts'
import { type Memory, type Mix, type Pushing, runPusher, usualMix } from './pusher.ts'
import { createReader } from './reader.ts'
import type { Registry, RegistryOptions } from './registry.ts'
import { openStowageServer, type StowageOptions } from './server.ts'
import { watchWords } from './watch-words.ts'

export interface SessionOptions {
  /** Names the directory of its data, log and journal; a run may have several sessions, one after the other. */
  readonly name: string
  /** Where the data are, if not in the run's own directory. */
  readonly dataDir?: string
  readonly server?: Partial<Pick<StowageOptions, 'flags' | 'entry' | 'env' | 'prefix'>>
  readonly layers?: LayerSource
  readonly mix?: Partial<Mix>
  readonly pushing?: Partial<Pick<Pushing, 'mayRepeat' | 'triesMax'>>
  /** Layers that no image names may go: leases are short. */
  readonly shortLeases?: boolean
  /** The server's clock is not this machine's. */
  readonly clockMoves?: boolean
  /** Errors are made under the server: it may log them, mark layers, and end itself. */
  readonly errorsExpected?: boolean
}

export interface Session {
  readonly registry: Registry
  readonly journal: Journal
  readonly gate: Gate
  readonly totals: Totals
  /** A client that does as the test says, in turn with the pushers. */
  readonly client: (own: string, options?: Partial<ClientOptions>) => Client
  readonly problems: Problem[]
  /** Starts so many pushers; they go on until `stopPushers`. */
  readonly startPushers: (count: number, options?: { readonly mix?: Partial<Mix>; readonly memory?: Memory }) => void
  readonly stopPushers: () => Promise<void>
  /** SIGKILL; the pushers stand still, as far as they have noticed. */
  readonly kill: () => Promise<void>
  /** Starts the server again; what was not answered by now is over. The pushers stand still until `goOn`. */
  readonly restart: () => Promise<void>
  readonly goOn: () => void
  /** Keeps the pushers still and compares the registry with the journal: what was touched since the last look, or everything. */
  readonly check: (scope: 'recent' | 'all', health?: Health) => Promise<void>
  readonly figures: () => Record<string, string | number>
  /** Ends the server and everybody. */
  readonly close: () => Promise<void>
}

const repositories = ['faults/one', 'faults/two', 'faults/three']

/** The `Session` is open from here on: `close` it. */
export async function openSession(context: FaultContext, options: SessionOptions): Promise<Session> {
  const { kind, directory, random, seed } = context
  const { name, server = {}, shortLeases = false, errorsExpected = false, clockMoves = false } = options
  const words = watchWords()
  const open: RegistryOptions = {
    dataDir: options.dataDir ?? join(directory, name, 'data'),
    logFile: join(directory, `${name}.log`),
    repositories,
    onBody: words.onBody,
  }
  const registry =
    kind === 'stowage' ? await openStowageServer({ ...open, ...server }) : await openPeer({ ...open, ...server })
  words.keepSecret(registry.secrets)
  const journal = openJournal(join(directory, `${name}-journal`))
  const gate = createGate()
  const totals = noTotals()
  const reader = createReader(registry.target)
  const layers = options.layers ?? openLayerSource(`${seed}/${name}`, 0.3)
  const problems: Problem[] = []
  const reported = new Set<string>()
  const running = new Set<Promise<void>>()
  let stopping = new AbortController()
  let started = 0
  let lookedAt = 0
  let looks = 0

  const report = (found: readonly Problem[]): void => {
    for (const problem of found) {
      const line = `${problem.rule} ${problem.text}`
      if (reported.has(line)) continue
      reported.add(line)
      problems.push(problem)
    }
  }

  const mixOf = (mix: Partial<Mix> = {}): Mix =>
    // Another registry knows neither ECR's API nor, in Debian's version, referrers.
    ({ ...usualMix, ...(kind === 'stowage' ? {} : { api: 0, artifact: 0 }), ...options.mix, ...mix })

  function startPusher(mix: Mix, memory: Memory): void {
    const own = `p${started++}`
    const { target, ecr } = registry
    const { signal } = stopping
    const pushing: Pushing = {
      target,
      ecr,
      journal,
      repositories,
      turn: gate.turn,
      signal,
      layers,
      mix,
      ...options.pushing,
    }
    const done = runPusher(own, pushing, { random: random.fork(`${name}/${own}`), totals, memory })
      .catch((error: unknown) =>
        report([{ rule: 'harness', text: error instanceof Error ? (error.stack ?? error.message) : String(error) }]),
      )
      .finally(() => running.delete(done))
    running.add(done)
  }

  async function look(scope: 'recent' | 'all', health: Health): Promise<void> {
    const since = scope === 'all' ? 0 : lookedAt
    if (scope === 'all') reader.forget()
    lookedAt = journal.place()
    looks++
    const alive = await checkAlive(registry, health)
    report(alive)
    // Nothing more can be said of a server that is not there.
    if (alive.length > 0) return
    const expectations = expectationsFrom(journal.entries())
    const isMeant = (touchedAt: number): boolean => touchedAt >= since
    const { target, ecr } = registry
    report(await checkImages({ reader, expectations, isMeant, layersLast: !shortLeases }))
    report(await checkListings({ target, ecr, reader, expectations, repositories, isMeant, clockMoves }))
    report(words.check(registry.logFile, !errorsExpected && kind === 'stowage'))
    if (kind !== 'stowage') return
    if (scope === 'all') await registry.collect()
    report((await checkFiles(registry.dataDir)).problems)
    if (scope === 'all') report(await checkByProgram(registry.dataDir))
  }

  return {
    registry,
    journal,
    gate,
    totals,
    client: (own, more = {}) => {
      const { target, ecr } = registry
      const { signal } = stopping
      const usual = { target, ecr, journal, repositories, turn: gate.turn, signal, ...options.pushing }
      return createClient(own, { ...usual, ...more }, random.fork(`${name}/${own}`), totals)
    },
    problems,
    startPushers: (count, { mix, memory } = {}) => {
      for (let index = 0; index < count; index++) startPusher(mixOf(mix), memory ?? { pushed: [] })
    },
    stopPushers: async () => {
      stopping.abort()
      gate.open()
      await Promise.all(running)
      stopping = new AbortController()
    },
    kill: async () => {
      await registry.end('SIGKILL')
      gate.shut()
    },
    restart: async () => {
      gate.shut()
      journal.serverEnded()
      await registry.start()
    },
    goOn: gate.open,
    check: async (scope, health = 'ok') => {
      gate.shut()
      await gate.waitFor(() => running.size)
      try {
        await look(scope, health)
      } catch (error) {
        const ended = await checkAlive(registry, health).catch(() => [])
        if (ended.length === 0) throw error
        // A server that dies of the questions is a finding, not a mistake of the harness.
        report(ended)
      }
    },
    figures: () => {
      report(totals.refusals.map((text) => ({ rule: 'refusal', text })))
      const acked = journal.entries().filter((entry) => entry.outcome === 'ack')
      const count = (what: string): number => acked.filter(({ attempt }) => attempt.kind === what).length
      return {
        'pushes acknowledged': count('image'),
        'layers acknowledged': count('blob'),
        ...(count('delete') > 0 && { 'deletes acknowledged': count('delete') }),
        'attempts without an answer': totals.unknown,
        'looks of the checker': looks,
        'images read back': reader.totals.images,
        'MiB read back': Math.round(reader.totals.bytes / 1024 / 1024),
      }
    },
    close: async () => {
      stopping.abort()
      gate.open()
      await registry.close()
      await Promise.all(running)
      journal.close()
    },
  }
}
