import { join } from 'node:path'

import { figuresOf } from '../accounting.ts'
import { fill, filledName, type Filling } from '../fill.ts'
import { manifestType } from '../images.ts'
import { generate } from '../load/generate.ts'
import { repeat } from '../load/wrk.ts'
import { medianOf, short } from '../measure.ts'
import type { Load, Size, Table, Tools, Verdict } from '../row.ts'
import type { Server } from '../servers/server.ts'

const mostGrowth = 1.5

interface Growth {
  readonly title: string
  readonly sizes: readonly number[]
  readonly filling: (count: number) => Filling
  /** The work of which the answers have it in them: they grow with it, and are told, but not judged. */
  readonly isIn?: string
}

const few = { repositories: 1, imagesEach: 100, tagsEach: 1 }
const growths: readonly Growth[] = [
  {
    title: 'repositories',
    sizes: [100, 1000, 10_000, 100_000],
    filling: (count) => ({ ...few, repositories: count, imagesEach: 1 }),
  },
  {
    title: 'images in the repository',
    // A repository may have 100,000 (service quotas), and the pushes need some of them.
    sizes: [100, 1000, 10_000, 95_000],
    filling: (count) => ({ ...few, imagesEach: count }),
  },
  {
    title: 'tags of each image',
    sizes: [1, 10, 100, 1000],
    filling: (count) => ({ ...few, tagsEach: count }),
    isIn: 'DescribeImages, 10',
  },
  {
    title: 'layers of each image',
    sizes: [1, 10, 100],
    filling: (count) => ({ ...few, layersEach: count }),
    isIn: 'manifest GET',
  },
]

const connections = 8
const inRepository = { repositoryName: filledName(0) }

/** By name: the work of one request or image, in microseconds of the server's processor time. */
const works: Readonly<Record<string, (server: Server, size: Size, turn: number) => Promise<Load>>> = {
  'manifest GET': ({ origin, headers }, { seconds }) =>
    repeat({
      origin,
      paths: [`/v2/${filledName(0)}/manifests/v0.0`],
      headers: { ...headers, Accept: manifestType },
      connections,
      seconds,
    }),
  // The smallest repository has twice as many: each page has a next one.
  'page of 50 tags': ({ origin, headers }, { seconds }) =>
    repeat({ origin, paths: [`/v2/${filledName(0)}/tags/list?n=50`], headers, connections, seconds }),
  'DescribeImages, 10': ({ origin, sign }, { seconds }) =>
    repeat({
      origin,
      method: 'POST',
      paths: ['/'],
      ...sign('DescribeImages', { ...inRepository, maxResults: 10 }),
      connections,
      seconds,
    }),
  'DescribeRepositories, 10': ({ origin, sign }, { seconds }) =>
    repeat({
      origin,
      method: 'POST',
      paths: ['/'],
      ...sign('DescribeRepositories', { maxResults: 10 }),
      connections,
      seconds,
    }),
  'small image push': ({ origin, headers }, { seconds }, turn) => {
    const image = { repository: filledName(0), tag: 'unused', seed: 'unused', layers: [] }
    return generate({
      kind: 'images',
      origin,
      headers,
      repository: filledName(0),
      seed: `g${turn}`,
      image,
      pulls: 0,
      connections,
      seconds,
    })
  },
}

export const growth: Table = {
  name: 'growth',
  isLong: true,
  title: 'Growth',
  about: `Microseconds of processor time for one request or image, ${connections} connections, while one thing grows and the others stay. The last column is the largest against the smallest.`,
  run: async (tools) => {
    const lines: (readonly string[])[] = []
    const verdicts: Verdict[] = []
    for (const one of growths) {
      const columns: ReadonlyMap<string, number>[] = []
      for (const count of one.sizes) {
        columns.push(await measureFilled(one.filling(count), tools))
        tools.say(`growth: ${count} ${one.title}`)
      }
      for (const name of Object.keys(works)) {
        const costs = columns.map((column) => column.get(name) ?? NaN)
        const times = (costs.at(-1) ?? NaN) / (costs[0] ?? NaN)
        const cells = costs.map((cost, at) => `${(one.sizes[at] ?? 0).toLocaleString('en')}: ${short(cost)}`)
        lines.push([one.title, name, cells.join(' · '), `${times.toFixed(2)} x`])
        const text = `${name} with more ${one.title}: ${times.toFixed(2)} x (at most ${mostGrowth})`
        if (one.isIn !== name) verdicts.push({ text, isHeld: times <= mostGrowth })
      }
    }
    return { columns: ['what grows', 'work', 'µs of CPU by size', 'growth'], lines, verdicts }
  },
}

async function measureFilled(
  filling: Filling,
  { open, newFolder, rounds, size }: Tools,
): Promise<ReadonlyMap<string, number>> {
  const folder = join(newFolder(), 'stowage')
  await fill(await open('stowage', folder), filling)
  const server = await open('stowage', folder)
  try {
    const costs = new Map<string, number>()
    for (const [name, work] of Object.entries(works)) {
      await work(server, { ...size, seconds: 1 }, 0)
      const measured: number[] = []
      for (let round = 1; round <= rounds; round++) {
        const before = figuresOf(server.pid).cpuSeconds
        const { count } = await work(server, { ...size, seconds: Math.min(2, size.seconds) }, round)
        measured.push(((figuresOf(server.pid).cpuSeconds - before) / count) * 1e6)
      }
      costs.set(name, medianOf(measured) ?? NaN)
    }
    return costs
  } finally {
    await server.close()
  }
}
