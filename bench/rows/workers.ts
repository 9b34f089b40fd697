import { join } from 'node:path'

import { figuresOf } from '../accounting.ts'
import { makeImage, manifestType } from '../images.ts'
import { repeat } from '../load/wrk.ts'
import { medianOf, short } from '../measure.ts'
import type { Filled, Table } from '../row.ts'
import type { Server } from '../servers/server.ts'

const image = makeImage({ repository: 'bench/workers', tag: 'latest', seed: 'workers', layers: [1024, 1024] })
const counts = [1, 2] as const
const gainMin = 1.5

/** A table, because both servers are Stowage. */
export const workers: Table = {
  name: 'workers',
  title: 'More cores: manifest GET by tag with `--workers`',
  about:
    'One manifest, 32 connections of wrk, in turn with one process and with two (and the one beside them that writes).',
  run: async ({ size, rounds, open, newFolder }) => {
    const folder = newFolder()
    const measured = new Map<Server, number[][]>()
    try {
      for (const count of counts) {
        const server = await open('stowage', join(folder, String(count)), ['--workers', String(count)])
        measured.set(server, [])
        await server.addRepository(image.repository)
        await server.publish(image)
        await measureOnce(server, 1)
      }
      for (let round = 0; round < rounds; round++)
        for (const [server, all] of measured) all.push(await measureOnce(server, size.seconds))
    } finally {
      for (const server of measured.keys()) await server.close()
    }
    return filled([...measured.values()])
  },
}

async function measureOnce({ origin, headers, pid }: Server, seconds: number): Promise<number[]> {
  const before = figuresOf(pid).cpuSeconds
  const load = await repeat({
    origin,
    paths: [`/v2/${image.repository}/manifests/${image.tag}`],
    headers: { ...headers, Accept: manifestType },
    connections: 32,
    seconds,
  })
  const cpu = figuresOf(pid).cpuSeconds - before
  return [load.count / load.seconds, load.p50Ms ?? NaN, load.p99Ms ?? NaN, (cpu / load.count) * 1e6, cpu / load.seconds]
}

function filled(measured: readonly (readonly number[][])[]): Filled {
  const medians = measured.map((all) => [0, 1, 2, 3, 4].map((at) => medianOf(all.flatMap((one) => one[at] ?? [])) ?? 0))
  const [[one = 0] = [], [two = 0] = []] = medians
  return {
    columns: ['workers', 'requests/s', 'p50 ms', 'p99 ms', 'µs CPU a request', 'processors busy'],
    lines: medians.map((cells, at) => [String(counts[at]), ...cells.map(short)]),
    verdicts: [
      {
        text: `requests a second with two workers, as a multiple of those with one: ${short(two / one)} (at least ${gainMin})`,
        isHeld: two / one >= gainMin,
      },
    ],
  }
}
