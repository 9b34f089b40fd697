// What a row of the benchmark is: some work that a server does, in a unit, and the figures that it is held to.

import type { Server, ServerKind } from './servers/server.ts'

/** What a load generator saw. */
export interface Load {
  /** Requests, images, ... that were answered as they should be. */
  readonly count: number
  /** Bytes of bodies, both ways. */
  readonly bytes: number
  readonly seconds: number
  /** `undefined` where nothing ended within the time. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  /** Takes away what the next measurement would stumble over; not measured. */
  readonly undo?: () => Promise<void>
}

/** How large and how long: the same for all servers in a run. */
export interface Size {
  /** Of one measurement of a row that goes by time. */
  readonly seconds: number
  /** Of what is called "1 GiB" in rows: less in a quick run. */
  readonly largeBytes: number
  /** What is called "10^5" in rows. */
  readonly many: number
  readonly quick: boolean
}

export type Unit = 'request' | 'GiB' | 'image'

/** One measurement, in units of its row. */
export interface Measured {
  readonly perSecond: number
  readonly cpuSecondsPerUnit: number
  readonly residentBytes: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

export type Medians = ReadonlyMap<ServerKind, Measured>

/** A figure that a row must reach: `docs/performance.md` names each, with what was measured. */
export interface Figure {
  readonly text: string
  readonly least: number
  /** `undefined` when what it is compared with was not measured. */
  readonly of: (medians: Medians) => number | undefined
}

export interface Row {
  /** For `--row`. */
  readonly name: string
  readonly title: string
  readonly unit: Unit
  /** Servers of the family that have no such thing are left out. */
  readonly servers: readonly ServerKind[]
  readonly figures: readonly Figure[]
  /** Left out of quick runs. */
  readonly isLong?: boolean
  /** Once before it is measured; rows of bytes are the same the first time as later. */
  readonly warms?: boolean
  /** `turn` is different each time. */
  readonly run: (server: Server, size: Size, turn: number) => Promise<Load>
}

/** Rows on the same servers, with the same images in them. */
export interface Family {
  readonly title: string
  readonly about: string
  /** Once for each server, which is new. */
  readonly prepare: (server: Server, size: Size) => Promise<void>
  readonly rows: readonly Row[]
}

/** A table of its own: what is not one server's work against another's. */
export interface Table {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly isLong?: boolean
  readonly run: (tools: Tools) => Promise<Filled>
}

export interface Filled {
  readonly columns: readonly string[]
  readonly lines: readonly (readonly string[])[]
  readonly verdicts: readonly Verdict[]
}

export interface Verdict {
  readonly text: string
  readonly isHeld: boolean
}

export interface Tools {
  readonly size: Size
  readonly rounds: number
  readonly open: OpenServer
  /** A new folder that goes with the run. */
  readonly newFolder: () => string
  readonly say: (text: string) => void
}

/** A server on a folder that may hold its data already. `flags` are for `stowage serve`. */
export type OpenServer = (kind: ServerKind, dataDir: string, flags?: readonly string[]) => Promise<Server>

/** Stowage's work per CPU second as a multiple of the other's. */
export const perCpu = (other: ServerKind, least: number): Figure => ({
  text: `work per CPU second, as a multiple of ${other}'s`,
  least,
  of: (medians) => ratio(medians.get(other)?.cpuSecondsPerUnit, medians.get('stowage')?.cpuSecondsPerUnit),
})

export const rate = (other: ServerKind, least: number): Figure => ({
  text: `throughput, as a multiple of ${other}'s`,
  least,
  of: (medians) => ratio(medians.get('stowage')?.perSecond, medians.get(other)?.perSecond),
})

export const perCpuSecond = (least: number): Figure => ({
  text: 'work per CPU second',
  least,
  of: (medians) => ratio(1, medians.get('stowage')?.cpuSecondsPerUnit),
})

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined || other === 0 ? undefined : one / other
}
